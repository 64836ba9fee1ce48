import numpy as np
import pytest
import theano.tensor as T
from aesara.tensor.nnet.abstract_conv import causal_conv1d, conv2d_transpose, conv3d

from theano_transfer.kernels import Conv2d
from theano_transfer.kernels._conv import as_pads

CASES = {
    "full": {"border_mode": "full"},
    "half, strides": {"border_mode": "half", "subsample": (2, 3), "filter_flip": False},
    "pairs, dilation": {"border_mode": ((1, 2), (0, 3)), "filter_dilation": (2, 1)},
    "groups": {"border_mode": (2, 1), "num_groups": 2, "subsample": (2, 1)},
}


def pictures(rng, groups=1):
    """Images and filters."""
    shapes = (2, 4, 9, 8), (6, 4 // groups, 3, 2)
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


@pytest.mark.parametrize("options", CASES.values(), ids=CASES.keys())
def test_aesaras(agree, with_gradients, rng, options):
    x, w = T.tensor4("x"), T.tensor4("w")
    y = T.nnet.conv2d(x, w, **options)
    agree([x, w], with_gradients(y, x, w), *pictures(rng, options.get("num_groups", 1)), atol=1e-4)


@pytest.mark.parametrize("options", CASES.values(), ids=CASES.keys())
def test_ours(agree, with_gradients, rng, options):
    groups = options.get("num_groups", 1)
    pads = as_pads(options["border_mode"])
    stride, dilation = options.get("subsample", (1, 1)), options.get("filter_dilation", (1, 1))
    x, w, b = T.tensor4("x"), T.tensor4("w"), T.vector("b")
    y = Conv2d(pads, stride, dilation, groups, activation_name="relu6")(x, w, b)
    bias = rng.normal(size=6).astype("float32")
    outputs = with_gradients(y, x, w, b)
    agree([x, w, b], outputs, *pictures(rng, groups), bias, atol=1e-4)


def test_what_a_convolution_can_take_along(agree, rng):
    x, w, residual = T.tensor4("x"), T.tensor4("w"), T.tensor4("residual")
    vectors = [T.vector() for _ in range(4)]
    op = Conv2d(parts=("normalisation", "residual"), activation_name="relu")
    shapes = [(6,)] * 4 + [(2, 6, 7, 7)]
    values = [rng.uniform(0.5, 2, size=shape).astype("float32") for shape in shapes]
    y = op(x, w, *vectors, np.float32(1e-3), residual)
    agree([x, w, *vectors, residual], [y], *pictures(rng), *values, atol=1e-4)


def test_one_and_three_dimensions(agree, with_gradients, rng):
    x, w = (T.TensorType("float32", (None,) * 5)() for _ in "xw")
    y = conv3d(x, w, border_mode=(1, 0, 1), subsample=(1, 2, 1))
    images = rng.normal(size=(2, 2, 4, 5, 4)).astype("float32")
    filters = rng.normal(size=(3, 2, 2, 2, 3)).astype("float32")
    agree([x, w], with_gradients(y, x, w), images, filters, atol=1e-4)

    x, w = T.tensor3("x"), T.tensor3("w")
    y = causal_conv1d(x, w, (3, 2, 3), filter_dilation=2)
    signals = rng.normal(size=(2, 2, 9)).astype("float32")
    filters = rng.normal(size=(3, 2, 3)).astype("float32")
    agree([x, w], with_gradients(y, x, w), signals, filters, atol=1e-4)


def test_transposed(agree, with_gradients, rng):
    x, w = T.tensor4("x"), T.tensor4("w")
    y = conv2d_transpose(x, w, (2, 3, 11, 9), border_mode=(1, 1), input_dilation=(2, 2))
    images = rng.normal(size=(2, 4, 6, 5)).astype("float32")
    filters = rng.normal(size=(4, 3, 3, 3)).astype("float32")
    agree([x, w], with_gradients(y, x, w), images, filters, atol=1e-4)


@pytest.mark.parametrize("flip", [False, True])
def test_filters_of_their_own_for_each_position(agree, with_gradients, rng, flip):
    x, w = T.tensor4("x"), T.TensorType("float32", (None,) * 6)("w")
    shapes = (2, 4, 6, 5), (6, 4, 3, 2, 3, 2)
    y = T.nnet.conv2d(x, w, *shapes, ((1, 2), (0, 1)), (2, 2), flip, num_groups=2, unshared=True)
    values = [rng.normal(size=shape).astype("float32") for shape in shapes]
    agree([x, w], with_gradients(y, x, w), *values, atol=1e-4)
