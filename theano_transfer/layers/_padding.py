"""Padding of images: how it is written, how much TensorFlow's SAME adds, and adding it.

A padding is written as ``'valid'`` (none), ``'same'``, one number, (rows, columns), or
((top, bottom), (left, right)). Sizes and paddings are integers, or scalar expressions where a
size is known only when the network runs.
"""

from __future__ import annotations

import numbers

import theano.tensor as T
from aesara.graph.basic import Constant

from theano_transfer.layers._pad_op import PadImages

WRITTEN = "'valid', 'same', a number, (rows, columns) or ((top, bottom), (left, right))"


def as_pair(value, what: str, *, least: int = 1) -> tuple[int, int]:
    """`value` as (rows, columns): a number stands for both.

    Raises
    ------
    ValueError
        If it is neither a number nor two of them, or one is below `least`.
    """
    pair = (value, value) if isinstance(value, numbers.Integral) else value
    try:
        rows, columns = (int(length) for length in pair if isinstance(length, numbers.Integral))
    except (TypeError, ValueError):
        rows = columns = least - 1
    if min(rows, columns) < least:
        raise ValueError(
            f"{what} must be a whole number of at least {least}, or two: (rows, columns); "
            f"got {value!r}"
        )
    return rows, columns


def extents_of(filter_size, dilation) -> tuple[int, ...]:
    """Rows and columns that a filter spans, gaps included."""
    return tuple((k - 1) * d + 1 for k, d in zip(filter_size, dilation))


def check_images(shape, called: str) -> None:
    """Raise ValueError unless `shape`, of the input of what is `called` so, is one of images."""
    if len(shape) != 4 or shape[1] is None:
        raise ValueError(
            f"{called} takes images (batch, channel, row, column) with a known number of "
            f"channels; got shape {shape}"
        )


def as_padding(pad):
    """`pad` as ``'same'`` or as ((top, bottom), (left, right)).

    Raises
    ------
    ValueError
        If it is written in no known way, or is negative.
    """
    if pad == "same":
        return "same"
    if pad == "valid":
        return ((0, 0), (0, 0))
    try:
        if isinstance(pad, numbers.Integral):
            pad = (pad, pad)
        rows, columns = (as_pair(side, "padding", least=0) for side in pad)
    except (TypeError, ValueError):
        raise ValueError(f"padding must be {WRITTEN}, not negative; got {pad!r}") from None
    return rows, columns


def same_padding(size, extent: int, stride: int):
    """What TensorFlow's SAME puts before and after an axis, so that the result is ceil(n / s).

    ``total = max((ceil(n / s) - 1) * s + k - n, 0)``, half of it (rounded down) before: see
    "Notes on padding" in the documentation of ``tf.nn``.

    Parameters
    ----------
    size : int or scalar expression
        Length n of the axis.
    extent : int
        Length k of the window, gaps of a dilation included.
    stride : int
        Step s of the window.

    Returns
    -------
    (before, after) : pair of int, or of scalar expressions where `size` is one and matters
    """
    if stride == 1:
        total = extent - 1  # for every size
    else:
        maximum = max if isinstance(size, int) else T.maximum
        total = maximum(((size + stride - 1) // stride - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def overhang(size, extent: int, stride: int):
    """What has to be added after an axis for the last window to find its place on it whole.

    Parameters and result as for :func:`same_padding`.
    """
    return 0, (extent - size) % stride


def resolve(pad, image, sizes, extents, strides):
    """((top, bottom), (left, right)) for images whose (rows, columns) are `sizes`.

    Where `pad` is ``'same'`` or ``'ceil'`` and a size is None, the padding is an expression of the
    size that `image` has when it is computed.
    """
    if not isinstance(pad, str):
        return pad
    rule = same_padding if pad == "same" else overhang
    return tuple(
        rule(image.shape[axis] if size is None else size, extent, stride)
        for axis, size, extent, stride in zip((2, 3), sizes, extents, strides)
    )


def is_static(pad) -> bool:
    """Whether a resolved padding consists of numbers alone."""
    return all(isinstance(length, int) for pair in pad for length in pair)


def output_length(size, extent: int, stride: int, pad):
    """Length of an axis after a window has passed over it; None where `size` is None.

    Parameters
    ----------
    size, extent, stride
        As for :func:`same_padding`.
    pad : 'same', 'ceil' or (before, after)
    """
    if size is None:
        return None
    if pad == "same":
        return -(-size // stride)
    if pad == "ceil":
        pad = overhang(size, extent, stride)
    return (size + sum(pad) - extent) // stride + 1


def pad_images(images, pad, value=0):
    """`images` (batch, channel, row, column) with `value` around them.

    Parameters
    ----------
    images : tensor4
    pad : ((top, bottom), (left, right))
        Numbers or scalar expressions.
    value : float

    Returns
    -------
    tensor4
        Of the same dtype, laid out channels last in memory, which is what the kernels like.
    """
    if is_static(pad) and not any(length for pair in pad for length in pair):
        return images
    (top, bottom), (left, right) = pad
    return PadImages(value)(images, top, bottom, left, right)


def without_zeros(images):
    """What `images` were before zeros were put around them, and how many those were.

    Returns
    -------
    tensor4, ((top, bottom), (left, right))
        `images` themselves and no zeros, where nothing was padded or how much is not known yet.
    """
    node = images.owner
    if node is None or node.op != PadImages(0):
        return images, ((0, 0), (0, 0))
    original, *pad = node.inputs
    if not all(isinstance(length, Constant) for length in pad):
        return images, ((0, 0), (0, 0))
    top, bottom, left, right = (int(length.data) for length in pad)
    return original, ((top, bottom), (left, right))
