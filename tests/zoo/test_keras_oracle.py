"""Every network against Keras's own: same weights, read from Keras's file, same pictures."""

import numpy as np
import pytest
import theano
from lasagne.layers import get_output
from zoo.keras_models import CLASSES, filled_model, keras_model, marked, outputs, pictures

from theano_transfer import zoo

SIZES = {"square": (224, 224), "odd": (97, 75)}
LARGE = ("vgg19", "resnet101", "resnet152")


def is_slow(name, size):
    return name in LARGE or (name == "vgg16" and size == "square")


def compare(name, model, net, size):
    """Hold the feature layer, and the classifier where there is one, against Keras's."""
    layers = [net.record.feature_layer]
    if net.output.name == "predictions":
        layers.append("predictions")
    function = theano.function(
        [net.input_var], get_output([net[layer] for layer in layers], deterministic=True)
    )
    x = pictures(size)
    for layer, found, expected in zip(layers, function(x), outputs(model, x, *layers)):
        assert found.shape == expected.shape
        assert found.dtype == "float32"
        error = np.abs(found - expected).max()
        if layer == "predictions":
            # neither certain of anything nor the same for all: the comparison means something
            assert 0.01 < expected.max() < 0.99
            assert np.ptp(expected, axis=0).max() > 1e-3
            assert error <= 1e-5, (name, error)
        else:
            assert expected.std() > 0.01
            assert error <= 1e-4 * np.abs(expected).max(), (name, error)


@pytest.mark.parametrize(("name", "size"), marked(SIZES, is_slow))
def test_probabilities_and_features_are_those_of_keras(name, size, tmp_path):
    shape = SIZES[size]
    model = filled_model(name, shape, include_top=True)
    path = tmp_path / "random.weights.h5"
    model.save_weights(path)
    net = zoo.build(name, weights=path, input_shape=(3, *shape), classes=CLASSES)
    path.unlink()  # half a gigabyte for a VGG
    compare(name, model, net, shape)


@pytest.mark.parametrize(("name", "sizes"), marked([tuple(SIZES)], lambda name, _: name in LARGE))
def test_features_of_images_of_any_size_are_those_of_keras(name, sizes, tmp_path):
    model = filled_model(name, (None, None), include_top=False)
    path = tmp_path / "random.h5"  # the layout of Keras 2, which published files have
    model.save(path)
    net = zoo.build(name, weights=path, include_top=False, input_shape=(3, None, None))
    for size in sizes:
        compare(name, model, net, SIZES[size])


@pytest.mark.parametrize("name", zoo.models())
def test_layers_are_those_of_keras_in_name_order_and_shape(name):
    size = SIZES["odd"]
    model = keras_model(name, size, include_top=True)
    net = zoo.build(name, input_shape=(3, *size), classes=CLASSES)
    assert list(net)[1:] == [layer.name for layer in model.layers][1:]
    for layer in model.layers[1:]:
        batch, *sizes, channels = layer.output.shape
        if layer.name != "flatten":
            assert net[layer.name].output_shape == (batch, channels, *sizes), layer.name
    assert net.num_parameters == model.count_params()
