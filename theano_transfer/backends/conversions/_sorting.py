"""Sorting, and the largest elements."""

from __future__ import annotations

import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.extra_ops import SearchsortedOp, Unique
from aesara.tensor.sort import ArgSortOp, SortOp, TopKOp

from theano_transfer.backends._graph import number


@jax_funcify.register(SortOp)
def sort(op, **kwargs):
    def apply(x, axis):
        return jnp.sort(x, axis=None if axis is None else number(axis, f"the axis of {op}"))

    return apply


@jax_funcify.register(ArgSortOp)
def argsort(op, **kwargs):
    def apply(x, axis):
        return jnp.argsort(x, axis=None if axis is None else number(axis, f"the axis of {op}"))

    return apply


@jax_funcify.register(TopKOp)
def top_k(op, node=None, **kwargs):
    def apply(x, count):
        count = number(count, f"how many elements {op} takes")
        order = jnp.argsort(x, axis=op.axis)
        length = x.shape[op.axis]
        chosen = range(length - count, length) if count > 0 else range(-count)
        indices = jnp.take(order, jnp.asarray(chosen), axis=op.axis)
        results = []
        if op.return_values:
            results.append(jnp.take_along_axis(x, indices, axis=op.axis))
        if op.return_indices:
            results.append(indices)
        return results if len(results) > 1 else results[0]

    return apply


@jax_funcify.register(Unique)
def unique(op, **kwargs):
    return jnp.unique  # which refuses while it is traced


@jax_funcify.register(SearchsortedOp)
def searchsorted(op, **kwargs):
    def apply(x, values, sorter=None):
        x = x if sorter is None else jnp.take(x, sorter)
        return jnp.searchsorted(x, values, side=op.side)

    return apply
