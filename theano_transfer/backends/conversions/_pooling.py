"""Pooling of every mode over any number of axes, and its gradients, Aesara's and ours.

JAX differentiates the forward function, except for maxima. A window's gradient goes to its first
maximum, as in our own kernels; Theano's CPU code gave it to each of several equal ones.
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

# Windows of more elements leave their gradients to XLA.
MOST_OFFSETS = 64
NOWHERE = 255  # no place in a window


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


def pooled_back(x, gradient, window, stride, pad, mode, counted):
    """The gradient by `x`, from that by what :func:`pooled` makes of it."""
    if mode == "max" and np.prod(window) <= MOST_OFFSETS:
        return _max_back(x, gradient.astype(x.dtype), window, stride, pad)
    y, pull = jax.vjp(lambda x: pooled(x, window, stride, pad, mode, counted), x)
    (result,) = pull(gradient.astype(y.dtype))
    return result


def _max_back(x, gradient, window, stride, pad):
    """The same of maxima, elementwise: XLA's own way holds four arrays of indices as large as `x`.

    Positions are taken in blocks as long as the stride. Of each block only a few windows, those
    that begin in it or shortly before it, contain anything.
    """
    leading = x.ndim - len(window)
    largest = _places_of_maxima(x, window, stride, pad, gradient.shape[leading:])
    needed = [before + n for (before, _), n in zip(pad, x.shape[leading:])]
    blocks = [-(-n // s) for n, s in zip(needed, stride)]

    def of_windows(values, fill, back):
        """For each block the value of the window that begins so many blocks before it."""
        counts = values.shape[leading:]
        edges = [(d, block - n - d, 0) for d, block, n in zip(back, blocks, counts)]
        moved = lax.pad(values, jnp.asarray(fill, values.dtype), [(0, 0, 0)] * leading + edges)
        return jnp.expand_dims(moved, tuple(range(leading + 1, leading + 2 * len(window), 2)))

    total = jnp.zeros((), x.dtype)
    for back in np.ndindex(*(-(-k // s) for k, s in zip(window, stride))):
        places = _places_in_windows(window, stride, back)
        is_largest = of_windows(largest, NOWHERE, back) == places
        total = total + jnp.where(is_largest, of_windows(gradient, 0, back), 0)
    whole = total.reshape(*x.shape[:leading], *(n * s for n, s in zip(blocks, stride)))
    starts = [0] * leading + [before for before, _ in pad]
    return lax.slice(whole, starts, [*x.shape[:leading], *needed]).astype(x.dtype)


def _places_of_maxima(x, window, stride, pad, count):
    """Which element of each window is its first largest; uint8, counted along the last axis."""
    leading = x.ndim - len(window)
    edges = [(0, 0, 0)] * leading + [(*p, 0) for p in pad]
    padded = lax.pad(x, jnp.asarray(-np.inf, x.dtype), edges)

    def element(offset):
        ends = [o + (n - 1) * s + 1 for o, n, s in zip(offset, count, stride)]
        return lax.slice(
            padded,
            [0] * leading + list(offset),
            [*x.shape[:leading], *ends],
            [1] * leading + list(stride),
        )

    first, *others = np.ndindex(*window)
    best = element(first)
    largest = jnp.zeros(best.shape, "uint8")
    for place, offset in enumerate(others, start=1):
        found = element(offset)
        largest = jnp.where(found > best, np.uint8(place), largest)
        best = jnp.maximum(found, best)
    return lax.optimization_barrier(largest)  # or each use of it would compute it anew


def _places_in_windows(window, stride, back):
    """Where positions of a block lie in the windows that begin so many blocks before it.

    Of shape (1, stride, 1, stride, ...): the blocks of each axis, and the positions in one.
    """
    within = [d * s + np.arange(s) for d, s in zip(back, stride)]
    grids = np.meshgrid(*within, indexing="ij")
    inside = np.all([grid < k for grid, k in zip(grids, window)], axis=0)
    kept = [np.minimum(grid, k - 1) for grid, k in zip(grids, window)]
    places = np.where(inside, np.ravel_multi_index(kept, window), NOWHERE - 1).astype("uint8")
    return np.expand_dims(places, tuple(range(0, 2 * len(window), 2)))


def _of_aesara(op, mode, window, stride, pad):
    """What :func:`pooled` takes beside x, as a function of x, from an Op and its three vectors."""
    window, stride, pad = (
        numbers(v, f"the {what} of {op}")
        for v, what in ((window, "window"), (stride, "stride"), (pad, "padding"))
    )

    def settings(x):
        size = x.shape[-op.ndim :]
        shape = Pool.out_shape(size, window, op.ignore_border, stride, pad, op.ndim)
        ends = [
            (int(out) - 1) * s + k - n - p
            for out, s, k, n, p in zip(shape, stride, window, size, pad)
        ]
        # What hangs over the border is never counted.
        pads = [(p, p if op.ignore_border else max(0, end)) for p, end in zip(pad, ends)]
        whole = mode == "average_inc_pad" and op.ignore_border
        return window, stride, pads, mode, "all" if whole else "inside"

    return settings


def _of_ours(op):
    def settings(x):
        window, pad, stride = op.where(x.shape[2:])
        return window, stride, pad, op.mode, "all" if op.mode == "average_inc_pad" else "inside"

    return settings


def _forward(settings, x):
    return pooled(x, *settings(x))


def _pushed_forward(settings, x, tangent):
    return jax.jvp(lambda x: _forward(settings, x), (x,), (tangent.astype(x.dtype),))[1]


@jax_funcify.register(Pool)
def pool(op, **kwargs):
    return lambda x, *where: _forward(_of_aesara(op, op.mode, *where), x)


@jax_funcify.register(MaxPoolGrad)
def max_pool_grad(op, **kwargs):
    def apply(x, maximum, gradient, *where):
        return pooled_back(x, gradient, *_of_aesara(op, "max", *where)(x))

    return apply


@jax_funcify.register(AveragePoolGrad)
def average_pool_grad(op, **kwargs):
    def apply(x, gradient, *where):
        return pooled_back(x, gradient, *_of_aesara(op, op.mode, *where)(x))

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
    settings = _of_ours(op)
    return lambda x: _forward(settings, x)


@jax_funcify.register(Pool2dGrad)
def pool2d_grad(op, **kwargs):
    settings = _of_ours(op)
    return lambda x, gradient: pooled_back(x, gradient, *settings(x))


@jax_funcify.register(MaxPool2dPick)
def max_pool2d_pick(op, **kwargs):
    settings = _of_ours(op)
    return lambda x, others: _pushed_forward(settings, x, others)
