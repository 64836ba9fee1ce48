"""With how many digits JAX computes: strict float32, TF32, or bfloat16 between layers."""

from __future__ import annotations

from contextvars import ContextVar

import jax.numpy as jnp

# What is traced now is for this precision; conversions of convolutions and products ask for it.
TRACED = ContextVar("TRACED", default="float32")

# JAX's names for how products of float32 are computed, where the hardware has a choice.
MATMUL = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "highest"}


def narrowed(*arrays):
    """The `arrays` as bfloat16 where that was asked for and they are float32."""
    if TRACED.get() != "bfloat16":
        return arrays
    return tuple(x.astype(jnp.bfloat16) if x.dtype == jnp.float32 else x for x in arrays)


def widened(x):
    """`x`, as float32 if it is bfloat16: sums are computed so."""
    return x.astype(jnp.float32) if x.dtype == jnp.bfloat16 else x


def like_maps(result, *inputs):
    """`result` in bfloat16 if feature maps among the `inputs` are."""
    maps = (x for x in inputs if getattr(x, "ndim", 0) >= 3)
    if result.dtype == jnp.float32 and any(x.dtype == jnp.bfloat16 for x in maps):
        return result.astype(jnp.bfloat16)
    return result


def in_storage_dtype(variable, value, dtype):
    """The dtype in which `value` is kept where the graph says `dtype`.

    Only feature maps (three axes or more) are kept in bfloat16.
    """
    if value.dtype == jnp.bfloat16 and dtype == "float32" and variable.type.ndim >= 3:
        return value.dtype
    return dtype
