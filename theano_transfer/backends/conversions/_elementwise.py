"""Elementwise Ops, reductions and products of matrices."""

from __future__ import annotations

import jax.numpy as jnp
from aesara.compile.builders import OpFromGraph
from aesara.link.jax.dispatch import jax_funcify
from aesara.scalar.basic import Composite, RoundHalfAwayFromZero, Second
from aesara.tensor.elemwise import CAReduce, Elemwise
from aesara.tensor.extra_ops import CpuContiguous
from aesara.tensor.math import Argmax, Dot, MaxAndArgmax

from theano_transfer.backends._graph import as_function
from theano_transfer.backends._precision import like_maps, narrowed, widened
from theano_transfer.legacy._rectifiers import CEILINGS, Rectifier, RectifierGrad

# The scalar Op of a reduction -> the function that reduces.
REDUCTIONS = {
    "Add": jnp.sum,
    "Mul": jnp.prod,
    "MulWithoutZeros": lambda x, axis: jnp.where(x == 0, 1, x).prod(axis),
    "ScalarMaximum": jnp.max,
    "ScalarMinimum": jnp.min,
    "AND": jnp.all,
    "OR": jnp.any,
}


@jax_funcify.register(Elemwise)
def elemwise(op, node=None, **kwargs):
    compute = jax_funcify(op.scalar_op, node=node, **kwargs)

    def apply(*inputs):
        result = compute(*inputs)
        return result if isinstance(result, (list, tuple)) else like_maps(result, *inputs)

    return apply


@jax_funcify.register(Composite)
def composite(op, **kwargs):
    inner = as_function(op.fgraph)

    def apply(*inputs):
        shape = jnp.broadcast_shapes(*(jnp.shape(x) for x in inputs))
        results = [jnp.broadcast_to(result, shape) for result in inner(*inputs)]
        return results if len(results) > 1 else results[0]

    return apply


@jax_funcify.register(OpFromGraph)
def op_from_graph(op, **kwargs):
    inner = as_function(op.fgraph)

    def apply(*inputs):
        results = inner(*inputs)
        return results if len(results) > 1 else results[0]

    return apply


@jax_funcify.register(Second)
def second(op, **kwargs):
    return lambda x, y: jnp.broadcast_to(y, jnp.broadcast_shapes(jnp.shape(x), jnp.shape(y)))


@jax_funcify.register(RoundHalfAwayFromZero)
def round_half_away_from_zero(op, **kwargs):
    return lambda x: jnp.sign(x) * jnp.floor(jnp.abs(x) + 0.5)


@jax_funcify.register(Rectifier)
def rectifier(op, **kwargs):
    ceiling = CEILINGS[op.activation_name]
    if ceiling == float("inf"):
        return lambda x: jnp.where(x <= 0, jnp.zeros((), x.dtype), x)  # nan stays nan
    return lambda x: jnp.where(x <= 0, jnp.zeros((), x.dtype), jnp.minimum(x, ceiling))


@jax_funcify.register(RectifierGrad)
def rectifier_grad(op, **kwargs):
    ceiling = CEILINGS[op.activation_name]

    def apply(y, gradient):
        return jnp.where((y > 0) & (y < ceiling), gradient, jnp.zeros((), gradient.dtype))

    return apply


@jax_funcify.register(CAReduce)
def reduction(op, node=None, **kwargs):
    name = type(op.scalar_op).__name__
    if name not in REDUCTIONS:
        raise NotImplementedError(f"No JAX conversion for a reduction by {op.scalar_op}")
    reduce = REDUCTIONS[name]
    axes = None if op.axis is None else tuple(op.axis)
    dtype = getattr(op, "acc_dtype", None)
    if dtype is None or node.outputs[0].dtype == "float32":
        dtype = node.outputs[0].dtype  # Aesara would sum float32 in float64, slow on most GPUs

    def apply(x):
        if name in ("Add", "Mul", "MulWithoutZeros"):
            x = widened(x).astype(dtype)
        return reduce(x, axis=axes)

    return apply


def _by_one_axis(x, axes):
    """`x` with the `axes` last and flattened into one."""
    axes = tuple(range(x.ndim)) if axes is None else tuple(int(a) % x.ndim for a in axes)
    kept = tuple(a for a in range(x.ndim) if a not in axes)
    moved = jnp.transpose(x, kept + axes)
    return moved.reshape(*moved.shape[: len(kept)], -1)


@jax_funcify.register(Argmax)
def argmax(op, **kwargs):
    return lambda x: jnp.argmax(_by_one_axis(x, op.axis), axis=-1)


@jax_funcify.register(MaxAndArgmax)
def max_and_argmax(op, **kwargs):
    def apply(x):
        flat = _by_one_axis(x, op.axis)
        return jnp.max(flat, axis=-1), jnp.argmax(flat, axis=-1)

    return apply


@jax_funcify.register(Dot)
def dot(op, node=None, **kwargs):
    dtype = node.outputs[0].dtype

    def apply(x, y):
        return jnp.dot(*narrowed(jnp.asarray(x), jnp.asarray(y)), preferred_element_type=dtype)

    return apply


@jax_funcify.register(CpuContiguous)
def contiguous(op, **kwargs):
    return lambda x: x
