"""Functions of ``theano.tensor`` whose arguments or results changed."""

import builtins

import numpy as np
from aesara import tensor as at
from aesara.tensor import extra_ops
from aesara.tensor.elemwise import CAReduce


def stack(*tensors, **kwargs):
    """Join along a new axis: ``stack([a, b], axis=0)``, or ``stack(a, b)`` as it was first."""
    if "tensors" in kwargs:
        tensors = (kwargs.pop("tensors"), *tensors)
    if not tensors:
        raise TypeError("stack takes a list of tensors")
    if isinstance(tensors[0], (list, tuple)):
        return at.stack(*tensors, **kwargs)
    return at.stack(list(tensors), **kwargs)


def flatten(x, ndim=None, outdim=None):
    """`x` with its last axes joined into one, so that `ndim` (or `outdim`; 1) axes are left."""
    if ndim is not None and outdim is not None:
        raise ValueError("ndim and outdim are one argument under two names: give one of them")
    return at.flatten(x, ndim=next((n for n in (ndim, outdim) if n is not None), 1))


def Flatten(outdim=1):
    """The function that flattens to `outdim` axes."""
    return lambda x: flatten(x, outdim)


def Tile(ndim):
    """The function that tiles to `ndim` axes."""
    return lambda x, reps: at.tile(x, reps, ndim=ndim)


def choose(a, choices, out=None, mode="raise"):
    """``numpy.choose(a, choices, mode=mode)``; `out` must be None."""
    if out is not None:
        raise ValueError("choose: out is not None; expressions have no memory to write to")
    return at.choose(a, choices, mode=mode)


def unravel_index(indices, dims, order="C", ndim=None):
    """The indices of each axis for flat `indices` into an array of shape `dims`."""
    return extra_ops.unravel_index(indices, dims, order=order)


def RepeatOp(axis=None):
    """The Op ``numpy.repeat`` along `axis`."""
    return extra_ops.Repeat(axis)


def DiffOp(n=1, axis=-1):
    """The function that takes `n` differences along `axis`."""
    return lambda x: extra_ops.diff(x, n=n, axis=axis)


def check_equal_numpy(x, y):
    """Whether two arrays (or other values) have the same dtype, shape and elements."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return x.dtype == y.dtype and x.shape == y.shape and bool(np.all(abs(x - y) < 1e-10))
    return type(x) is type(y) and x == y


def div_proxy(x, y):
    """The quotient of `x` and `y`: never the whole part alone."""
    return at.true_divide(x, y)


class EmptyConstantError(at.exceptions.NotScalarConstantError):
    """Raised when the value asked for is of an empty constant."""


CAReduceDtype = CAReduce
python_all, python_any, python_complex = builtins.all, builtins.any, builtins.complex
numpy_scalar = at.get_scalar_constant_value
constructor = at.as_tensor_variable

__all__ = [
    "CAReduceDtype",
    "DiffOp",
    "EmptyConstantError",
    "Flatten",
    "RepeatOp",
    "Tile",
    "check_equal_numpy",
    "choose",
    "constructor",
    "div_proxy",
    "flatten",
    "numpy_scalar",
    "python_all",
    "python_any",
    "python_complex",
    "stack",
    "unravel_index",
]
