"""Convolution layers against loops over every output."""

import lasagne
import numpy as np
import oracle
import pytest
import theano
import theano.tensor as T
from lasagne.layers import InputLayer, get_output, get_output_shape

from theano_transfer.layers import Conv2DLayer, DepthwiseConv2DLayer
from theano_transfer.layers._padding import same_padding

ATOL = 2e-5

# input (batch, channel, row, column), positional and keyword arguments, padding this means
CASES = {
    "valid": ((2, 3, 7, 8), (4, 3), {}, ((0, 0), (0, 0))),
    "rectangular": ((2, 3, 7, 8), (4, (2, 5), (1, 2)), {}, ((0, 0), (0, 0))),
    "symmetric": ((2, 3, 7, 8), (4, 3, 2), {"pad": (1, 2)}, ((1, 1), (2, 2))),
    "one side": ((2, 3, 7, 8), (4, 3), {"pad": ((0, 2), (1, 0))}, ((0, 2), (1, 0))),
    "same": ((2, 3, 7, 8), (4, 3), {"pad": "same"}, ((1, 1), (1, 1))),
    "same, even filter": ((2, 3, 7, 8), (4, (2, 4)), {"pad": "same"}, ((0, 1), (1, 2))),
    "same, stride": ((2, 3, 7, 8), (4, 3, 2), {"pad": "same"}, ((1, 1), (0, 1))),
    "same, long stride": ((2, 3, 7, 9), (4, 2, 4), {"pad": "same"}, ((0, 0), (0, 1))),
    "same, dilation": (
        (2, 3, 7, 8), (4, 3), {"pad": "same", "dilation": (2, 1)}, ((2, 2), (1, 1)),
    ),
    "groups": ((2, 4, 5, 6), (6, 3), {"groups": 2, "pad": 1}, ((1, 1), (1, 1))),
    "flipped": ((2, 3, 7, 8), (4, (3, 2)), {"flip_filters": True}, ((0, 0), (0, 0))),
    "no bias": ((2, 3, 7, 8), (4, 1), {"b": None}, ((0, 0), (0, 0))),
    "empty": ((0, 3, 7, 8), (4, 3), {"pad": "same"}, ((1, 1), (1, 1))),
}  # fmt: skip


def arrays(layer, rng):
    """Random values for the parameters of `layer`, which are returned."""
    for param in layer.params:
        shape = param.get_value(borrow=True).shape
        param.set_value(rng.normal(size=shape).astype(param.dtype))
    return [param.get_value() for param in layer.params]


