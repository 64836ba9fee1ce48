"""Pooling and zero-padding layers against loops over every window."""

import numpy as np
import oracle
import pytest
import theano
import theano.tensor as T
from lasagne.layers import InputLayer, get_output, get_output_shape

from theano_transfer.layers import Pool2DLayer, ZeroPad2DLayer
from theano_transfer.layers._padding import same_padding

MODES = ("max", "average_exc_pad", "average_inc_pad")

# pool_size, stride, pad
CASES = {
    "halves": (2, None, "valid"),
    "overlapping": (3, 2, "valid"),
    "rectangular": ((3, 2), (1, 2), "valid"),
    "symmetric": (3, 2, 1),
    "one side": ((3, 3), 2, ((0, 1), (2, 0))),
    "same": (3, 2, "same"),
    "same, stride 1": (3, 1, "same"),
    "same, even": (2, 2, "same"),
}


@pytest.mark.parametrize("size_known", [True, False])
@pytest.mark.parametrize("size", [(7, 8), (8, 7)])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
def test_pooling(rng, case, mode, size, size_known):
    window, stride, pad = CASES[case]
    declared = (None, 3, *(size if size_known else (None, None)))
    layer = Pool2DLayer(InputLayer(declared), window, stride, pad=pad, mode=mode)
    pads = layer.pad
    if pads == "same":
        pads = [same_padding(*axis) for axis in zip(size, layer.pool_size, layer.stride)]
    # below zero, so that padding with zeros would show up among maxima
    x = (rng.normal(size=(2, 3, *size)) - 5).astype(theano.config.floatX)
    expected = oracle.pool(x, layer.pool_size, layer.stride, pads, mode)

    images = T.tensor4()
    found = theano.function([images], get_output(layer, images))(x)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    promised = expected.shape[2:] if size_known else (None, None)
    assert layer.output_shape == (None, 3, *promised)
    assert get_output_shape(layer, x.shape) == expected.shape


@pytest.mark.parametrize("mode", MODES)
def test_gradients_do_not_depend_on_the_size_being_declared(rng, mode):
    x = rng.normal(size=(2, 3, 7, 8)).astype(theano.config.floatX)
    gradients = []
    for size in ((7, 8), (None, None)):
        layer = Pool2DLayer(InputLayer((None, 3, *size)), 3, 2, pad="same", mode=mode)
        images = T.tensor4()
        loss = (get_output(layer, images) ** 2).sum()
        gradients.append(theano.function([images], T.grad(loss, images))(x))
    assert np.abs(gradients[0]).max() > 0.1
    np.testing.assert_allclose(gradients[1], gradients[0], atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "arguments", "keywords", "message"),
    [
        ((None, 3), (2,), {}, "takes images"),
        ((None, 3, 8, 8), (2,), {"mode": "sum"}, "mode of this pooling must be one of"),
        ((None, 3, 8, 8), (2,), {"pad": 2}, "must be smaller than its window"),
        ((None, 3, 8, 8), (2, 0), {}, "stride must be"),
        ((None, 3, 2, None), (3,), {"name": "pool1"}, "pooling 'pool1' gets images of"),
    ],
)
def test_what_does_not_fit_is_refused(shape, arguments, keywords, message):
    with pytest.raises(ValueError, match=message):
        Pool2DLayer(shape, *arguments, **keywords)


@pytest.mark.parametrize(
    ("padding", "pads"),
    [(1, ((1, 1), (1, 1))), ((0, 2), ((0, 0), (2, 2))), (((0, 1), (2, 3)), ((0, 1), (2, 3)))],
)
def test_zero_padding(rng, padding, pads):
    layer = ZeroPad2DLayer(InputLayer((None, 3, 4, None)), padding)
    x = rng.normal(size=(2, 3, 4, 5)).astype(theano.config.floatX)
    images = T.tensor4()
    found = theano.function([images], get_output(layer, images))(x)
    np.testing.assert_array_equal(found, np.pad(x, ((0, 0), (0, 0), *pads)))
    assert layer.output_shape == (None, 3, found.shape[2], None)
    assert get_output_shape(layer, x.shape) == found.shape


def test_zero_padding_is_a_number_of_rows_and_columns():
    with pytest.raises(ValueError, match="not 'same'"):
        ZeroPad2DLayer((None, 3, 4, 5), "same")
    with pytest.raises(ValueError, match="takes images"):
        ZeroPad2DLayer((None, 3), 1)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("mode", ["max", "average_exc_pad"])
@pytest.mark.parametrize("size", [(7, 8), (9, 10), (3, 4)])
def test_the_last_window_may_hang_over(size, mode, declared, rng):
    """As in Caffe: every place is seen by a window, but nothing is seen outside."""
    images = InputLayer((None, 2, *(size if declared else (None, None))))
    layer = Pool2DLayer(images, 3, 2, pad="ceil", mode=mode)
    x = rng.normal(size=(2, 2, *size)).astype("float32")
    found = theano.function([images.input_var], get_output(layer))(x)
    function = np.max if mode == "max" else np.mean
    starts = [range(0, max(n - 3, 0) + 1 + (n - 3) % 2, 2) for n in size]
    expected = [
        [function(x[:, :, i : i + 3, j : j + 3], axis=(2, 3)) for j in starts[1]] for i in starts[0]
    ]
    np.testing.assert_allclose(found, np.transpose(expected, (2, 3, 0, 1)), rtol=1e-5, atol=1e-6)
    assert get_output_shape(layer, x.shape) == found.shape


def test_no_window_lies_outside():
    with pytest.raises(ValueError, match="must not be above its window"):
        Pool2DLayer((None, 2, 8, 8), 2, 3, pad="ceil")
