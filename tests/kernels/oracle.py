"""Convolution, pooling and batch normalisation as their definitions say: slow, obvious, float64."""

import numpy as np


def pad_images(x, pad, value=0.0):
    return np.pad(np.asarray(x, "float64"), ((0, 0), (0, 0), *pad), constant_values=value)


def convolve(x, w, pad=((0, 0), (0, 0)), stride=(1, 1), dilation=(1, 1), groups=1, flip=False):
    """Four loops around a sum of products."""
    w = np.asarray(w, "float64")
    if flip:
        w = w[:, :, ::-1, ::-1]
    x = pad_images(x, pad)
    extent = [(k - 1) * d + 1 for k, d in zip(w.shape[2:], dilation)]
    rows, columns = ((n - e) // s + 1 for n, e, s in zip(x.shape[2:], extent, stride))
    per_group = w.shape[0] // groups
    y = np.zeros((x.shape[0], w.shape[0], rows, columns))
    for o in range(w.shape[0]):
        first = o // per_group * w.shape[1]
        channels = x[:, first : first + w.shape[1]]
        for i in range(rows):
            for j in range(columns):
                top, left = i * stride[0], j * stride[1]
                window = channels[
                    :,
                    :,
                    top : top + extent[0] : dilation[0],
                    left : left + extent[1] : dilation[1],
                ]
                y[:, o, i, j] = (window * w[o]).sum(axis=(1, 2, 3))
    return y


def pool(x, window, stride, pad=((0, 0), (0, 0)), mode="max", ignore_border=True):
    """One output pixel after the other; windows are cut at the edge of the padded images."""
    x = np.asarray(x, "float64")
    inside = pad_images(np.ones_like(x), pad)
    padded = pad_images(x, pad, -np.inf if mode == "max" else 0.0)
    sizes = []
    for n, k, s in zip(padded.shape[2:], window, stride):
        starts = list(range(0, n - k + 1, s))
        if not ignore_border:
            starts = list(range(0, n, s))
            # a window is there only if it covers something its predecessors do not
            while len(starts) > 1 and starts[-2] + k >= n:
                starts.pop()
        sizes.append(starts)
    y = np.zeros((*x.shape[:2], len(sizes[0]), len(sizes[1])))
    for i, top in enumerate(sizes[0]):
        for j, left in enumerate(sizes[1]):
            here = (Ellipsis, slice(top, top + window[0]), slice(left, left + window[1]))
            values = padded[here]
            if mode == "max":
                y[:, :, i, j] = values.max(axis=(2, 3))
            elif mode == "average_exc_pad":
                y[:, :, i, j] = values.sum(axis=(2, 3)) / inside[here].sum(axis=(2, 3))
            else:
                y[:, :, i, j] = values.mean(axis=(2, 3))
    return y


def normalise(x, gamma, beta, mean=None, var=None, epsilon=1e-4):
    """By the statistics given, or by those of `x` itself."""
    x, gamma, beta = (np.asarray(v, "float64") for v in (x, gamma, beta))
    mean = x.mean(axis=(0, 2, 3)) if mean is None else np.asarray(mean, "float64")
    var = x.var(axis=(0, 2, 3)) if var is None else np.asarray(var, "float64")
    column = (slice(None), None, None)
    return (x - mean[column]) / np.sqrt(var[column] + epsilon) * gamma[column] + beta[column]


def slope(function, arguments, direction, step=1e-5):
    """Derivative of ``function(*arguments)`` along `direction`, by central differences."""
    ahead, behind = (
        function(
            *(np.asarray(a, "float64") + sign * step * d for a, d in zip(arguments, direction))
        )
        for sign in (1, -1)
    )
    return (ahead - behind) / (2 * step)


def check_gradients(function, arguments, gradients, rng, rtol):
    """Hold `gradients` of a scalar `function` against finite differences along random lines."""
    for which, gradient in enumerate(gradients):
        for _ in range(3):
            direction = [np.zeros(np.shape(a)) for a in arguments]
            direction[which] = rng.normal(size=np.shape(arguments[which]))
            expected = slope(function, arguments, direction)
            found = (np.asarray(gradient, "float64") * direction[which]).sum()
            scale = np.linalg.norm(gradient) * np.linalg.norm(direction[which])
            assert abs(found - expected) <= rtol * scale + 1e-7, (which, found, expected)
