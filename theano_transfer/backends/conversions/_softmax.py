"""Softmax and cross-entropy as Aesara's rewrites put them together."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.nnet.basic import (
    CrossentropyCategorical1Hot,
    CrossentropyCategorical1HotGrad,
    CrossentropySoftmax1HotWithBiasDx,
    CrossentropySoftmaxArgmax1HotWithBias,
    SoftmaxWithBias,
)


def _of_classes(x, classes):
    """From each row of `x` the element of its class."""
    return jnp.take_along_axis(x, classes[:, None], axis=1)[:, 0]


@jax_funcify.register(SoftmaxWithBias)
def softmax_with_bias(op, **kwargs):
    return lambda x, bias: jax.nn.softmax(x + bias, axis=-1)


@jax_funcify.register(CrossentropySoftmaxArgmax1HotWithBias)
def crossentropy_softmax(op, **kwargs):
    def apply(x, bias, classes):
        scores = x + bias
        logarithms = jax.nn.log_softmax(scores, axis=-1)
        return -_of_classes(logarithms, classes), jnp.exp(logarithms), jnp.argmax(scores, axis=-1)

    return apply


@jax_funcify.register(CrossentropySoftmax1HotWithBiasDx)
def crossentropy_softmax_grad(op, **kwargs):
    def apply(gradient, softmax, classes):
        rows = jnp.arange(softmax.shape[0])
        gradient = jnp.broadcast_to(gradient, rows.shape)
        return (gradient[:, None] * softmax).at[rows, classes].add(-gradient)

    return apply


@jax_funcify.register(CrossentropyCategorical1Hot)
def crossentropy(op, **kwargs):
    return lambda distribution, classes: -jnp.log(_of_classes(distribution, classes))


@jax_funcify.register(CrossentropyCategorical1HotGrad)
def crossentropy_grad(op, **kwargs):
    def apply(gradient, distribution, classes):
        by_class = -gradient / _of_classes(distribution, classes)
        rows = jnp.arange(distribution.shape[0])
        return jnp.zeros_like(distribution).at[rows, classes].set(by_class)

    return apply
