"""The arguments of the entry points, right and wrong."""

import lasagne
import numpy as np
import pytest
import theano
from zoo.cases import Case, everyone
from zoo.keras_models import CLASSES, keras_model, ported

import theano_transfer as tt
from theano_transfer import zoo


@pytest.fixture
def refused():
    """A function that checks that every model refuses these arguments with this message."""

    def check(message, error=ValueError, models="*", **arguments):
        for name in zoo.models(models):
            with pytest.raises(error, match=message):
                zoo.build(name, **arguments)

    return check


def test_weights_are_none_imagenet_or_a_file(refused, tmp_path):
    refused("there is no file 'imagnet'", weights="imagnet")
    refused("there is no file .*missing.h5", weights=tmp_path / "missing.h5")
    refused("there is no file", weights=tmp_path)
    refused("weights must be", TypeError, weights=np.zeros(3))


def test_channels_come_first_and_are_known(refused):
    refused(r"Theano's order .* pass \(3, 224, 200\)", input_shape=(224, 200, 3))
    refused(r"known number of channels.*got \(0, 224, 224\)", input_shape=(0, 224, 224))
    refused("known number of channels", input_shape=(None, 224, 224))
    refused("input_shape must be", input_shape=(224, 224))
    refused("input_shape must be", input_shape=None)
    refused("whole numbers or None", TypeError, input_shape=(3, 224.0, 224))


def test_images_have_a_least_size(refused):
    for name in zoo.models():
        least = zoo.record(name).min_size
        for shape in [(3, least - 1, 224), (3, 224, least - 1), (3, None, 7), (3, 0, 224)]:
            message = f"at least {least} rows and columns"
            refused(message, models=name, input_shape=shape, include_top=False)


def test_the_least_size_is_that_of_keras():
    """Keras says it where it refuses a smaller one."""
    assert len(ported()) == 32
    for name, build in ported().items():
        least = zoo.record(name).min_size
        with pytest.raises(ValueError, match=f"must be at least {least}x{least}"):
            build(weights=None, include_top=False, input_shape=(least - 1, 200, 3))


def test_the_least_size_is_enough_for_two_classes_and_scores_alone(undrawn):
    for name in zoo.models():
        size = zoo.record(name).min_size
        net = zoo.build(name, input_shape=(3, size, size), classes=2, classifier_activation=None)
        assert net.output.output_shape == (None, 2)
        assert net.output.nonlinearity is lasagne.nonlinearities.identity


def test_pooling_goes_without_top(refused):
    refused("pooling must be None, 'avg' or 'max'", include_top=False, pooling="mean")
    refused("goes with include_top=False", pooling="avg")


def test_the_imagenet_classifier_is_taken_as_it_is(refused):
    refused("has (1000|10) classes; got classes=11", weights="imagenet", classes=11)
    refused(
        "trained with softmax",
        weights="imagenet",
        classifier_activation=lasagne.nonlinearities.tanh,
    )
    refused("needs images of known size", models="vgg*", input_shape=(3, None, 224))
    refused(
        r"takes images of \(3, 224, 224\)",
        models="vgg*",
        weights="imagenet",
        input_shape=(3, 300, 300),
    )


def test_classes_are_counted(refused):
    refused("classes must be", classes=0)
    refused("classes must be", classes=2.5)
    assert zoo.resnet50(classes=7).output.output_shape == (None, 7)
    # without top they do not matter
    zoo.resnet50(include_top=False, classes=0)


def test_the_classifier_applies_what_it_is_told(refused):
    refused("classifier_activation must be", classifier_activation="relu6")
    for given, expected in [
        ("softmax", lasagne.nonlinearities.softmax),
        (None, lasagne.nonlinearities.identity),
        (lasagne.nonlinearities.sigmoid, lasagne.nonlinearities.sigmoid),
    ]:
        net = zoo.efficientnet_lite0(classifier_activation=given)
        assert net.output.nonlinearity is expected


def test_nothing_but_weights_is_positional():
    with pytest.raises(TypeError):
        zoo.vgg16(None, False)


def test_a_variable_must_stand_for_images():
    with pytest.raises(ValueError, match="4 dimensions"):
        zoo.resnet50(input_var=tt.zoo.resnet50().input_var.mean(axis=3))


