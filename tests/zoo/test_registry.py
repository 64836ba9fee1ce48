"""Names, records and entry points."""

import inspect

import pytest
from zoo.keras_models import ported

from theano_transfer import zoo


def test_models_are_listed_and_filtered():
    assert {"vgg16", "vgg19", "resnet50", "resnet101", "resnet152"} < set(zoo.models())
    assert zoo.models("vgg1[69]") == ["vgg16", "vgg19"]
    assert zoo.models("resnet*") == [
        "resnet50", "resnet101", "resnet152", "resnet18", "resnet34",
        "resnet50_v2", "resnet101_v2", "resnet152_v2",
    ]  # fmt: skip
    assert zoo.models("nothing*") == []


@pytest.mark.parametrize("name", zoo.models())
def test_every_model_has_an_entry_point_under_its_name(name, undrawn):
    entry_point = getattr(zoo, name)
    assert entry_point.__name__ == name
    own = [key for key, _ in zoo.build(name).record.arguments]
    assert list(inspect.signature(entry_point).parameters) == [
        "weights", "include_top", "input_shape", "in_channels", "pooling", "classes", "input_var",
        "classifier_activation", *own,
    ]  # fmt: skip
    for argument in own:
        assert f"    {argument} : " in entry_point.__doc__
    for section in ("Parameters", "Returns", "Raises", zoo.record(name).preprocessing):
        assert section in entry_point.__doc__
    assert zoo.record(name).name == name


def test_arguments_and_their_defaults_are_those_of_keras():
    for name, build in ported().items():
        ours, theirs = (
            {key: p.default for key, p in inspect.signature(function).parameters.items()}
            for function in (getattr(zoo, name), build)
        )
        # Nothing is downloaded here unless asked for, a size is known, and a layer has its name.
        others = {"weights", "input_shape", "input_tensor", "name"}
        theirs = {key: value for key, value in theirs.items() if key not in others}
        assert {key: ours.get(key, "missing") for key in theirs} == theirs, name


def test_build_is_the_entry_point_by_name():
    net = zoo.build("vgg16", include_top=False, input_shape=(3, 40, 50))
    assert list(net) == list(zoo.vgg16(include_top=False))
    assert net.record == zoo.record("vgg16")
    assert net.classes is None
    assert net["input"].output_shape == (None, 3, 40, 50)


@pytest.mark.parametrize("lookup", [zoo.build, zoo.record])
def test_an_unknown_name_is_answered_with_the_nearest_and_all(lookup):
    with pytest.raises(ValueError, match="no model is called 'VGG-16'; did you mean 'vgg16'"):
        lookup("VGG-16")
    with pytest.raises(ValueError, match=r"no model is called 'xyz'; There are .*resnet50"):
        lookup("xyz")


def test_variants_are_arguments_that_build_a_network(undrawn):
    assert {"alpha": 0.35} in zoo.variants("mobilenet_v2")
    assert zoo.variants("vgg16") == []
    narrow = zoo.build("mobilenet_v2", **zoo.variants("mobilenet_v2")[0])
    assert narrow.num_parameters < zoo.record("mobilenet_v2").num_parameters
    zoo.variants("mobilenet_v2").clear()  # a list of one's own
    assert zoo.variants("mobilenet_v2")
