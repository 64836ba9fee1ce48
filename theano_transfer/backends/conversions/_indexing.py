"""Indexing and slicing.

Slices must be known when shapes are; single elements and lists of them may be computed. As
everywhere in JAX, an index beyond the end reads the last element and writes nothing.
"""

from __future__ import annotations

import jax
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.basic import Nonzero
from aesara.tensor.subtensor import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    IncSubtensor,
    Subtensor,
    indices_from_subtensor,
)

from theano_transfer.backends._errors import DataDependentShapeError
from theano_transfer.backends._graph import number


def _indices(op, values):
    """What stands between the brackets, as JAX takes it."""
    entries = indices_from_subtensor(values, getattr(op, "idx_list", None))
    return tuple(_entry(op, entry) for entry in entries)


def _entry(op, entry):
    if isinstance(entry, slice):
        limits = (entry.start, entry.stop, entry.step)
        return slice(*(None if v is None else number(v, f"a slice of {op}") for v in limits))
    if isinstance(entry, jax.Array) and entry.dtype == bool:
        raise DataDependentShapeError(
            f"{op} takes the elements that a mask selects, whose number depends on data; XLA "
            "compiles for shapes that are known before: T.switch(mask, x, 0) keeps the shape, and "
            "mode='FAST_RUN' compiles a function for the C backend"
        )
    if isinstance(entry, np.ndarray) and entry.ndim == 0:
        return entry.item()
    return entry


@jax_funcify.register(Nonzero)
def nonzero(op, **kwargs):
    return jax.numpy.nonzero  # which refuses while it is traced


@jax_funcify.register(Subtensor)
@jax_funcify.register(AdvancedSubtensor)
@jax_funcify.register(AdvancedSubtensor1)
def subtensor(op, **kwargs):
    return lambda x, *values: jax.numpy.asarray(x)[_indices(op, values)]


@jax_funcify.register(IncSubtensor)
@jax_funcify.register(AdvancedIncSubtensor)
@jax_funcify.register(AdvancedIncSubtensor1)
def inc_subtensor(op, **kwargs):
    def apply(x, y, *values):
        place = jax.numpy.asarray(x).at[_indices(op, values)]
        return place.set(y) if op.set_instead_of_inc else place.add(y)

    return apply
