"""Pooling of every mode over any number of axes, and its gradients, Aesara's and ours.

JAX differentiates the forward function. A window's gradient goes to its first maximum, as in our
own kernels; Theano's CPU code gave it to each of several equal ones.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.signal.pool import (
    AveragePoolGrad,
    DownsampleFactorMaxGradGrad,
    MaxPoolGrad,
    MaxPoolRop,
    Pool,
)
from jax import lax

from theano_transfer.backends._graph import numbers
from theano_transfer.backends._precision import widened
from theano_transfer.kernels import Pool2d, Pool2dGrad
from theano_transfer.kernels._pool import MaxPool2dPick


def pooled(x, window, stride, pad, mode, counted):
    """Maximum, sum or average of windows of the last axes of `x`.

    Parameters
    ----------
    pad : sequence of (before, after)
        One for each of the last axes.
    counted : 'all', 'inside'
        What an average divides by: the window's size, or how much of it lies inside.
    """
    leading = x.ndim - len(window)
    where = ((1,) * leading + window, (1,) * leading + stride, [(0, 0)] * leading + list(pad))
    if mode == "max":
        floating = jnp.issubdtype(x.dtype, jnp.floating)
        least = -np.inf if floating else np.iinfo(x.dtype).min
        return lax.reduce_window(x, np.asarray(least, x.dtype), lax.max, *where)
    total = lax.reduce_window(widened(x), np.asarray(0, widened(x).dtype), lax.add, *where)
    if mode == "sum":
        return total.astype(x.dtype)
    share = 1 / np.prod(window)
    if counted == "inside":
        share = _shares(x.shape[leading:], total.shape[leading:], window, stride, pad)
    return (total * np.asarray(share, total.dtype)).astype(x.dtype)


def _shares(size, count, window, stride, pad):
    """One over how many elements of each window lie inside, of the shape of the output."""
    inside = np.ones(())
    for n, windows, k, s, (before, _) in zip(size, count, window, stride, pad):
        starts = np.arange(windows) * s - before
        lengths = np.minimum(starts + k, n) - np.maximum(starts, 0)
        inside = np.multiply.outer(inside, lengths)
    return 1 / np.maximum(inside, 1)


def _of_aesara(op, mode, window, stride, pad):
    """The pooling as a function of x, from an Aesara Op and its three vectors."""
    window, stride, pad = (
        numbers(v, f"the {what} of {op}")
        for v, what in ((window, "window"), (stride, "stride"), (pad, "padding"))
    )

    def forward(x):
        size = x.shape[-op.ndim :]
        shape = Pool.out_shape(size, window, op.ignore_border, stride, pad, op.ndim)
        ends = [
            (int(out) - 1) * s + k - n - p
            for out, s, k, n, p in zip(shape, stride, window, size, pad)
        ]
        # What hangs over the border is never counted.
        pads = [(p, p if op.ignore_border else max(0, end)) for p, end in zip(pad, ends)]
        whole = mode == "average_inc_pad" and op.ignore_border
        return pooled(x, window, stride, pads, mode, "all" if whole else "inside")

    return forward


def _of_ours(op):
    def forward(x):
        window, pad, stride = op.where(x.shape[2:])
        counted = "all" if op.mode == "average_inc_pad" else "inside"
        return pooled(x, window, stride, pad, op.mode, counted)

    return forward


def _pulled_back(forward, x, gradient):
    y, pull = jax.vjp(forward, x)
    (result,) = pull(gradient.astype(y.dtype))
    return result


def _pushed_forward(forward, x, tangent):
    return jax.jvp(forward, (x,), (tangent.astype(x.dtype),))[1]


@jax_funcify.register(Pool)
def pool(op, **kwargs):
    return lambda x, *where: _of_aesara(op, op.mode, *where)(x)


@jax_funcify.register(MaxPoolGrad)
def max_pool_grad(op, **kwargs):
    def apply(x, maximum, gradient, *where):
        return _pulled_back(_of_aesara(op, "max", *where), x, gradient)

    return apply


@jax_funcify.register(AveragePoolGrad)
def average_pool_grad(op, **kwargs):
    def apply(x, gradient, *where):
        return _pulled_back(_of_aesara(op, op.mode, *where), x, gradient)

    return apply


@jax_funcify.register(DownsampleFactorMaxGradGrad)
def max_pool_grad_grad(op, **kwargs):
    def apply(x, maximum, tangent, *where):
        return _pushed_forward(_of_aesara(op, "max", *where), x, tangent)

    return apply


@jax_funcify.register(MaxPoolRop)
def max_pool_rop(op, **kwargs):
    def apply(x, tangent, *where):
        return _pushed_forward(_of_aesara(op, "max", *where), x, tangent)

    return apply


@jax_funcify.register(Pool2d)
def pool2d(op, **kwargs):
    return _of_ours(op)


@jax_funcify.register(Pool2dGrad)
def pool2d_grad(op, **kwargs):
    forward = _of_ours(op)
    return lambda x, gradient: _pulled_back(forward, x, gradient)


@jax_funcify.register(MaxPool2dPick)
def max_pool2d_pick(op, **kwargs):
    forward = _of_ours(op)
    return lambda x, others: _pushed_forward(forward, x, others)