def test_parameters_wait_as_zeros_for_a_file_that_then_fills_all(tmp_path):
    source = zoo.efficientnet_lite0(include_top=False, input_shape=(3, 64, 64))
    path = tmp_path / "own.h5"
    tt.weights.save(source, path)
    net = zoo.efficientnet_lite0(weights=path, include_top=False, input_shape=(3, 64, 64))
    for name, param in net.params.items():
        np.testing.assert_array_equal(param.get_value(), source.params[name].get_value())


def test_a_file_of_another_model_is_refused(tmp_path):
    path = tmp_path / "own.h5"
    tt.weights.save(zoo.resnet50(include_top=False), path)
    with pytest.raises(tt.weights.WeightsError, match="does not fit"):
        zoo.efficientnet_lite0(weights=path, include_top=False)


def test_a_width_is_a_number_above_0(refused):
    for name in ["mobilenet_v2"]:
        refused("alpha must be above 0", models=name, alpha=0)
        refused("alpha must be above 0", models=name, alpha=-1.0)
        refused("alpha must be above 0", models=name, alpha=float("inf"))
        refused("alpha must be a number", TypeError, models=name, alpha="1")


def test_arguments_of_another_family_are_refused(refused):
    refused("resnet50.. takes no argument 'alpha'", TypeError, models="resnet50", alpha=1)
    message = "takes no argument 'width'; of its own it has alpha"
    refused(message, TypeError, models="mobilenet_v2", width=1)


def test_an_unpublished_width_has_no_published_number_of_parameters(undrawn):
    net = zoo.mobilenet_v2(alpha=0.1, include_top=False, input_shape=(3, 32, 32))
    assert net.record.num_parameters is None
    assert net.record.arguments == (("alpha", 0.1), ("style", "keras"))
    assert net.output.output_shape == (None, net.record.feature_channels, 1, 1)


FAMILIES = [case for case in everyone() if case.is_small]
LIGHT = {"googlenet", "mobilenet", "mobilenet_v3_small", "nin_cifar10", "squeezenet1_1"}


def test_every_family_takes_other_numbers_of_channels(undrawn):
    for case in FAMILIES:
        size = zoo.record(case.name).min_size
        net = case.build(include_top=False, in_channels=4, input_shape=(3, size, size))
        assert net["input"].output_shape == (None, 4, size, size)
        assert net.output.output_shape[1] == zoo.record(case.name).feature_channels


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=str(case), marks=[] if case.name in LIGHT else [pytest.mark.slow])
        for case in FAMILIES
    ],
)
def test_weights_for_colours_of_every_family_are_spread(case, tmp_path, rng, undrawn):
    size = zoo.record(case.name).min_size
    options = {"include_top": False, "input_shape": (3, size, size)}
    source = case.build(**options)
    first = next(name for name in source.params if name.endswith(".W"))
    kernel = rng.normal(size=source.params[first].get_value(borrow=True).shape).astype("f4")
    source.params[first].set_value(kernel)
    tt.weights.save(source, tmp_path / "a.h5")
    for channels, expected in [
        (1, kernel.sum(axis=1, keepdims=True)),
        (4, kernel[:, [0, 1, 2, 0]] * 3 / 4),
    ]:
        net = case.build(**options, in_channels=channels, weights=tmp_path / "a.h5")
        assert net["input"].output_shape == (None, channels, size, size)
        assert net.output.output_shape == source.output.output_shape
        np.testing.assert_allclose(net.params[first].get_value(), expected, rtol=1e-6)


def test_the_number_of_channels_is_part_of_the_shape(refused):
    net = zoo.mobilenet_v2(in_channels=1)
    assert net["input"].output_shape == (None, 1, 224, 224)
    again = zoo.mobilenet_v2(input_shape=(1, 64, 64), in_channels=1)
    assert again["input"].output_shape == (None, 1, 64, 64)
    refused("in_channels=1 and input_shape=.4, 64, 64.* differ", models="mobilenet_v2",
            input_shape=(4, 64, 64), in_channels=1)  # fmt: skip
    refused("in_channels must be above 0; got 0", in_channels=0)
    refused("in_channels must be a whole number or None; got 1.0", TypeError, in_channels=1.0)
    refused("input_shape must be", input_shape=(224, 224), in_channels=1)


