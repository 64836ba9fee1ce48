"""Grad-CAM against its formula."""

import lasagne
import numpy as np
import pytest
import theano
from explain.conftest import SIZE

import theano_transfer as tt
from theano_transfer import explain
from theano_transfer.explain._cam import last_maps
from theano_transfer.explain._subject import subject
from theano_transfer.tuning import UnknownLayerError


def maps_of(model, pictures, layer):
    x = tt.images.preprocess_input(pictures, model.preprocessing)
    return lasagne.layers.get_output(model.net[layer], x, deterministic=True).eval()


def test_over_a_mean_and_a_dense_layer_it_is_the_class_activation_map(model, pictures):
    target = np.array([2, 1, 0, 2, 1])
    maps = maps_of(model, pictures, "pool").astype(float)
    head = model.net.params["head_predictions.W"].get_value().astype(float)
    # the derivative of the score by each place of map k is W[k, class] / places
    weights = head[:, target].T / maps[0, 0].size
    expected = np.maximum(np.einsum("nk,nkij->nij", weights, maps), 0)
    found = explain.grad_cam(model, pictures, target, layer="pool", resize=False, batch_size=2)
    assert found.dtype == np.float32
    assert expected.max() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_inside_the_network_too(model, pictures):
    # the gradient by a layer of its own graph, cut open at that layer
    layer, cut = model.net["relu1"], theano.tensor.tensor4("maps")
    output = lasagne.layers.get_output(model.output, inputs={layer: cut}, deterministic=True)
    scores = output.owner.inputs[0]
    maps = maps_of(model, pictures, "relu1")
    slopes = theano.function([cut], theano.grad(scores[:, 1].sum(), cut))(maps)
    weights = slopes.mean(axis=(2, 3), keepdims=True)
    expected = np.maximum((weights * maps).sum(axis=1), 0)
    found = explain.grad_cam(model, pictures, "dog", layer="relu1", resize=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_the_usual_layer_is_the_last_in_front_of_pooling(model, pictures):
    assert last_maps(subject(model)) == "relu2"
    found = explain.grad_cam(model, pictures)
    np.testing.assert_array_equal(found, explain.grad_cam(model, pictures, layer="relu2"))
    assert found.shape == (5, SIZE, SIZE)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        pytest.param("vgg16", "block5_conv3", marks=pytest.mark.slow),
        pytest.param("resnet50", "conv5_block3_out", marks=pytest.mark.slow),
        ("efficientnet_lite0", "top_activation"),
        pytest.param("mobilenet_v2", "out_relu", marks=pytest.mark.slow),
        pytest.param("densenet121", "relu", marks=pytest.mark.slow),
        ("squeezenet1_1", None),
    ],
)
def test_the_usual_layer_of_known_networks(name, layer):
    net = tt.zoo.build(name, weights=None, include_top=False, input_shape=(3, 64, 64))
    found = last_maps(subject(tt.Model(net, classes=2)))
    assert found == layer or (layer is None and len(net[found].output_shape) == 4)


def test_maps_come_at_the_size_of_the_picture(model, pictures):
    small = explain.grad_cam(model, pictures, 0, layer="pool", resize=False)
    large = explain.grad_cam(model, pictures, 0, layer="pool")
    assert (small.shape[1:], large.shape[1:]) == ((SIZE // 2,) * 2, (SIZE,) * 2)
    np.testing.assert_allclose(large[:, 0, 0], small[:, 0, 0], rtol=1e-6)
    assert explain.grad_cam(model, pictures[:0]).shape == (0, SIZE, SIZE)


def test_wrong_layers_are_refused(model, pictures):
    with pytest.raises(UnknownLayerError, match="'relu1'"):
        explain.grad_cam(model, pictures, layer="rlu1")
    with pytest.raises(ValueError, match=r"takes a layer of maps.*'relu2'"):
        explain.grad_cam(model, pictures, layer="head_predictions")


@pytest.mark.slow
def test_a_residual_network_works(pictures):
    model = tt.Model(
        tt.zoo.resnet18(weights=None, include_top=False, input_shape=(3, 32, 32)), classes=3
    )
    found = explain.grad_cam(model, pictures, 1)
    assert found.shape == (5, 32, 32)
    assert np.isfinite(found).all()
    with pytest.raises(ValueError, match="does not hang on"):
        explain.grad_cam(model, pictures, 1, layer="conv1_pad")
