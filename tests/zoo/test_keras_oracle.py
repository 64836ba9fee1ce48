"""Every network against Keras's own: same weights, read from Keras's file, same pictures."""

import numpy as np
import pytest
import theano
from lasagne.layers import get_output
from zoo.cases import params
from zoo.keras_models import (
    CLASSES,
    copy_weights,
    filled_model,
    keras_model,
    outputs,
    pictures,
    preprocessing_of,
)

import theano_transfer as tt
from theano_transfer import zoo

SIZES = ("default", "odd")
# Compared at several sizes by default; the others at the small odd one.
THOROUGH = ("efficientnet_lite0",)
# Hundreds of layers, or a hundred million parameters: these take as long as all others.
HEAVY = (
    "caffenet", "densenet121", "efficientnet_b0", "googlenet", "inception_resnet_v2",
    "inception_v3", "nasnet_mobile", "vgg_cnn_s",
)  # fmt: skip


def size_of(case, called):
    """Rows and columns: those that a network was trained with, or small and odd ones."""
    return (97, 75) if called == "odd" else zoo.record(case.name).input_shape[1:]


def takes_long(case, size):
    if case.name in THOROUGH:
        return False
    return size != "odd" or not case.is_small or case.name in HEAVY


def compare(case, model, net, size):
    """Hold the feature layer, and the classifier where there is one, against Keras's."""
    layers = [net.record.feature_layer]
    if net.output.name == "predictions":
        layers.append("predictions")
    function = theano.function(
        [net.input_var], get_output([net[layer] for layer in layers], deterministic=True)
    )
    x = pictures(size, preprocessing_of(case))
    for layer, found, expected in zip(layers, function(x), outputs(model, x, *layers)):
        assert found.shape == expected.shape
        assert found.dtype == "float32"
        error = np.abs(found - expected).max()
        print(f"{case} {size} {layer}: {error:.2g} of {np.abs(expected).max():.2g}")  # noqa: T201
        if layer == "predictions":
            # neither certain of anything nor the same for all: the comparison means something
            assert 0.01 < expected.max() < 0.99
            assert np.ptp(expected, axis=0).max() > 1e-3
            assert error <= 1e-5, (case, error)
        else:
            assert expected.std() > 0.01
            assert error <= 1e-4 * np.abs(expected).max(), (case, error)


@pytest.mark.parametrize(("case", "size"), params(times=SIZES, slow=takes_long))
def test_probabilities_and_features_are_those_of_keras(case, size, tmp_path):
    shape = size_of(case, size)
    model = filled_model(case, shape, include_top=True)
    path = tmp_path / "random.weights.h5"
    model.save_weights(path)
    net = case.build(weights=path, input_shape=(3, *shape), classes=CLASSES)
    path.unlink()  # half a gigabyte for a VGG
    compare(case, model, net, shape)

    path = tmp_path / "random.h5"  # the layout of Keras 2, which published files have
    model.save(path)
    again = case.build(input_shape=(3, *shape), classes=CLASSES)
    tt.weights.load(again, path)
    for name, param in net.params.items():
        np.testing.assert_array_equal(again.params[name].get_value(), param.get_value(), name)


@pytest.mark.parametrize(
    ("case", "sizes"), params(times=[SIZES], slow=lambda case, _: case.name not in THOROUGH)
)
def test_features_of_images_of_any_size_are_those_of_keras(case, sizes, tmp_path):
    model = filled_model(case, size_of(case, "odd"), include_top=False)
    path = tmp_path / "random.h5"
    model.save(path)
    net = case.build(weights=path, include_top=False, input_shape=(3, None, None))
    for called in sizes:
        # Keras's models for images of any size pad some layers as if it were even.
        size = size_of(case, called)
        fixed = keras_model(case, size, include_top=False)
        copy_weights(model, fixed)
        compare(case, fixed, net, size)


@pytest.mark.parametrize("case", params())
def test_layers_are_those_of_keras_in_name_order_and_shape(case, undrawn):
    size = size_of(case, "odd")
    model = keras_model(case, size, include_top=True)
    net = case.build(input_shape=(3, *size), classes=CLASSES)
    assert list(net)[1:] == [layer.name for layer in model.layers][1:]
    for layer in model.layers[1:]:
        batch, *sizes, channels = layer.output.shape
        if layer.name != "flatten":
            assert net[layer.name].output_shape == (batch, channels, *sizes), layer.name
    assert net.num_parameters == model.count_params()
