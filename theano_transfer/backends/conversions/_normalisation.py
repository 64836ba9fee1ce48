"""Batch normalisation, Aesara's (any axes, statistics as broadcastable as they are) and ours."""

from __future__ import annotations

import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.nnet.batchnorm import (
    AbstractBatchNormInference,
    AbstractBatchNormTrain,
    AbstractBatchNormTrainGrad,
)
from jax import lax

from theano_transfer.backends._precision import widened
from theano_transfer.kernels import BatchNormInference, BatchNormTrain, BatchNormTrainGrad
from theano_transfer.kernels._batch_norm import SumChannels
from theano_transfer.legacy._rectifiers import CEILINGS

CHANNELS = (0, 2, 3)  # the axes over which images are normalised


def _column(vector):
    """(channels,) so that it broadcasts against images (batch, channel, row, column)."""
    return vector[:, None, None]


def normalised(x, gamma, beta, mean, var, epsilon):
    """Images by statistics (channels,)."""
    scale = gamma * lax.rsqrt(var + jnp.asarray(epsilon, var.dtype))
    y = (widened(x) - _column(mean)) * _column(scale) + _column(beta)
    return y.astype(x.dtype)


def _gradients(x, gradient, gamma, mean, inverse, axes):
    """By x, gamma and beta; the statistics broadcast against x."""
    x, gradient = widened(x), widened(gradient)
    normal = (x - mean) * inverse
    by_gamma = (gradient * normal).sum(axes, keepdims=True)
    by_beta = gradient.sum(axes, keepdims=True)
    count = x.size // by_beta.size
    by_x = (gradient - by_beta / count - normal * (by_gamma / count)) * (gamma * inverse)
    return by_x, by_gamma, by_beta


@jax_funcify.register(AbstractBatchNormInference)
def abstract_inference(op, **kwargs):
    def apply(x, scale, bias, mean, var, epsilon):
        inverse = scale * lax.rsqrt(var + jnp.asarray(epsilon, var.dtype))
        return ((widened(x) - mean) * inverse + bias).astype(x.dtype)

    return apply


@jax_funcify.register(AbstractBatchNormTrain)
def abstract_train(op, **kwargs):
    def apply(x, scale, bias, epsilon, factor, *running):
        wide = widened(x)
        mean = wide.mean(op.axes, keepdims=True)
        var = wide.var(op.axes, keepdims=True)
        inverse = lax.rsqrt(var + jnp.asarray(epsilon, var.dtype))
        y = ((wide - mean) * (scale * inverse) + bias).astype(x.dtype)
        count = x.size // mean.size
        # The average keeps the unbiased variance.
        batch = (mean, var * (count / (count - 1))) if running else ()
        factor = jnp.asarray(factor, mean.dtype)
        moved = [old * (1 - factor) + new * factor for old, new in zip(running, batch)]
        return y, mean, inverse, *moved

    return apply


@jax_funcify.register(AbstractBatchNormTrainGrad)
def abstract_train_grad(op, **kwargs):
    def apply(x, gradient, scale, mean, inverse, epsilon):
        by_x, by_scale, by_bias = _gradients(x, gradient, scale, mean, inverse, op.axes)
        return by_x.astype(x.dtype), by_scale, by_bias

    return apply


@jax_funcify.register(BatchNormInference)
def inference(op, **kwargs):
    return normalised


@jax_funcify.register(BatchNormTrain)
def train(op, **kwargs):
    def apply(x, gamma, beta, epsilon, *residual):
        mean, var = widened(x).mean(CHANNELS), widened(x).var(CHANNELS)
        y = normalised(x, gamma, beta, mean, var, epsilon)
        for shortcut in residual:
            y = y + shortcut
        if op.activation_name != "none":
            y = jnp.clip(y, 0, CEILINGS[op.activation_name])
        return y.astype(x.dtype), mean, var

    return apply


@jax_funcify.register(BatchNormTrainGrad)
def train_grad(op, **kwargs):
    def apply(x, gradient, gamma, mean, var, epsilon, *output):
        for y in output:
            flat = (y <= 0) | (y >= CEILINGS[op.activation_name])
            gradient = jnp.where(flat, jnp.zeros((), gradient.dtype), gradient)
        inverse = lax.rsqrt(var + jnp.asarray(epsilon, var.dtype))
        gamma, mean, inverse = map(_column, (gamma, mean, inverse))
        by_x, by_gamma, by_beta = _gradients(x, gradient, gamma, mean, inverse, CHANNELS)
        return by_x.astype(x.dtype), by_gamma.reshape(-1), by_beta.reshape(-1)

    return apply


@jax_funcify.register(SumChannels)
def sum_channels(op, **kwargs):
    return lambda x: widened(x).sum(CHANNELS)
