"""Data sets in memory."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.images._cache import DEFAULT_CACHE_BYTES
from theano_transfer.images._dataset import Dataset, digest_of
from theano_transfer.images._errors import DatasetError, ImageWarning
from theano_transfer.images._labels import checked_classes, checked_labels
from theano_transfer.images._preprocessing import COLOURS, Preprocessing
from theano_transfer.images._resize import resize_array

# An axis of fewer entries than this, and than the one that is said to be that of channels, is
# taken for a mistake about which is which.
MOST_LIKELY = 17


class ArrayData(Dataset):
    """Pictures in an array.

    Parameters
    ----------
    x : array (n, 3, rows, columns), or (n, rows, columns, 3) with ``channels='last'``
        RGB pixel values 0..255, integers or floating; memory-mapped arrays
        (NumPy's ``mmap_mode='r'``) stay on disk. A single channel is used for all three;
        any other number is for networks of as many.
    y : array-like, optional
        Labels: class numbers (n,) or integers (n, 1), one-hot or multi-hot rows (n, classes), or
        floating numbers (n, ...). None for prediction.
    classes : sequence of str, optional
        Names in the order of the class numbers, or of the columns of y.
    channels : 'first' or 'last'
    cache_bytes : int
        Resized pictures are kept up to this many bytes.

    Raises
    ------
    DatasetError
        The shape is wrong, lengths differ, integers lie outside 0..255, labels do not fit the
        classes, or there is NaN or infinity.
    TypeError
        x or y does not hold numbers.
    """

    @checks_options
    def __init__(
        self,
        x: Any,
        y: Any = None,
        *,
        classes: Sequence[str] | None = None,
        channels: str = "first",
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ):
        self._x = _channels_last(_checked_kind(np.asarray(x)), channels)
        self._range = _value_range(self._x)
        if self._x.dtype.kind != "f" and self._x.dtype != np.uint8:
            self._x = self._x.astype(np.uint8)  # the range has been checked
        self._rows = np.arange(len(self._x))
        self._digests: dict[int, bytes] = {}  # of resized pictures, as they were then
        classes = checked_classes(classes)
        super().__init__(checked_labels(y, len(self._x), classes), classes, cache_bytes)
        self.channels = channels_of(self._x)

    def __len__(self) -> int:
        return len(self._rows)

    def _select(self, indices):
        self._rows = self._rows[indices]

    def _size(self, size):
        return self._x.shape[1:3] if size is None else size

    def _cache_key(self, index, form):
        return int(self._rows[index]) if self._needs_resizing(form) else None

    def _pixels(self, index, form):
        pixels = in_colours(self._x[self._rows[index]])
        if self._needs_resizing(form):
            self._digests[int(self._rows[index])] = digest_of(self._x[self._rows[index]])
            return resize_array(pixels, *form)
        pixels.flags.writeable = False  # a view of the caller's array
        return pixels

    def _content(self, index, form):
        # the caller may change the array, and what was resized before stays as it was
        key = self._cache_key(index, form)
        kept = key is not None and self._cache.get(key, form) is not None
        return self._digests[key] if kept else digest_of(self._x[self._rows[index]])

    def _needs_resizing(self, form):
        return form.size != self._x.shape[1:3] or form.crop is not None

    def _check_preprocessing(self, preprocess):
        if not len(self) or not isinstance(preprocess, Preprocessing) or preprocess.is_identity:
            return
        low, high = self._range
        values = f"x holds values from {low:.6g} to {high:.6g}"
        remedy = "for arrays that already are what the network wants, pass preprocess='identity'"
        if low < 0 or high > 255:
            raise DatasetError(
                f"{values}, but preprocess={preprocess.name!r} expects pixel values 0..255; "
                f"{remedy}"
            )
        if self._x.dtype.kind == "f" and 0 < high <= 1:
            warnings.warn(
                f"{values}, but preprocess={preprocess.name!r} expects pixel values 0..255: "
                f"multiply by 255; {remedy}",
                ImageWarning,
                stacklevel=3,
            )


def _checked_kind(x):
    if x.dtype.kind not in "iuf":
        raise TypeError(f"x must hold numbers, pixel values 0..255, got dtype {x.dtype}")
    return x


def _channels_last(x, channels):
    """A view (n, rows, columns, channels) of `x`."""
    if channels not in ("first", "last"):
        raise ValueError(f"channels must be 'first' or 'last', got {channels!r}")
    axes = {"first": "(n, 3, rows, columns)", "last": "(n, rows, columns, 3)"}[channels]
    if x.ndim != 4:
        hint = "; for grey pictures, x[:, None] adds the axis" if x.ndim == 3 else ""
        raise DatasetError(f"x must have axes {axes}, got shape {x.shape}{hint}")
    y = x.transpose(0, 2, 3, 1) if channels == "first" else x
    other, there = {"first": ("last", -1), "last": ("first", 1)}[channels]
    if y.shape[-1] not in (1, COLOURS) and looks_like_channels(x.shape[there], y.shape[-1]):
        raise DatasetError(
            f"x must have axes {axes}, got shape {x.shape}; did you mean channels={other!r}?"
        )
    if 0 in y.shape[1:]:
        raise DatasetError(f"x holds pictures without pixels: shape {x.shape}")
    return y


def looks_like_channels(size, others) -> bool:
    """Whether the axis of this size is that of channels, rather than one of `others` entries."""
    return size in (1, COLOURS) or size < min(others, MOST_LIKELY)


def channels_of(x) -> int:
    """Channels of the pictures that are made of `x`, channels last: grey ones get three."""
    return COLOURS if x.shape[-1] == 1 else x.shape[-1]


def in_colours(pixels):
    """A single channel three times; others as they are."""
    return np.repeat(pixels, COLOURS, axis=-1) if pixels.shape[-1] == 1 else pixels


def _value_range(x):
    """The least and the greatest value; raises for NaN, infinity and integers out of range."""
    low, high = np.inf, -np.inf
    for start in range(0, len(x), 256):  # in portions: a mapped array may exceed the memory
        portion = x[start : start + 256]
        # of NaN, minimum and maximum are NaN
        low, high = min(low, portion.min()), max(high, portion.max())
        if not np.isfinite(portion.min()) or not np.isfinite(portion.max()):
            bad = [start + row for row, p in enumerate(portion) if not np.isfinite(p).all()]
            raise DatasetError(f"x holds NaN or infinity, first in picture {bad[0]}")
    if x.dtype.kind != "f" and len(x) and (low < 0 or high > 255):
        raise DatasetError(f"integer pixels must lie in 0..255, got {low}..{high}")
    return low, high
