"""Pooling, upscaling and pyramids against windows taken one by one."""

import itertools

import lasagne
import numpy as np
import pytest
import theano.tensor as T
from lasagne.layers import (
    GlobalPoolLayer,
    InputLayer,
    InverseLayer,
    MaxPool1DLayer,
    MaxPool2DLayer,
    MaxPool3DLayer,
    Pool1DLayer,
    Pool2DLayer,
    Pool3DLayer,
    SpatialPyramidPoolingLayer,
    Upscale1DLayer,
    Upscale2DLayer,
    Upscale3DLayer,
    dnn,
)

MEANS = ("average", "average_inc_pad")  # one mode of cuDNN's, by two names
SIZES = {1: (7,), 2: (7, 6), 3: (5, 6, 5)}


def pooled(x, size, stride, reduce):
    """Only windows that are full."""
    n = x.ndim - 2
    counts = [(length - size) // stride + 1 for length in x.shape[2:]]
    out = np.zeros((*x.shape[:2], *counts))
    for at in itertools.product(*map(range, counts)):
        window = tuple(slice(i * stride, i * stride + size) for i in at)
        out[(..., *at)] = reduce(x[(..., *window)], axis=tuple(range(2, n + 2)))
    return out


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("mode", ["max", "average_inc_pad", "sum"])
def test_windows(n, mode, rng, computed, gradients_hold):
    x = rng.normal(size=(2, 3, *SIZES[n]))
    kind = {1: Pool1DLayer, 2: Pool2DLayer, 3: Pool3DLayer}[n]
    reduce = {"max": np.max, "average_inc_pad": np.mean, "sum": np.sum}[mode]
    layer = kind(InputLayer((None, *x.shape[1:])), 3, stride=2, mode=mode)
    np.testing.assert_allclose(computed(layer, x), pooled(x, 3, 2, reduce))
    if n < 3:
        gradients_hold(layer, x)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_largest_with_padding_and_partial_windows(n, rng, computed):
    x = rng.normal(size=(2, 3, *SIZES[n]))
    kind = {1: MaxPool1DLayer, 2: MaxPool2DLayer, 3: MaxPool3DLayer}[n]
    pads = [(0, 0), (0, 0), *[(1, 1)] * n]
    layer = kind(InputLayer((None, *x.shape[1:])), 2, pad=1)
    expected = pooled(np.pad(x, pads, constant_values=-np.inf), 2, 2, np.max)
    np.testing.assert_allclose(computed(layer, x), expected)
    layer = kind(InputLayer((None, *x.shape[1:])), 3, ignore_border=False)
    pads[2:] = [(0, 2)] * n
    expected = pooled(np.pad(x, pads, constant_values=-np.inf), 3, 3, np.max)
    found = computed(layer, x)
    np.testing.assert_allclose(found, expected[tuple(slice(0, s) for s in found.shape)])


def test_dnn_twins(rng, computed):
    x = rng.normal(size=(2, 3, 6, 5))
    for twin, kind in ((dnn.Pool2DDNNLayer, Pool2DLayer), (dnn.MaxPool2DDNNLayer, MaxPool2DLayer)):
        both = [computed(each(InputLayer(x.shape), 2, 1), x) for each in (twin, kind)]
        np.testing.assert_array_equal(*both)
        with pytest.raises(NotImplementedError, match="ignore_border"):
            twin(InputLayer(x.shape), 2, ignore_border=False)
    by_place = dnn.Pool2DDNNLayer(InputLayer((2, 3, 6, 6)), 2, 2, 0, True, "sum")
    assert by_place.mode == "sum"
    one, other = (dnn.Pool2DDNNLayer(InputLayer(x.shape), 2, mode=m) for m in MEANS)
    np.testing.assert_array_equal(computed(one, x), computed(other, x))
    assert issubclass(dnn.MaxPool3DDNNLayer, MaxPool3DLayer)
    assert issubclass(dnn.Pool3DDNNLayer, Pool3DLayer)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("mode", ["repeat", "dilate"])
def test_upscaling(n, mode, rng, computed, gradients_hold):
    x = rng.normal(size=(2, 2, *(3, 2, 2)[:n]))
    kind = {1: Upscale1DLayer, 2: Upscale2DLayer, 3: Upscale3DLayer}[n]
    factors = (2, 3, 1)[:n]
    block = np.ones(factors)
    if mode == "dilate":
        block = np.zeros(factors)
        block[(0,) * n] = 1
    layer = kind(InputLayer((None, 2, *x.shape[2:])), factors, mode=mode)
    np.testing.assert_array_equal(computed(layer, x), np.kron(x, block[None, None]))
    gradients_hold(layer, x)
    with pytest.raises(ValueError, match="Scale factor"):
        kind(InputLayer(x.shape), 0)


@pytest.mark.parametrize("implementation", ["fast", "kaiming"])
@pytest.mark.parametrize("mode", ["max", "average_exc_pad"])
@pytest.mark.parametrize("known", [True, False])
def test_pyramid(implementation, mode, known, rng, computed):
    x = rng.normal(size=(2, 3, 11, 6))
    shape = x.shape if known else (None, 3, None, None)
    layer = SpatialPyramidPoolingLayer(
        InputLayer(shape), [3, 1], mode=mode, implementation=implementation
    )
    rows = {"fast": [(0, 4), (3, 7), (6, 10)], "kaiming": [(0, 4), (3, 8), (7, 11)]}
    columns = [(0, 2), (2, 4), (4, 6)]
    reduce = np.max if mode == "max" else np.mean
    parts = [x[:, :, a:b, c:d] for a, b in rows[implementation] for c, d in columns] + [x]
    expected = np.stack([reduce(part, axis=(2, 3)) for part in parts], axis=2)
    np.testing.assert_allclose(computed(layer, x), expected)
    assert layer.output_shape == (shape[0], 3, 10)
    assert issubclass(dnn.SpatialPyramidPoolingDNNLayer, SpatialPyramidPoolingLayer)


def test_unpooling_goes_where_the_largest_were(rng, computed):
    x = rng.normal(size=(1, 2, 4, 4))
    source = InputLayer((None, 2, 4, 4))
    pool = MaxPool2DLayer(source, 2)
    layer = InverseLayer(pool, pool)
    largest = np.kron(pooled(x, 2, 2, np.max), np.ones((1, 1, 2, 2)))
    np.testing.assert_allclose(computed(layer, x), np.where(x == largest, x, 0))


def test_features(rng, computed):
    x = rng.normal(size=(2, 6, 3))
    layer = lasagne.layers.FeaturePoolLayer(InputLayer((None, 6, 3)), 2)
    np.testing.assert_array_equal(computed(layer, x), x.reshape(2, 3, 2, 3).max(axis=2))
    layer = lasagne.layers.FeatureWTALayer(InputLayer((None, 6, 3)), 2)
    pairs = x.reshape(2, 3, 2, 3)
    won = np.where(pairs == pairs.max(axis=2, keepdims=True), pairs, 0).reshape(x.shape)
    np.testing.assert_array_equal(computed(layer, x), won)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(
    ("function", "reduce"),
    [(T.mean, np.mean), (T.sum, np.sum), (T.max, np.max), (T.min, np.min), (T.std, np.std)],
)
def test_one_number_for_each_channel(function, reduce, n, known):
    shape = (2, 3, *SIZES[n])
    x = np.random.default_rng(n).normal(size=shape).astype("float32")
    images = T.TensorType("float32", (None, 3, *(shape[2:] if known else [None] * n)))("images")
    layer = GlobalPoolLayer(InputLayer((None, *shape[1:]), images), function)
    assert layer.output_shape == (None, 3)
    value = layer.get_output_for(images).eval({images: x})
    assert value.dtype == "float32"
    wanted = reduce(x.astype("float64").reshape(2, 3, -1), axis=2)
    np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)
