"""Keras's activation functions by their names, and those that layers of them stand for.

Facts: keras/src/activations/activations.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import theano.tensor as T
from lasagne.nonlinearities import LeakyRectify, rectify, sigmoid, softmax, tanh

from ..layers import hard_sigmoid, hard_swish, relu6, swish

Function = Callable[[Any], Any]
_SELU = 1.6732632423543772, 1.0507009873554805  # alpha, scale


def elu(alpha: float) -> Function:
    """``x`` where positive, else ``alpha * (exp(x) - 1)``."""
    return lambda x: T.switch(x > 0, x, alpha * T.expm1(x))


def rectified(slope: float, threshold: float, ceiling: float | None) -> Function:
    """``min(x, ceiling)`` from the threshold on, ``slope * (x - threshold)`` below it."""
    if (slope, threshold) == (0, 0) and ceiling in (None, 6):
        return rectify if ceiling is None else relu6

    def function(x: Any) -> Any:
        x = T.switch(x >= threshold, x, slope * (x - threshold))
        return x if ceiling is None else T.minimum(x, ceiling)

    return function


def softmax_along(axis: int, ndim: int) -> Function:
    """Softmax of something of `ndim` axes along one of them."""
    if ndim == 2:
        return softmax

    def function(x: Any) -> Any:
        powers = T.exp(x - x.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)

    return function


def log_softmax_along(axis: int, ndim: int) -> Function:
    """The logarithm of softmax along an axis."""

    def function(x: Any) -> Any:
        x = x - x.max(axis=axis, keepdims=True)
        return x - T.log(T.exp(x).sum(axis=axis, keepdims=True))

    return function


def former_hard_sigmoid(x: Any) -> Any:
    """That of Keras 1 and 2."""
    return T.clip(0.2 * x + 0.5, 0, 1)


def _selu(x: Any) -> Any:
    return _SELU[1] * elu(_SELU[0])(x)


def _gelu(x: Any) -> Any:
    return 0.5 * x * (1 + T.erf(x / math.sqrt(2)))


def _soft_shrink(x: Any) -> Any:
    return T.sgn(x) * T.maximum(abs(x) - 0.5, 0)


def _hard_shrink(x: Any) -> Any:
    return T.switch(abs(x) > 0.5, x, 0)


def _sparse_plus(x: Any) -> Any:
    return T.switch(x <= -1, 0, T.switch(x < 1, T.sqr(x + 1) / 4, x))


def _squareplus(x: Any) -> Any:
    return (x + T.sqrt(T.sqr(x) + 4)) / 2


ACTIVATIONS: dict[str, Function | None] = {
    "linear": None,
    "relu": rectify,
    "relu6": relu6,
    "leaky_relu": LeakyRectify(0.2),
    "elu": elu(1.0),
    "celu": elu(1.0),
    "selu": _selu,
    "gelu": _gelu,
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "sparse_sigmoid": lambda x: T.clip(0.5 * (x + 1), 0, 1),
    "log_sigmoid": lambda x: -T.nnet.softplus(-x),
    "tanh": tanh,
    "hard_tanh": lambda x: T.clip(x, -1, 1),
    "tanh_shrink": lambda x: x - T.tanh(x),
    "softplus": T.nnet.softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "soft_shrink": _soft_shrink,
    "hard_shrink": _hard_shrink,
    "squareplus": _squareplus,
    "sparse_plus": _sparse_plus,
    "exponential": T.exp,
    "swish": swish,
    "silu": swish,
    "hard_swish": hard_swish,
    "hard_silu": hard_swish,
    "mish": lambda x: x * T.tanh(T.nnet.softplus(x)),
}
# Those that work along an axis: in Keras the last one.
ALONG_AN_AXIS: dict[str, Callable[[int, int], Function]] = {
    "softmax": softmax_along,
    "log_softmax": log_softmax_along,
}