@pytest.mark.parametrize("channels", [1, 6])
def test_weights_for_colours_are_spread_over_other_channels(channels, tmp_path, rng):
    """A grey picture, or one that is there twice, gives what it gave in colours."""
    source = zoo.mobilenet_v2(alpha=0.1, input_shape=(3, 32, 32), classes=4)
    tt.weights.save(source, tmp_path / "a.h5")
    net = zoo.mobilenet_v2(
        weights=tmp_path / "a.h5", alpha=0.1, input_shape=(channels, 32, 32), classes=4
    )
    x = rng.normal(size=(2, 1 if channels == 1 else 3, 32, 32)).astype("float32")
    colours = x.repeat(3, axis=1) if channels == 1 else x
    given = x if channels == 1 else np.concatenate([x, x], axis=1)
    expected, found = (
        theano.function(
            [n.input_var], lasagne.layers.get_output(n["Conv1_relu"], deterministic=True)
        )(pictures)
        for n, pictures in ((source, colours), (net, given))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    for name, param in list(net.params.items())[1:]:
        np.testing.assert_array_equal(param.get_value(), source.params[name].get_value())
    tt.weights.save(net, tmp_path / "b.h5")  # a file of as many channels is taken as it is
    again = zoo.mobilenet_v2(
        weights=tmp_path / "b.h5", alpha=0.1, input_shape=(channels, 32, 32), classes=4
    )
    np.testing.assert_array_equal(again["Conv1"].W.get_value(), net["Conv1"].W.get_value())


def test_colours_of_inside_preprocessing_are_averaged_for_other_channels(tmp_path, undrawn):
    source = zoo.efficientnet_b0(include_top=False)
    kernel = source["stem_conv"].W
    kernel.set_value(kernel.get_value() + 1)  # a file of nothing but zeros is refused
    tt.weights.save(source, tmp_path / "a.h5")
    net = zoo.efficientnet_b0(weights=tmp_path / "a.h5", include_top=False, input_shape=(2, 32, 32))
    mean = source["normalization"].mean.get_value().mean()
    np.testing.assert_allclose(net["normalization"].mean.get_value(), [mean, mean], rtol=1e-6)


def test_an_unknown_style_is_refused(refused):
    message = "style must be one of 'keras', 'torchvision', 'timm'; got 'caffe'"
    refused(message, models="mobilenet_v2", style="caffe")


def with_preprocessing_inside():
    return [
        name for name in zoo.models() if "include_preprocessing" in dict(zoo.record(name).arguments)
    ]


@pytest.mark.parametrize("name", with_preprocessing_inside())
def test_preprocessing_may_be_left_out(name, undrawn):
    """The other layers stay, and the record says what is to be done instead."""
    inside, outside = (
        zoo.build(name, include_preprocessing=include, include_top=False, input_shape=(3, 64, 64))
        for include in (True, False)
    )
    assert inside.record.preprocessing == "identity"
    missing = [layer for layer in inside if layer not in outside]
    assert missing in (["rescaling"], ["rescaling", "normalization"])
    assert [layer for layer in inside if layer not in missing] == list(outside)
    assert outside.record.blocks[0] == ("stem", list(outside)[1])
    # Within what a rounded constant makes of it: Keras's documentation has the same.
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 64, 64)).astype("float32")
    layer = lasagne.layers.get_output(inside[missing[-1]])
    prepared = layer.eval({inside.input_var: pixels})
    expected = tt.images.PREPROCESSING[outside.record.preprocessing](pixels)
    np.testing.assert_allclose(prepared, expected, atol=0.02)


@pytest.mark.parametrize("name", with_preprocessing_inside())
def test_without_preprocessing_the_layers_are_those_of_keras(name, undrawn):
    case = Case(name, (("include_preprocessing", False),))
    model = keras_model(case, (64, 64), include_top=True)
    net = case.build(input_shape=(3, 64, 64), classes=CLASSES)
    assert list(net)[1:] == [layer.name for layer in model.layers][1:]
    assert net.num_parameters == model.count_params()
