"""Pooling in compiled functions against loops and finite differences."""

import lasagne
import numpy as np
import oracle
import pytest
import theano
import theano.tensor as T

import theano_transfer as tt
from theano_transfer.kernels import Pool2d, Pool2dGrad

# window, stride, (rows, columns) of padding, images
CASES = {
    "halves": ((2, 2), (2, 2), (0, 0), (2, 3, 8, 6)),
    "left over": ((2, 2), (2, 2), (0, 0), (2, 3, 7, 9)),
    "overlapping": ((3, 3), (2, 2), (1, 1), (2, 17, 9, 9)),
    "oblong": ((3, 2), (1, 2), (1, 0), (1, 4, 6, 7)),
    "gaps": ((2, 2), (3, 3), (0, 0), (2, 3, 8, 9)),
    "all of it": ((5, 4), (5, 4), (0, 0), (2, 3, 5, 4)),
}
MODES = ["max", "average_exc_pad", "average_inc_pad"]


def distinct(rng, shape):
    """Values without ties, at which a maximum has a gradient; large against the step."""
    return (rng.permutation(int(np.prod(shape))).reshape(shape) * 0.01).astype("float32")


def ops(function):
    return [type(node.op) for node in function.maker.fgraph.apply_nodes]


@pytest.mark.parametrize("ignore_border", [True, False])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
def test_pool_2d(case, mode, ignore_border, rng):
    window, stride, pad, shape = CASES[case]
    if any(pad) and not ignore_border:
        pytest.skip("Theano pads only with ignore_border")
    x = T.tensor4()
    y = T.signal.pool.pool_2d(
        x, window, stride=stride, pad=pad, mode=mode, ignore_border=ignore_border
    )
    pads = tuple((p, p) for p in pad)

    def expected(image):
        return oracle.pool(image, window, stride, pads, mode, ignore_border)

    image = distinct(rng, shape)
    weights = rng.normal(size=expected(image).shape).astype("float32")
    function = theano.function([x], [y, T.grad((y * weights).sum(), x)])
    value, gradient = function(image)
    np.testing.assert_allclose(value, expected(image), rtol=1e-5, atol=1e-6)
    oracle.check_gradients(
        lambda image: (expected(image) * weights).sum(), [image], [gradient], rng, rtol=1e-5
    )
    assert {Pool2d, Pool2dGrad} <= set(ops(function))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", MODES)
def test_padding_side_by_side(mode, dtype, rng):
    shape, pad = (2, 5, 8, 7), ((0, 1), (1, 0))
    x = T.TensorType(dtype, (False,) * 4)()
    y = tt.kernels.pool2d(x, (3, 3), (2, 2), pad, mode)
    image = distinct(rng, shape).astype(dtype) - 1
    expected = oracle.pool(image, (3, 3), (2, 2), pad, mode)
    weights = rng.normal(size=expected.shape).astype(dtype)
    value, gradient = theano.function([x], [y, T.grad((y * weights).sum(), x)])(image)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    oracle.check_gradients(
        lambda image: (oracle.pool(image, (3, 3), (2, 2), pad, mode) * weights).sum(),
        [image],
        [gradient],
        rng,
        rtol=1e-5,
    )


def test_float64_pool_2d(rng):
    x = T.dtensor4()
    y = T.signal.pool.pool_2d(x, (2, 2), ignore_border=True)
    image = rng.normal(size=(2, 3, 6, 6))
    np.testing.assert_allclose(
        theano.function([x], y)(image), oracle.pool(image, (2, 2), (2, 2)), rtol=1e-12
    )


def test_empty_batch_and_changing_sizes(rng):
    x = T.tensor4()
    y = T.signal.pool.pool_2d(x, (2, 2), ignore_border=True)
    function = theano.function([x], [y, T.grad(y.sum(), x)])
    for shape in ((0, 3, 4, 4), (2, 3, 4, 4), (1, 5, 9, 4), (0, 3, 6, 4)):
        image = distinct(rng, shape)
        value, gradient = function(image)
        assert gradient.shape == shape
        np.testing.assert_allclose(value, oracle.pool(image, (2, 2), (2, 2)))


def test_strides_do_not_matter(rng):
    x = T.tensor4()
    function = theano.function([x], T.signal.pool.pool_2d(x, (3, 2), ignore_border=True))
    image = distinct(rng, (2, 3, 9, 8))
    expected = oracle.pool(image, (3, 2), (3, 2))
    for arranged in (
        np.asfortranarray(image),
        np.ascontiguousarray(image[:, ::-1])[:, ::-1],
        np.ascontiguousarray(image.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
    ):
        np.testing.assert_allclose(function(arranged), expected)


@pytest.mark.parametrize("mode", ["max", "average_inc_pad"])
def test_second_derivatives(mode, rng):
    image = distinct(rng, (1, 2, 5, 5)).astype("float64")

    def slope(x):
        y = tt.kernels.pool2d(x, (3, 3), (2, 2), ((0, 1), (1, 1)), mode)
        return (T.grad((y**3).sum(), x) ** 2).sum()

    theano.gradient.verify_grad(slope, [image], rng=np.random.RandomState(0))


def test_lasagne_layers_get_it(rng):
    x = T.tensor4()
    layer = lasagne.layers.InputLayer((None, 3, 8, 8), x)
    layer = lasagne.layers.MaxPool2DLayer(layer, 2)
    assert ops(theano.function([x], lasagne.layers.get_output(layer))) == [Pool2d]


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "sum"},
        {"window": (0, 2)},
        {"pad": ((2, 0), (0, 0))},
        {"pad": ((1, 0), (0, 0)), "ignore_border": False},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match=r"got|expected"):
        Pool2d(**{"window": (2, 2), **settings})


def test_window_larger_than_the_images_is_refused():
    x = T.tensor4()
    function = theano.function([x], tt.kernels.pool2d(x, (3, 3)))
    with pytest.raises(ValueError, match="does not fit"):
        function(np.zeros((1, 1, 2, 2), "float32"))
