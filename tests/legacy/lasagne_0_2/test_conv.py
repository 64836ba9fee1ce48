"""Convolutions over one to three axes, and their opposites, against loops."""

import itertools

import lasagne
import numpy as np
import pytest
from lasagne.layers import (
    Conv1DLayer,
    Conv2DLayer,
    Conv3DLayer,
    DilatedConv2DLayer,
    InputLayer,
    LocallyConnected2DLayer,
    TransposedConv1DLayer,
    TransposedConv2DLayer,
    TransposedConv3DLayer,
    dnn,
)


def correlate(x, w, pads, stride, dilation=1, groups=1):
    """The definition: every filter at every place, in NumPy."""
    n = x.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0), *pads])
    extents = [(k - 1) * dilation + 1 for k in w.shape[2:]]
    sizes = [(s - e) // d + 1 for s, e, d in zip(x.shape[2:], extents, stride)]
    out = np.zeros((x.shape[0], w.shape[0], *sizes))
    per_in, per_out = w.shape[1], w.shape[0] // groups
    for at in itertools.product(*map(range, sizes)):
        window = tuple(slice(i * d, i * d + e, dilation) for i, d, e in zip(at, stride, extents))
        for g in range(groups):
            seen = x[(slice(None), slice(g * per_in, (g + 1) * per_in), *window)]
            filters = w[g * per_out : (g + 1) * per_out]
            axes = range(1, n + 2)
            here = np.tensordot(seen, filters, axes=(axes, axes))
            out[(slice(None), slice(g * per_out, (g + 1) * per_out), *at)] = here
    return out


def flipped(w, n):
    return w[(..., *[slice(None, None, -1)] * n)]


LAYERS = {1: Conv1DLayer, 2: Conv2DLayer, 3: Conv3DLayer}
SIZES = {1: (7,), 2: (6, 5), 3: (4, 5, 4)}


def image(rng, n, channels=2):
    return rng.normal(size=(2, channels, *SIZES[n]))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("pad", [0, 1, "valid", "full", "same"])
def test_convolution(n, pad, rng, computed):
    x = image(rng, n)
    stride = (2, 1, 1)[:n] if pad == 1 else (1,) * n
    layer = LAYERS[n](
        InputLayer((None, *x.shape[1:])),
        3,
        (3, 2, 3)[:n],
        stride=stride,
        pad=pad,
        b=lasagne.init.Uniform(1),
        nonlinearity=None,
    )
    w, b = layer.W.get_value(), layer.b.get_value()
    pads = {
        "valid": lambda k: (0, 0),
        "full": lambda k: (k - 1, k - 1),
        "same": lambda k: (k // 2, (k - 1) // 2),
    }.get(pad, lambda k: (pad, pad))
    expected = correlate(x, flipped(w, n), [pads(k) for k in w.shape[2:]], stride)
    expected += b.reshape(-1, *(1,) * n)
    np.testing.assert_allclose(computed(layer, x), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_groups_and_filters_that_are_not_flipped(n, rng, computed, gradients_hold):
    x = image(rng, n, channels=4)
    layer = LAYERS[n](
        InputLayer((None, *x.shape[1:])),
        6,
        2,
        num_groups=2,
        flip_filters=False,
        untie_biases=True,
        b=lasagne.init.Uniform(1),
        nonlinearity=lasagne.nonlinearities.tanh,
    )
    assert layer.W.get_value().shape == (6, 2, *(2,) * n)
    w, b = layer.W.get_value(), layer.b.get_value()
    expected = np.tanh(correlate(x, w, [(0, 0)] * n, (1,) * n, groups=2) + b)
    np.testing.assert_allclose(computed(layer, x), expected, rtol=1e-6, atol=1e-8)
    gradients_hold(layer, x)


def test_filters_are_flipped_except_by_dnn(rng, computed):
    x = image(rng, 2)
    plain = Conv2DLayer(InputLayer((None, *x.shape[1:])), 2, 3, nonlinearity=None)
    for twin in (dnn.Conv2DDNNLayer, lasagne.layers.corrmm.Conv2DMMLayer):
        other = twin(plain.input_layer, 2, 3, W=plain.W, nonlinearity=None)
        w = plain.W.get_value()
        expected = correlate(x, w, [(0, 0)] * 2, (1, 1))
        np.testing.assert_allclose(computed(other, x), expected, rtol=1e-6)
        assert not np.allclose(computed(plain, x), expected)


def test_cuda_convnet_takes_the_batch_last(rng, computed):
    from lasagne.layers.cuda_convnet import (
        Conv2DCCLayer,
        MaxPool2DCCLayer,
        NINLayer_c01b,
        bc01_to_c01b,
        c01b_to_bc01,
    )

    x = image(rng, 2)
    first = bc01_to_c01b(InputLayer((2, *x.shape[1:])))
    conv = Conv2DCCLayer(first, 3, 2, dimshuffle=False, nonlinearity=None)
    pool = MaxPool2DCCLayer(conv, 2, dimshuffle=False)
    nin = NINLayer_c01b(pool, 2, b=None, nonlinearity=None)
    filters = conv.W.get_value()
    assert filters.shape == (2, 2, 2, 3)
    conved = correlate(x, filters.transpose(3, 0, 1, 2), [(0, 0)] * 2, (1, 1))
    assert conved.shape == (2, 3, 5, 4)
    pooled = np.stack(
        [[conved[:, :, i : i + 2, j : j + 2].max(axis=(2, 3)) for j in (0, 2)] for i in (0, 2, 4)]
    )
    expected = np.einsum("oc,ijbc->boij", nin.W.get_value(), pooled)
    np.testing.assert_allclose(computed(c01b_to_bc01(nin), x), expected, rtol=1e-6, atol=1e-8)
    assert lasagne.layers.get_all_params(nin) == [conv.W, conv.b, nin.W]


class TestTransposed:
    LAYERS = {1: TransposedConv1DLayer, 2: TransposedConv2DLayer, 3: TransposedConv3DLayer}

    @staticmethod
    def painted(x, w, stride, crop):
        """Each place of the input paints its filter into the output."""
        n = x.ndim - 2
        sizes = [(s - 1) * d + k for s, d, k in zip(x.shape[2:], stride, w.shape[2:])]
        out = np.zeros((x.shape[0], w.shape[1], *sizes))
        for at in itertools.product(*map(range, x.shape[2:])):
            window = tuple(slice(i * d, i * d + k) for i, d, k in zip(at, stride, w.shape[2:]))
            out[(slice(None), slice(None), *window)] += np.tensordot(
                x[(slice(None), slice(None), *at)], w, axes=(1, 0)
            )
        inner = tuple(slice(c, s - c) for c, s in zip(crop, sizes))
        return out[(slice(None), slice(None), *inner)] if n else out

    @pytest.mark.parametrize("n", [1, 2, 3])
    @pytest.mark.parametrize("crop", [0, 1, "same", "full"])
    @pytest.mark.parametrize("flip", [False, True])
    def test_against_painting(self, n, crop, flip, rng, computed):
        x = image(rng, n)
        stride = (2, 1, 2)[:n] if crop != "full" else (1,) * n
        layer = self.LAYERS[n](
            InputLayer((None, 2, *((None,) * n if crop == 1 else x.shape[2:]))),
            3,
            3,
            stride=stride,
            crop=crop,
            flip_filters=flip,
            nonlinearity=None,
        )
        assert layer.W.get_value().shape == (2, 3, *(3,) * n)
        w = layer.W.get_value()
        cut = {"same": 1, "full": 2}.get(crop, crop)
        expected = self.painted(x, w if flip else flipped(w, n), stride, (cut,) * n)
        np.testing.assert_allclose(computed(layer, x), expected, rtol=1e-6, atol=1e-8)

    def test_gradients_names_and_a_given_size(self, rng, computed, gradients_hold):
        assert lasagne.layers.Deconv2DLayer is TransposedConv2DLayer
        x = image(rng, 2)
        layer = TransposedConv2DLayer(
            InputLayer((None, *x.shape[1:])), 2, 3, stride=2, output_size=(14, 11)
        )
        assert computed(layer, x).shape == (2, 2, 14, 11)
        layer.nonlinearity = lasagne.nonlinearities.tanh
        gradients_hold(layer, x)


@pytest.mark.parametrize("flip", [False, True])
def test_dilated(flip, rng, computed, gradients_hold):
    x = image(rng, 2)
    layer = DilatedConv2DLayer(
        InputLayer((None, *x.shape[1:])),
        3,
        2,
        dilation=2,
        flip_filters=flip,
        nonlinearity=lasagne.nonlinearities.tanh,
    )
    w = layer.W.get_value()
    assert w.shape == (2, 3, 2, 2)
    w = w.transpose(1, 0, 2, 3)
    expected = correlate(x, flipped(w, 2) if flip else w, [(0, 0)] * 2, (1, 1), dilation=2)
    np.testing.assert_allclose(computed(layer, x), np.tanh(expected), rtol=1e-6, atol=1e-8)
    gradients_hold(layer, x)
    with pytest.raises(NotImplementedError, match="PadLayer"):
        DilatedConv2DLayer(layer.input_layer, 3, 2, pad=1)


@pytest.mark.parametrize("channelwise", [False, True])
@pytest.mark.parametrize("flip", [False, True])
def test_locally_connected(channelwise, flip, rng, computed, gradients_hold):
    x = image(rng, 2)
    layer = LocallyConnected2DLayer(
        InputLayer((None, *x.shape[1:])),
        2,
        (3, 2),
        channelwise=channelwise,
        flip_filters=flip,
        nonlinearity=lasagne.nonlinearities.tanh,
    )
    w = layer.W.get_value()
    if channelwise:
        w = w[:, None] * np.eye(2)[:, :, None, None, None, None]
    if flip:
        w = w[:, :, ::-1, ::-1]
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 0)])
    expected = np.zeros((2, 2, 6, 5))
    for i in range(6):
        for j in range(5):
            seen = padded[:, :, i : i + 3, j : j + 2]
            expected[:, :, i, j] = np.tensordot(seen, w[..., i, j], axes=([1, 2, 3],) * 2)
    np.testing.assert_allclose(computed(layer, x), np.tanh(expected), rtol=1e-6, atol=1e-8)
    gradients_hold(layer, x)
    with pytest.raises(NotImplementedError):
        LocallyConnected2DLayer(layer.input_layer, 2, 3, stride=2)


def test_what_does_not_fit_says_so():
    images = InputLayer((None, 3, 8, 8))
    with pytest.raises(ValueError, match="number"):
        Conv2DLayer(InputLayer((None, None, 8, 8)), 2, 3)
    with pytest.raises(ValueError, match=r"\(batch, channel, place\)"):
        Conv1DLayer(images, 2, 3)
    with pytest.raises(ValueError, match="2 groups, 3 channels"):
        Conv2DLayer(images, 2, 3, num_groups=2)
    with pytest.raises(ValueError, match="untied"):
        Conv2DLayer(InputLayer((None, 3, None, None)), 2, 3, untie_biases=True)
