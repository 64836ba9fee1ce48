"""Filters and maps of layers."""

import lasagne
import numpy as np
import pytest
from explain.conftest import make_net

import theano_transfer as tt
from theano_transfer import explain
from theano_transfer.tuning import UnknownLayerError


def test_filters_of_the_first_convolution_are_rgb():
    for preprocessing in ("caffe", "tf"):
        net = make_net(preprocessing)
        W = net.params["conv1.W"].get_value()
        expected = W[:, ::-1] if preprocessing == "caffe" else W
        np.testing.assert_array_equal(explain.filters(net), expected)
        np.testing.assert_array_equal(
            explain.filters(net, "conv2"), net.params["conv2.W"].get_value()
        )


@pytest.mark.parametrize("kind", [lasagne.layers.Conv2DLayer, tt.layers.Conv2DLayer])
def test_filters_that_are_flipped_are_flipped_back(kind):
    entry = lasagne.layers.InputLayer((None, 3, 6, 6), name="input")
    options = {"flip_filters": True} if kind is tt.layers.Conv2DLayer else {}
    layer = kind(entry, 2, 3, name="conv", b=None, nonlinearity=None, **options)
    net = tt.zoo.Network([("input", entry), ("conv", layer)])
    x = np.zeros((1, 3, 3, 3), np.float32)
    x[0] = explain.filters(net)[0]
    # what correlates best with a filter, among pictures as long, is the filter
    response = lasagne.layers.get_output(layer, x).eval()[0, 0]
    np.testing.assert_allclose(response.max(), (x**2).sum(), rtol=1e-5)


def test_filters_are_a_copy(model):
    explain.filters(model)[:] = 0
    assert explain.filters(model).any()


def test_what_has_no_filters_is_refused(model):
    with pytest.raises(ValueError, match="'conv1'"):
        explain.filters(model, "relu1")
    with pytest.raises(UnknownLayerError, match="'conv1'"):
        explain.filters(model, "conv_1")


def test_maps_are_what_the_layers_give(model, pictures):
    found = explain.feature_maps(model, pictures, ["relu1", "pool"], batch_size=2)
    assert list(found) == ["relu1", "pool"]
    x = tt.images.preprocess_input(pictures, "caffe")
    for name, maps in found.items():
        expected = lasagne.layers.get_output(model.net[name], x, deterministic=True).eval()
        np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-5)
    (only,) = explain.feature_maps(model, pictures, "relu1").values()
    np.testing.assert_array_equal(only, found["relu1"])


def test_maps_of_nothing_are_refused(model, pictures):
    with pytest.raises(ValueError, match="no pictures"):
        explain.feature_maps(model, pictures[:0], "pool")
