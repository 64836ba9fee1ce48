"""The same arithmetic in NumPy: the slow path, for any floating dtype and any machine.

Arrays are (batch, channel, row, column), filters (out, in per group, row, column). Sizes, strides,
dilations and paddings are pairs (rows, columns); a padding is ((top, bottom), (left, right)).
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided


def output_size(size, window, pad, stride, dilation=(1, 1)):
    """Rows and columns of what a window of size `window` makes of `size` rows and columns."""
    room = [
        n + before + after - ((k - 1) * d + 1)
        for n, k, (before, after), d in zip(size, window, pad, dilation)
    ]
    return tuple(r // s + 1 if r >= 0 else 0 for r, s in zip(room, stride))


def windows(x, window, pad, stride, dilation=(1, 1), fill=0.0):
    """A view (batch, channel, out row, out column, row, column) of every window of padded `x`.

    Returns the view and the padded array behind it; writing to the view writes to the array.
    """
    padded = np.pad(x, ((0, 0), (0, 0), *pad), constant_values=fill)
    rows, columns = output_size(x.shape[2:], window, pad, stride, dilation)
    n, c, r, q = padded.strides
    view = as_strided(
        padded,
        (*x.shape[:2], rows, columns, *window),
        (n, c, r * stride[0], q * stride[1], r * dilation[0], q * dilation[1]),
    )
    return view, padded


def _by_group(x, groups):
    """Split axis 1 into (group, channel of the group)."""
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])


def conv2d(x, w, pad, stride, dilation, groups):
    """Correlate `x` with the filters `w`."""
    patches, _ = windows(x, w.shape[2:], pad, stride, dilation)
    filters = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    y = np.einsum("ngcijkl,gockl->ngoij", _by_group(patches, groups), filters, optimize=True)
    return y.reshape(x.shape[0], w.shape[0], *y.shape[3:]).astype(x.dtype, copy=False)


def conv2d_grad_weights(x, gradient, window, pad, stride, dilation, groups):
    """Gradient by the filters, given the `gradient` by the outputs."""
    patches, _ = windows(x, window, pad, stride, dilation)
    w = np.einsum(
        "ngcijkl,ngoij->gockl",
        _by_group(patches, groups),
        _by_group(gradient, groups),
        optimize=True,
    )
    return w.reshape(gradient.shape[1], *w.shape[2:]).astype(x.dtype, copy=False)


def conv2d_grad_inputs(w, gradient, size, pad, stride, dilation, groups):
    """Gradient by inputs of `size` rows and columns, given the `gradient` by the outputs."""
    shape = (gradient.shape[0], w.shape[1] * groups, *size)
    filters = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    parts = np.einsum("gockl,ngoij->ngcijkl", filters, _by_group(gradient, groups), optimize=True)
    parts = parts.reshape(*shape[:2], *parts.shape[3:])
    return _scatter(parts, shape, pad, stride, dilation).astype(w.dtype, copy=False)


def _scatter(parts, shape, pad, stride, dilation=(1, 1)):
    """Add up `parts` (shaped as :func:`windows` gives them) where their windows lie."""
    view, padded = windows(np.zeros(shape, parts.dtype), parts.shape[4:], pad, stride, dilation)
    for k, q in np.ndindex(*parts.shape[4:]):  # windows overlap, but not within one tap
        view[..., k, q] += parts[..., k, q]
    (top, _), (left, _) = pad
    return padded[:, :, top : top + shape[2], left : left + shape[3]]


def pool2d(x, window, pad, stride, mode):
    """Maximum or average of every window; `mode` as in :class:`Pool2d`."""
    if mode == "max":
        patches, _ = windows(x, window, pad, stride, fill=-np.inf)
        return patches.max(axis=(4, 5))
    patches, _ = windows(x, window, pad, stride)
    return (patches.sum(axis=(4, 5)) / _counts(x.shape, window, pad, stride, mode)).astype(x.dtype)


def _counts(shape, window, pad, stride, mode):
    """By how much each window's sum is divided, (1, 1, out row, out column)."""
    if mode == "average_inc_pad":
        return float(np.prod(window))
    inside, _ = windows(np.ones((1, 1, *shape[2:])), window, pad, stride)
    return np.maximum(inside.sum(axis=(4, 5)), 1)


def max_pool2d_grad(x, gradient, window, pad, stride):
    """Gradient of the maximum: each window's goes to its first largest element."""
    patches, _ = windows(x, window, pad, stride, fill=-np.inf)
    flat = patches.reshape(*patches.shape[:4], -1)
    parts = np.zeros(flat.shape, x.dtype)
    np.put_along_axis(parts, flat.argmax(axis=-1)[..., None], gradient[..., None], axis=-1)
    return _scatter(parts.reshape(patches.shape), x.shape, pad, stride)


def average_pool2d_grad(shape, gradient, window, pad, stride, mode):
    """Gradient of the average by inputs of `shape`."""
    share = gradient / _counts(shape, window, pad, stride, mode)
    parts = np.broadcast_to(share[..., None, None], (*share.shape, *window))
    return _scatter(parts, tuple(shape), pad, stride).astype(gradient.dtype, copy=False)


def _per_channel(v):
    return v[:, None, None]


def batch_norm(x, gamma, beta, mean, var, epsilon):
    """Normalise by the given statistics."""
    scale = gamma / np.sqrt(var + epsilon)
    y = (x - _per_channel(mean)) * _per_channel(scale) + _per_channel(beta)
    return y.astype(x.dtype, copy=False)


def batch_norm_train(x, gamma, beta, epsilon):
    """Normalise by the batch's own statistics; returns those (biased variance) too."""
    mean = x.mean(axis=(0, 2, 3))
    var = x.var(axis=(0, 2, 3))
    return batch_norm(x, gamma, beta, mean, var, epsilon), mean, var


def batch_norm_train_grad(x, gradient, gamma, mean, var, epsilon):
    """Gradients of :func:`batch_norm_train` by x, gamma and beta."""
    inverse = 1 / np.sqrt(var + epsilon)
    normal = (x - _per_channel(mean)) * _per_channel(inverse)
    by_gamma = (gradient * normal).sum(axis=(0, 2, 3))
    by_beta = gradient.sum(axis=(0, 2, 3))
    count = max(x.size // x.shape[1], 1)
    centred = gradient - _per_channel(by_beta / count) - normal * _per_channel(by_gamma / count)
    return centred * _per_channel(gamma * inverse), by_gamma, by_beta
