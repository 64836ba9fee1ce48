"""Ops that make arrays of given shapes, and that take shapes apart."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.printing import Print
from aesara.raise_op import Assert, CheckAndRaise
from aesara.tensor.basic import (
    Alloc,
    AllocEmpty,
    ARange,
    Eye,
    Join,
    MakeVector,
    Split,
    Tri,
)
from aesara.tensor.extra_ops import BroadcastTo, Repeat
from aesara.tensor.shape import Reshape, Shape, Shape_i, SpecifyShape
from jax import Array
from jax import debug as jax_debug

from theano_transfer.backends._graph import number, numbers


@jax_funcify.register(Shape)
def shape(op, **kwargs):
    return lambda x: np.asarray(np.shape(x), "int64")


@jax_funcify.register(Shape_i)
def shape_i(op, **kwargs):
    return lambda x: np.asarray(np.shape(x)[op.i], "int64")


@jax_funcify.register(Reshape)
def reshape(op, **kwargs):
    return lambda x, shape: jnp.reshape(x, numbers(shape, f"the shape of {op}"))


@jax_funcify.register(SpecifyShape)
def specify_shape(op, **kwargs):
    def apply(x, *lengths):
        expected = [None if n is None else number(n, f"the shape of {op}") for n in lengths]
        if any(n is not None and n != found for n, found in zip(expected, x.shape)):
            raise ValueError(f"an array of shape {tuple(expected)} was expected; got {x.shape}")
        return x

    return apply


@jax_funcify.register(Alloc)
def alloc(op, **kwargs):
    def apply(value, *lengths):
        return jnp.broadcast_to(value, tuple(number(n, f"the shape of {op}") for n in lengths))

    return apply


@jax_funcify.register(AllocEmpty)
def alloc_empty(op, **kwargs):
    def apply(*lengths):
        return jnp.zeros(tuple(number(n, f"the shape of {op}") for n in lengths), op.dtype)

    return apply


@jax_funcify.register(BroadcastTo)
def broadcast_to(op, **kwargs):
    return alloc(op)


@jax_funcify.register(ARange)
def arange(op, **kwargs):
    def apply(*limits):
        start, stop, step = (number(v, f"a limit of {op}") for v in limits)
        return jnp.arange(start, stop, step, dtype=op.dtype)

    return apply


@jax_funcify.register(Eye)
def eye(op, **kwargs):
    def apply(*values):
        rows, columns, diagonal = (number(v, f"the size of {op}") for v in values)
        return jnp.eye(rows, columns, diagonal, dtype=op.dtype)

    return apply


@jax_funcify.register(Tri)
def tri(op, **kwargs):
    def apply(*values):
        rows, columns, diagonal = (number(v, f"the size of {op}") for v in values)
        return jnp.tri(rows, columns, diagonal, dtype=op.dtype)

    return apply


@jax_funcify.register(Repeat)
def repeat(op, **kwargs):
    def apply(x, repeats):
        counts = np.asarray(numbers(repeats, f"how often {op} repeats"))
        counts = counts[0] if np.ndim(repeats) == 0 else counts
        return jnp.repeat(x, counts, axis=op.axis)

    return apply


@jax_funcify.register(Join)
def join(op, **kwargs):
    def apply(axis, *arrays):
        return jnp.concatenate(arrays, axis=number(axis, f"the axis of {op}"))

    return apply


@jax_funcify.register(Split)
def split(op, **kwargs):
    def apply(x, axis, lengths):
        lengths = numbers(lengths, f"the lengths of {op}")
        axis = number(axis, f"the axis of {op}")
        if sum(lengths) != x.shape[axis]:
            raise ValueError(f"{op} of lengths {lengths} got an axis of length {x.shape[axis]}")
        parts = jnp.split(x, np.cumsum(lengths)[:-1].tolist(), axis=axis)
        return parts if len(parts) > 1 else parts[0]

    return apply


@jax_funcify.register(MakeVector)
def make_vector(op, **kwargs):
    return lambda *values: jnp.stack([jnp.asarray(v, op.dtype) for v in values])


@jax_funcify.register(CheckAndRaise)
@jax_funcify.register(Assert)
def check_and_raise(op, **kwargs):
    def apply(x, *conditions):
        # What data decide would have to come back from the device: only shapes are checked.
        if any(not isinstance(c, Array) and not np.all(c) for c in conditions):
            raise op.exc_type(op.msg)
        return x

    return apply


@jax_funcify.register(Print)
def print_value(op, **kwargs):
    def apply(x):
        jax_debug.print(f"{op.message} {{}}", x)
        return x

    return apply
