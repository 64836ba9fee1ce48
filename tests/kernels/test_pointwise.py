"""Filters of 1x1 against a product of matrices in float64."""

import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.kernels import Conv2d, missing, without

pytestmark = pytest.mark.skipif(bool(missing()), reason="this machine has no fast path")

SIZES = {  # batch, in, out, rows, columns, stride
    "one pixel": (1, 16, 16, 1, 1, (1, 1)),
    "odd": (3, 5, 48, 7, 5, (1, 1)),
    "strided": (2, 64, 32, 9, 10, (2, 2)),
    "strided otherwise": (2, 33, 80, 10, 9, (3, 2)),
    "deep": (2, 600, 64, 7, 7, (1, 1)),
    "many pixels": (4, 16, 32, 30, 31, (1, 1)),
}


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_output(size, in_place, rng):
    batch, channels, out, rows, columns, stride = SIZES[size]
    x = rng.normal(size=(batch, channels, rows, columns)).astype("float32")
    w = rng.normal(size=(out, channels, 1, 1)).astype("float32")
    bias = rng.normal(size=out).astype("float32")
    seen = x[:, :, :: stride[0], :: stride[1]].astype("float64")
    expected = np.einsum("nchw,oc->nohw", seen, w[:, :, 0, 0]) + bias[:, None, None]
    residual = rng.normal(size=expected.shape).astype("float32")
    expected = np.clip(expected + residual, 0, None)
    op = Conv2d(
        stride=stride, activation_name="relu", parts=("bias", "residual"), in_place=in_place
    )
    variables = [T.TensorType("float32", (False,) * np.ndim(a))() for a in (x, w, bias)]
    r = T.tensor4()
    # The sum is made here, so that it may be written over; it lies channels-last then.
    images, filters, b = variables
    added = Conv2d()(r, np.eye(out, dtype="float32")[:, :, None, None])
    function = theano.function([*variables, r], op(images, filters, b, added), accept_inplace=True)
    for kernel in ("direct", "pointwise"):
        with without(kernel):
            for _ in range(3):
                found = function(x, w, bias, residual)
                np.testing.assert_allclose(
                    found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max()
                )


def test_measuring_leaves_the_residual_alone(rng):
    """Where both kernels may be chosen, each runs several times on the first call."""
    x = rng.normal(size=(2, 32, 11, 13)).astype("float32")
    w = rng.normal(size=(32, 32, 1, 1)).astype("float32")
    a, b = T.tensor4(), T.tensor4()
    once = Conv2d()(a, b)
    op = Conv2d(parts=("residual",), in_place=True)
    function = theano.function([a, b], op(a, b, once), accept_inplace=True)
    expected = 2 * np.einsum("nchw,oc->nohw", x.astype("float64"), w[:, :, 0, 0])
    for _ in range(3):
        np.testing.assert_allclose(function(x, w), expected, rtol=1e-3, atol=1e-4)
