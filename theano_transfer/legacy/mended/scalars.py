"""``theano.scalar``: Ops under their old names."""

import builtins

from aesara import config, scalar
from aesara.scalar import basic

IntDiv, TrueDiv, Inv = basic.FloorDivide, basic.TrueDivide, basic.Reciprocal
Maximum, Minimum = basic.ScalarMaximum, basic.ScalarMinimum
maximum, minimum = basic.scalar_maximum, basic.scalar_minimum
abs_, inv, sqr = basic.abs, basic.reciprocal, basic.square
int_div, floor_div, true_div = basic.floor_divide, basic.floor_divide, basic.true_divide
builtin_bool, builtin_complex = builtins.bool, builtins.complex
builtin_float, builtin_int = builtins.float, builtins.int
imported_scipy_special = True


def div_proxy(x, y):
    """The quotient of `x` and `y`."""
    return basic.true_divide(x, y)


int_or_true_div = div_proxy


def theano_dtype(expr):
    """The dtype of a variable, as programs ask for it beside sympy."""
    return expr.dtype if hasattr(expr, "dtype") else config.floatX


upcast = scalar.upcast

__all__ = [
    "IntDiv",
    "Inv",
    "Maximum",
    "Minimum",
    "TrueDiv",
    "abs_",
    "builtin_bool",
    "builtin_complex",
    "builtin_float",
    "builtin_int",
    "div_proxy",
    "floor_div",
    "imported_scipy_special",
    "int_div",
    "int_or_true_div",
    "inv",
    "maximum",
    "minimum",
    "sqr",
    "theano_dtype",
    "true_div",
    "upcast",
]
