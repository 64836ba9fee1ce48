"""Draws of Theano's ``RandomStreams``, by JAX's generator: repeatable by seed, other numbers.

A generator is a key of JAX here; each sampler takes one, a shape, and the draw's parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from jax import lax

from theano_transfer.backends._graph import number, numbers
from theano_transfer.legacy.mended import raw_random
from theano_transfer.legacy.mended.raw_random import RandomFunction


def _uniform(key, shape, low, high):
    return low + jax.random.uniform(key, shape, _precise(low, high)) * (high - low)


def _normal(key, shape, mean, deviation):
    return mean + jax.random.normal(key, shape, _precise(mean, deviation)) * deviation


def _precise(*parameters):
    return jnp.promote_types("float32", jnp.result_type(*parameters))


def binomial(key, shape, trials, p):
    """How many of `trials` with probability `p` succeeded."""
    return jax.random.binomial(key, jnp.asarray(trials, _precise(p)), p, shape)


def integers(key, shape, low, high):
    """Integers from `low` to below `high`."""
    return jax.random.randint(key, shape, low, high, "int64")


def _poisson(key, shape, mean):
    return jax.random.poisson(key, mean, shape)


def _choice(key, shape, of, replace, p):
    if of.ndim == 0:
        of = number(of, "what is chosen from")
    replace = bool(number(replace, "whether elements may be chosen again"))
    return jax.random.choice(key, of, shape, replace, p if len(p) else None)


def _permutation(key, shape, length):
    length = number(length, "the length of a permutation")
    lines = jnp.broadcast_to(jnp.arange(length), (*shape, length))
    return jax.random.permutation(key, lines, axis=-1, independent=True)


def _multinomial(key, shape, trials, p):
    """One outcome after the other gets its share of the trials that are left."""
    p = jnp.moveaxis(jnp.broadcast_to(p, (*shape, p.shape[-1])), -1, 0)
    left = jnp.broadcast_to(trials, shape).astype(p.dtype)
    rest = lax.cumsum(p, reverse=True)

    def draw(left, of_outcome):
        key, p, rest = of_outcome
        share = jnp.clip(jnp.where(rest > 0, p / rest, 1), 0, 1)
        drawn = jnp.where(left > 0, jax.random.binomial(key, left, share, shape), 0)
        return left - drawn, drawn

    left, drawn = lax.scan(draw, left, (jax.random.split(key, len(p)), p, rest))
    return jnp.moveaxis(drawn.at[-1].add(left), 0, -1)


# What RandomFunction is made with -> what draws.
SAMPLERS: dict[Any, Callable] = {
    "uniform": _uniform,
    "normal": _normal,
    "binomial": binomial,
    "poisson": _poisson,
    raw_random.random_integers_helper: lambda key, shape, low, high: integers(
        key, shape, low, high + 1
    ),
    raw_random.choice_helper: _choice,
    raw_random.permutation_helper: _permutation,
    raw_random.multinomial_helper: _multinomial,
}


@jax_funcify.register(RandomFunction)
def random_function(op, node=None, **kwargs):
    if op.fn not in SAMPLERS:
        raise NotImplementedError(
            f"No JAX conversion for draws by {op.fn}: take another distribution, or compile this "
            "function with mode='FAST_RUN'"
        )
    sample = SAMPLERS[op.fn]

    def apply(key, lengths, *parameters):
        shape = numbers(lengths, f"the size of {op}")
        if not shape and op.outtype.ndim > op.ndim_added:
            *rest, last = map(jnp.shape, parameters)
            shape = jnp.broadcast_shapes(*rest, last[:-1] if op.ndim_added else last)
        key, own = jax.random.split(key)
        return key, sample(own, shape, *parameters).astype(op.outtype.dtype)

    return apply
