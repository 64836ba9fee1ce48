import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output, get_output_shape

from theano_transfer.layers import SeparableConv2DLayer


def separable(x, W, pointwise, b, stride):
    """Without padding, one output at a time."""
    batch, channels, rows, columns = x.shape
    _, _, height, width = W.shape
    multiplier = len(W) // channels
    out = ((rows - height) // stride + 1, (columns - width) // stride + 1)
    within = np.empty((batch, len(W), *out))
    for m, i, j in np.ndindex(len(W), *out):
        window = x[:, m // multiplier, i * stride :, j * stride :][:, :height, :width]
        within[:, m, i, j] = (window * W[m, 0]).sum(axis=(1, 2))
    return np.einsum("bcij,fc->bfij", within, pointwise[:, :, 0, 0]) + b[:, None, None]


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("multiplier", "stride"), [(1, 1), (2, 2)])
def test_every_channel_by_itself_then_all_together(multiplier, stride, declared, rng):
    images = InputLayer((None, 3, *((9, 8) if declared else (None, None))))
    layer = SeparableConv2DLayer(
        images, 5, (3, 2), stride, multiplier=multiplier, b=lasagne.init.Normal(1), name="sep"
    )
    assert [param.name for param in layer.params] == ["sep.W", "sep.pointwise", "sep.b"]
    x = rng.normal(size=(2, 3, 9, 8)).astype("float32")
    found = theano.function([images.input_var], get_output(layer))(x)
    values = [param.get_value() for param in (layer.W, layer.pointwise, layer.b)]
    np.testing.assert_allclose(found, separable(x, *values, stride), rtol=1e-4, atol=1e-4)
    assert get_output_shape(layer, x.shape) == found.shape


def test_same_padding_bias_and_nonlinearity_are_optional(rng):
    images = InputLayer((None, 3, 9, 8))
    plain = SeparableConv2DLayer(images, 5, 3, 2, pad="same", b=None)
    rectified = SeparableConv2DLayer(
        images, 5, 3, 2, pad="same", W=plain.W, pointwise=plain.pointwise,
        nonlinearity=lasagne.nonlinearities.rectify,
    )  # fmt: skip
    assert plain.output_shape == (None, 5, 5, 4)
    assert len(plain.params) == 2
    x = rng.normal(size=(2, 3, 9, 8)).astype("float32")
    function = theano.function([images.input_var], get_output([plain, rectified]))
    before, after = function(x)
    assert before.min() < 0
    np.testing.assert_allclose(after, before.clip(0), atol=1e-5)


def test_all_parameters_are_trained(rng):
    images = InputLayer((None, 2, 5, 5))
    layer = SeparableConv2DLayer(images, 3, 3)
    params = lasagne.layers.get_all_params(layer, trainable=True)
    assert params == [layer.W, layer.pointwise, layer.b]
    gradients = theano.grad((get_output(layer) ** 2).sum(), params)
    x = rng.normal(size=(2, 2, 5, 5)).astype("float32")
    assert all(np.abs(g).max() > 0 for g in theano.function([images.input_var], gradients)(x))


def test_it_takes_images_of_known_channels():
    with pytest.raises(ValueError, match="known number of channels"):
        SeparableConv2DLayer((None, None, 5, 5), 3, 3)
    with pytest.raises(ValueError, match=r"convolution 'sep'.*smaller than its filters"):
        SeparableConv2DLayer((None, 2, 2, 2), 3, 3, name="sep")