@pytest.mark.parametrize("size_known", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_convolution(rng, case, size_known):
    shape, arguments, keywords, pad = CASES[case]
    declared = (None, shape[1], *(shape[2:] if size_known else (None, None)))
    layer = Conv2DLayer(InputLayer(declared), *arguments, **keywords)
    W, *b = arrays(layer, rng)
    x = rng.normal(size=shape).astype(theano.config.floatX)
    expected = oracle.convolve(
        x, W, pad, layer.stride, layer.dilation, layer.groups, layer.flip_filters
    )
    for bias in b:
        expected += bias[:, None, None]

    images = T.tensor4()
    found = theano.function([images], get_output(layer, images))(x)
    np.testing.assert_allclose(found, expected, atol=ATOL)
    assert found.dtype == theano.config.floatX
    # the shape that is promised, for the layer as it is and for a given input
    promised = expected.shape[2:] if size_known else (None, None)
    assert layer.output_shape == (None, expected.shape[1], *promised)
    assert get_output_shape(layer, shape) == expected.shape


@pytest.mark.parametrize("size", [(8, 8), (7, 7), (8, 5), (1, 2)])
@pytest.mark.parametrize(("extent", "stride"), [(3, 2), (5, 2), (2, 3)])
def test_same_convolution_of_images_of_unknown_size(rng, extent, stride, size):
    layer = Conv2DLayer(InputLayer((None, 2, None, None)), 3, extent, stride, pad="same")
    W, b = arrays(layer, rng)
    x = rng.normal(size=(2, 2, *size)).astype(theano.config.floatX)
    pad = [same_padding(n, extent, stride) for n in size]
    expected = oracle.convolve(x, W, pad, (stride, stride)) + b[:, None, None]
    images = T.tensor4()
    found = theano.function([images], get_output(layer, images))(x)
    np.testing.assert_allclose(found, expected, atol=ATOL)


def test_gradients_do_not_depend_on_the_size_being_declared(rng):
    x = rng.normal(size=(2, 3, 6, 7)).astype(theano.config.floatX)
    gradients = []
    W = rng.normal(size=(4, 3, 3, 3)).astype(theano.config.floatX)
    for size in ((6, 7), (None, None)):
        layer = Conv2DLayer(InputLayer((None, 3, *size)), 4, 3, 2, pad="same", W=W)
        images = T.tensor4()
        loss = (get_output(layer, images) ** 2).sum()
        step = theano.function([images], T.grad(loss, [images, layer.W, layer.b]))
        gradients.append(step(x))
    for declared, found_out in zip(*gradients):
        assert np.abs(declared).max() > 1
        np.testing.assert_allclose(found_out, declared, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("multiplier", [1, 2])
@pytest.mark.parametrize(("stride", "pad"), [(1, "same"), (2, "same"), (2, "valid")])
def test_depthwise_convolution_filters_every_channel_by_itself(rng, multiplier, stride, pad):
    layer = DepthwiseConv2DLayer(
        InputLayer((None, 3, 7, 8)), 3, stride, pad=pad, multiplier=multiplier
    )
    W, b = arrays(layer, rng)
    assert W.shape == (3 * multiplier, 1, 3, 3)
    x = rng.normal(size=(2, 3, 7, 8)).astype(theano.config.floatX)
    pads = [(0, 0) if pad == "valid" else same_padding(n, 3, stride) for n in (7, 8)]
    channels = [
        oracle.convolve(x[:, c : c + 1], W[c * multiplier + m][None], pads, (stride, stride))
        for c in range(3)
        for m in range(multiplier)
    ]
    images = T.tensor4()
    found = theano.function([images], get_output(layer, images))(x)
    np.testing.assert_allclose(found, np.hstack(channels) + b[:, None, None], atol=ATOL)
    assert layer.output_shape == (None, *found.shape[1:])


def test_nonlinearity_comes_last(rng):
    layer = Conv2DLayer((None, 3, 5, 5), 4, 3, nonlinearity=lasagne.nonlinearities.rectify)
    W, b = arrays(layer, rng)
    images = T.tensor4()
    x = rng.normal(size=(2, 3, 5, 5)).astype(theano.config.floatX)
    expected = np.maximum(oracle.convolve(x, W) + b[:, None, None], 0)
    found = theano.function([images], layer.get_output_for(images))(x)
    np.testing.assert_allclose(found, expected, atol=ATOL)


def test_parameters_follow_the_conventions_of_lasagne():
    layer = Conv2DLayer((None, 4, 9, 9), 6, 3, groups=2, name="conv")
    assert [param.name for param in layer.get_params()] == ["conv.W", "conv.b"]
    assert layer.W.get_value().shape == (6, 2, 3, 3)
    assert layer.get_params(trainable=True) == [layer.W, layer.b]
    assert layer.get_params(regularizable=True) == [layer.W]


def test_a_float64_graph_is_computed_in_float64(rng):
    W = rng.normal(size=(4, 3, 3, 3))
    layer = Conv2DLayer((None, 3, 8, 7), 4, 3, 2, pad="same", W=theano.shared(W), b=None)
    images = T.tensor4(dtype="float64")
    x = rng.normal(size=(2, 3, 8, 7))
    found = theano.function([images], layer.get_output_for(images))(x)
    assert found.dtype == "float64"
    expected = oracle.convolve(x, W, ((0, 1), (1, 1)), (2, 2))
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("shape", "arguments", "keywords", "message"),
    [
        ((None, 3), (4, 3), {}, "takes images"),
        ((None, None, 8, 8), (4, 3), {}, "known number of channels"),
        ((None, 3, 8, 8), (4, 3), {"groups": 2}, "groups=2 .* must divide its 3 input channels"),
        ((None, 4, 8, 8), (3, 3), {"groups": 2}, "its 3 filters"),
        ((None, 3, 8, 8), (4, 0), {}, "filter_size must be"),
        ((None, 3, 8, 8), (4, 3, 0), {}, "stride must be"),
        ((None, 3, 8, 8), (4, 3), {"dilation": 0}, "dilation must be"),
        ((None, 3, 8, 8), (4, 3), {"pad": "full"}, "padding must be"),
        ((None, 3, 2, 8), (4, 3), {"name": "stem"}, "convolution 'stem' gets images of"),
        ((None, 3, None, 4), (4, 3), {"dilation": 2}, r"smaller than its filters of \(5, 5\)"),
    ],
)
def test_what_does_not_fit_is_refused(shape, arguments, keywords, message):
    with pytest.raises(ValueError, match=message):
        Conv2DLayer(shape, *arguments, **keywords)


def test_depthwise_convolution_needs_known_channels():
    with pytest.raises(ValueError, match="known number of channels"):
        DepthwiseConv2DLayer((None, None, 8, 8), 3)
