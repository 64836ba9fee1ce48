import numpy as np
import pytest
import theano.tensor as T
from theano.tensor.signal.pool import pool_2d, pool_3d

from theano_transfer.kernels import Pool2d

MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")


@pytest.mark.parametrize("mode", MODES)
def test_aesaras(agree, with_gradients, rng, mode):
    x = T.tensor4("x")
    images = rng.normal(size=(2, 3, 9, 8)).astype("float32")
    padded = pool_2d(x, (3, 2), True, (2, 2), (1, 1), mode)
    outputs = [
        # Aesara's NumPy code lacks one of these gradients; it is among ours below.
        *([padded] if mode == "average_exc_pad" else with_gradients(padded, x)),
        *with_gradients(pool_2d(x, (2, 3), False, (3, 2), mode=mode), x),
        *with_gradients(pool_2d(x, (4, 3), False, mode=mode), x),
    ]
    agree([x], outputs, images)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "sum"])
def test_ours(agree, with_gradients, rng, mode):
    x = T.tensor4("x")
    images = rng.normal(size=(2, 3, 9, 8)).astype("float32")
    outputs = [
        *with_gradients(Pool2d((3, 2), (2, 2), ((1, 2), (0, 1)), mode)(x), x),
        *with_gradients(Pool2d((3, 3), (2, 2), mode=mode, ignore_border=False)(x), x),
    ]
    agree([x], outputs, images)


def test_three_dimensions(agree, with_gradients, rng):
    x = T.TensorType("float32", (None,) * 5)("x")
    volumes = rng.normal(size=(1, 2, 5, 4, 4)).astype("float32")
    outputs = with_gradients(pool_3d(x, (2, 2, 2), True, (2, 1, 2), (1, 0, 1)), x)
    agree([x], outputs, volumes)


def test_gradient_of_the_gradient(agree, rng):
    x = T.tensor4("x")
    images = rng.normal(size=(1, 2, 6, 6)).astype("float32")
    outputs = []
    for pooled in (pool_2d(x, (3, 3), True, (2, 2)), Pool2d((3, 3), (2, 2))(x)):
        gradient = T.grad((pooled**2).sum(), x)
        outputs.append(T.grad((gradient**3).sum(), x))
    agree([x], outputs, images, atol=1e-4)


def test_whole_numbers(agree):
    x = T.itensor4("x")
    images = -np.arange(36, dtype="int32").reshape(1, 1, 6, 6)
    agree([x], [pool_2d(x, (2, 2), True, pad=(1, 1))], images)


def test_large_windows_and_equal_elements(agree, with_gradients):
    """A window's gradient goes to its first maximum, whichever way it is computed."""
    x = T.tensor4("x")
    images = np.arange(200, dtype="float32").reshape(1, 2, 10, 10) // 7 % 5
    outputs = with_gradients(Pool2d((9, 9), (1, 1))(x), x)
    outputs += with_gradients(Pool2d((3, 3), (1, 2), ((1, 0), (2, 1)))(x), x)
    agree([x], outputs, images)
