"""How fast this machine multiplies, measured through the functions that training compiles."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

# A layer from the middle of VGG16: 3 x 3, 128 to 128 channels on 56 x 56 positions.
BATCH, CHANNELS, POSITIONS = 4, 128, 56
GEMM = 1024


@dataclass(frozen=True)
class Speed:
    """Time and rate of one operation; `error` is its largest relative error."""

    seconds: float
    operations: float
    error: float
    compiling: float

    @property
    def gflops(self) -> float:
        """10^9 additions and multiplications in a second."""
        return self.operations / self.seconds / 1e9


def measure_convolution() -> Speed:
    """A 3 x 3 convolution, (4, 128, 56, 56) to the same, padded by 1."""
    import theano
    import theano.tensor as T

    x, W = T.tensor4("x", dtype="float32"), T.tensor4("W", dtype="float32")
    rng = np.random.default_rng(0)
    # channels-last in memory, as data sets deliver pictures
    pictures = rng.standard_normal((BATCH, POSITIONS, POSITIONS, CHANNELS), dtype=np.float32)
    pictures = pictures.transpose(0, 3, 1, 2)
    kernels = rng.standard_normal((CHANNELS, CHANNELS, 3, 3), dtype=np.float32)
    began = time.perf_counter()
    convolve = theano.function(
        [x, W], T.nnet.conv2d(x, W, border_mode=1, filter_flip=False), name="doctor"
    )
    compiling = time.perf_counter() - began
    seconds, maps = _best(lambda: convolve(pictures, kernels))
    row, column = POSITIONS // 2, POSITIONS // 3
    window = pictures[:, :, row - 1 : row + 2, column - 1 : column + 2].astype(np.float64)
    expected = np.einsum("bcij,ocij->bo", window, kernels)
    operations = 2.0 * 9 * BATCH * CHANNELS**2 * POSITIONS**2
    return Speed(seconds, operations, _error(maps[:, :, row, column], expected), compiling)


def measure_product() -> Speed:
    """A product of two matrices of 1024 x 1024."""
    import theano
    import theano.tensor as T

    a, b = T.matrix("a", dtype="float32"), T.matrix("b", dtype="float32")
    left, right = np.random.default_rng(1).standard_normal((2, GEMM, GEMM), dtype=np.float32)
    began = time.perf_counter()
    multiply = theano.function([a, b], T.dot(a, b), name="doctor")
    compiling = time.perf_counter() - began
    seconds, product = _best(lambda: multiply(left, right))
    expected = left[7].astype(np.float64) @ right
    return Speed(seconds, 2.0 * GEMM**3, _error(product[7], expected), compiling)


def _best(compute, *, at_least=3, within=1.0):
    """The shortest time of several calls, and what they computed."""
    result = compute()  # the first call prepares kernels
    times: list[float] = []
    while len(times) < at_least or (sum(times) < within and len(times) < 100):
        began = time.perf_counter()
        result = compute()
        times.append(time.perf_counter() - began)
        if times[-1] > within:
            break
    return min(times), result


def _error(found, expected) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())
