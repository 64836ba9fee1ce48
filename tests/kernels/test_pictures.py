"""The first convolution of a network, of three channels and every second pixel, against a sum over
windows in float64."""

import contextlib

import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.kernels import Conv2d, _building, missing, without
from theano_transfer.kernels._bfloat16 import Conv2dBfloat16, narrow, rounded, widen, widened
from theano_transfer.kernels._library import MEASURED, has_bfloat16

pytestmark = pytest.mark.skipif(bool(missing()), reason="this machine has no fast path")

CASES = {  # rows, columns, outputs, window, row stride, pads (before, after)
    "3x3": (30, 33, 32, (3, 3), 2, ((0, 1), (0, 1))),
    "7x7": (40, 32, 64, (7, 7), 2, ((3, 3), (3, 3))),
    "odd": (31, 35, 48, (5, 3), 1, ((2, 1), (1, 2))),
    "rows apart": (29, 60, 16, (2, 4), 3, ((0, 0), (2, 5))),
    "without an edge": (9, 31, 32, (3, 3), 2, ((0, 0), (0, 0))),
}


def reference(x, w, bias, stride, pads):
    padded = np.pad(x.astype("float64"), ((0, 0), (0, 0), *pads))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    windows = windows[:, :, :: stride[0], :: stride[1]]
    y = np.einsum("nchwij,ocij->nohw", windows, w.astype("float64"), optimize=True)
    return np.clip(y + bias[:, None, None], 0, 6)


@contextlib.contextmanager
def only_pictures():
    with without("direct"), without("direct_second"):
        yield


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_output(case, precision, rng):
    rows, columns, out, window, row_stride, pads = CASES[case]
    x = rng.normal(size=(3, 3, rows, columns)).astype("float32")
    w = rng.normal(size=(out, 3, *window)).astype("float32")
    bias = rng.normal(size=out).astype("float32")
    stride = (row_stride, 2)
    op = Conv2d(pads, stride, activation_name="relu6", parts=("bias",))
    images, filters, b = T.tensor4(), T.tensor4(), T.vector()
    if precision == "float32":
        y, tolerance = op(images, filters, b), 1e-5
    elif not has_bfloat16():
        pytest.skip("no bfloat16 on this machine")
    else:
        x, w = widened(rounded(x)), widened(rounded(w))
        y = widen(Conv2dBfloat16(**op.settings())(narrow(images), filters, b))
        tolerance = 2.0**-8  # of what is written
    function = theano.function([images, filters, b], y)
    expected = reference(x, w, bias, stride, pads)
    for kernel in (only_pictures, contextlib.nullcontext):
        with kernel():
            np.testing.assert_allclose(
                function(x, w, bias), expected, rtol=tolerance, atol=tolerance
            )


def test_it_is_measured_beside_the_direct_kernel(rng):
    x = rng.normal(size=(1, 3, 41, 43)).astype("float32")
    w = rng.normal(size=(32, 3, 3, 3)).astype("float32")
    images, filters = T.tensor4(), T.tensor4()
    theano.function([images, filters], Conv2d(stride=(2, 2))(images, filters))(x, w)
    record = _building.own_directory(_building.recipe()) / MEASURED
    lines = [n for n in record.read_text().splitlines() if " 1 3 41 43 32 3 3 3 2 2 " in n]
    assert lines
    assert all(" of direct pictures = " in line for line in lines)
