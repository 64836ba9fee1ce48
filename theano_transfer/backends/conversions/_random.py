"""Random numbers: the same as the C backend's for MRG streams, others by JAX's own generator."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from aesara.link.jax.dispatch.random import jax_sample_fn
from aesara.sandbox.multinomial import ChoiceFromUniform, MultinomialFromUniform
from aesara.sandbox.rng_mrg import DotModulo, mrg_uniform
from aesara.tensor.random.basic import BinomialRV, IntegersRV, MvNormalRV
from aesara.tensor.random.op import RandomVariable
from jax import lax

from theano_transfer.backends._graph import number, numbers
from theano_transfer.backends.conversions import _streams

# L'Ecuyer and Touzin, 2000, "Fast combined multiple recursive generators with multipliers of the
# form a = 2^q + 2^r": the generator MRG31k3p.
M1, M2 = 2147483647, 2147462579
MULTIPLIER = 21069
# What a number below M1 is multiplied by; the rounding is part of the stream.
SCALES = {"float16": 3.0458e-05, "float32": 4.6566126e-10, "float64": 4.656612873077392578125e-10}


def _next(state, _):
    """The state of each stream, six vectors of int64, after a step, and what it yields."""
    x11, x12, x13, x21, x22, x23 = state
    first = (((x12 & 511) << 22) + (x12 >> 9) + ((x13 & 0xFFFFFF) << 7) + (x13 >> 24)) % M1
    new1 = (first + x13) % M1

    def product(x):
        return (((x & 0xFFFF) << 15) + MULTIPLIER * (x >> 16)) % M2

    new2 = (product(x21) + product(x23) + x23) % M2
    value = new1 - new2 + jnp.where(new1 <= new2, M1, 0)
    return (new1, x11, x12, new2, x21, x22), value


@jax_funcify.register(mrg_uniform)
def uniform(op, **kwargs):
    dtype = op.output_type.dtype

    def apply(state, size):
        shape = numbers(size, "the size of random numbers")
        count = 1
        for length in shape:
            count *= length
        streams = state.shape[0]
        steps, rest = divmod(count, streams)
        columns = tuple(state.astype("int64").T)
        columns, values = lax.scan(_next, columns, None, length=steps)
        moved, last = _next(columns, None)
        # Of the last round, only the first streams move.
        moves = jnp.arange(streams) < rest
        ended = [jnp.where(moves, new, old) for new, old in zip(moved, columns)]
        values = jnp.concatenate([values.reshape(-1), last[:rest]])
        if dtype == "float16":
            values = (values & 0x7FFF) + 1
        sample = values.astype(dtype) * jnp.asarray(SCALES[dtype], dtype)
        return jnp.stack(ended, axis=1).astype(state.dtype), sample.reshape(shape)

    return apply


@jax_funcify.register(DotModulo)
def dot_modulo(op, **kwargs):
    """Two products of a matrix and a vector, each modulo a number below 2 ** 31."""

    def product(matrix, vector, modulus):
        terms = (matrix.astype("int64") * vector.astype("int64")) % modulus
        return terms.sum(axis=1) % modulus

    def apply(a1, v1, m1, a2, v2, m2):
        return jnp.concatenate([product(a1, v1, m1), product(a2, v2, m2)])

    return apply


def _outcomes(probabilities, uniform):
    """For each row of `probabilities` the first outcome at which their sum exceeds a number."""
    sums = jnp.cumsum(probabilities.astype("float64"), axis=1)
    return jnp.minimum((sums <= uniform[:, None]).sum(axis=1), sums.shape[1] - 1)


@jax_funcify.register(MultinomialFromUniform)
def multinomial_from_uniform(op, **kwargs):
    def apply(probabilities, uniform, count=1):
        rounds = uniform.reshape(number(count, f"the number of samples of {op}"), -1)
        counts = jnp.zeros(probabilities.shape, "int64")
        rows = jnp.arange(probabilities.shape[0])
        for of_round in rounds:
            counts = counts.at[rows, _outcomes(probabilities, of_round)].add(1)
        return counts

    return apply


@jax_funcify.register(ChoiceFromUniform)
def choice_from_uniform(op, **kwargs):
    def apply(probabilities, uniform, count):
        probabilities = jnp.asarray(probabilities)
        rows, chosen = jnp.arange(probabilities.shape[0]), []
        for of_round in uniform.reshape(number(count, f"the number of samples of {op}"), -1):
            chosen.append(_outcomes(probabilities, of_round))
            if not op.replace:  # what was taken is not there any more
                probabilities = probabilities.at[rows, chosen[-1]].set(0)
                probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
        return jnp.stack(chosen, axis=1)

    return apply


@jax_sample_fn.register(BinomialRV)
@jax_sample_fn.register(IntegersRV)
def of_two_parameters(op):
    """What Aesara's own conversion of RandomVariable lacks."""
    draw = getattr(_streams, op.name)

    def sample(state, shape, dtype, *parameters):
        key, own = jax.random.split(state["jax_state"])
        return {"jax_state": key}, draw(own, shape, *parameters).astype(dtype)

    return sample


@jax_funcify.register(RandomVariable)
def random_variable(op, node=None, **kwargs):
    """A sample of a distribution; the generator is a key of JAX here."""
    sample = jax_sample_fn(op)
    dtype = node.outputs[1].type.dtype

    def apply(key, size, _, *parameters):
        shape = numbers(size, f"the size of {op}")
        if not shape and op.ndim_supp == 0:
            shape = jnp.broadcast_shapes(*(jnp.shape(p) for p in parameters))
        elif isinstance(op, MvNormalRV) and not shape:
            shape = None
        state, result = sample({"jax_state": key}, shape, dtype, *map(jnp.asarray, parameters))
        return state["jax_state"], result

    return apply


def key_from(generator):
    """A key of JAX, drawn from a NumPy generator, which moves on."""
    draw = getattr(generator, "integers", None) or generator.randint  # RandomState has the latter
    return draw(0, 1 << 32, size=2, dtype="uint32")
