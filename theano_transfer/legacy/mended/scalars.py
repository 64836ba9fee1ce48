"""``theano.scalar``: Ops under their old names."""

import builtins

from aesara import config, scalar
from aesara.scalar import basic

IntDiv, TrueDiv = basic.IntDiv, basic.TrueDiv
Maximum, Minimum = basic.ScalarMaximum, basic.ScalarMinimum
maximum, minimum = basic.scalar_maximum, basic.scalar_minimum
abs_ = basic.scalar_abs if hasattr(basic, "scalar_abs") else basic.abs
int_div, true_div = basic.int_div, basic.true_divide
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
    "Maximum",
    "Minimum",
    "TrueDiv",
    "abs_",
    "builtin_bool",
    "builtin_complex",
    "builtin_float",
    "builtin_int",
    "div_proxy",
    "imported_scipy_special",
    "int_div",
    "int_or_true_div",
    "maximum",
    "minimum",
    "theano_dtype",
    "true_div",
    "upcast",
]
