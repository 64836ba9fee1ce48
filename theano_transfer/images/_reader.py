"""Pictures in files that a function of the user's reads: arrays, of microscopes, of satellites."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from theano_transfer.images._arrays import channels_of, in_colours
from theano_transfer.images._errors import ImageError
from theano_transfer.images._resize import resize_array

# Functions of users need not be fit for threads. numpy.load is not: it parses a literal, and in
# Python 3.11 two threads that do so now and then raise "AST constructor recursion depth mismatch".
_one_at_a_time = threading.Lock()


class Reader:
    """A function from a path to an array, whose arrays are checked.

    Parameters
    ----------
    function : callable
        Path -> array (rows, columns, channels), or (rows, columns) of one channel; bytes, or
        floating numbers, of 0..255.
    paths : iterable of str
        The first that can be read tells how many channels all of them have to have.
    """

    def __init__(self, function: Callable[[str], Any], paths: Iterable[str]):
        if not callable(function):
            raise TypeError(
                f"read is a function from a path to an array, such as numpy.load; got {function!r}"
            )
        self._function = function
        self.channels: int | None = None
        for path in paths:
            try:
                self.channels = channels_of(self.array(path))
                break
            except ImageError:
                continue

    def array(self, path: str) -> np.ndarray:
        """What the function makes of a file, (rows, columns, channels).

        Raises
        ------
        ImageError
            The function raised something, or gave no such array.
        """
        try:
            with _one_at_a_time:
                pixels = np.asarray(self._function(path))
        except MemoryError:
            raise
        except Exception as error:  # whatever the user's function raises
            raise ImageError(path, f"read() failed ({type(error).__name__}: {error})") from error
        if pixels.ndim == 2:
            pixels = pixels[..., np.newaxis]
        if pixels.ndim != 3 or 0 in pixels.shape:
            raise ImageError(
                path,
                f"read() gave an array of shape {pixels.shape}, not (rows, columns, channels)",
            )
        if pixels.dtype != np.uint8 and pixels.dtype.kind != "f":
            raise ImageError(
                path, f"read() gave {pixels.dtype}; bytes (uint8) or floats, 0..255, are needed"
            )
        if not np.isfinite(pixels).all():
            raise ImageError(path, "read() gave NaN or infinity")
        if self.channels not in (None, channels_of(pixels)):
            raise ImageError(
                path, f"it has {pixels.shape[-1]} channels, and others have {self.channels}"
            )
        return pixels

    def pixels(self, path: str, form) -> np.ndarray:
        """The same, at the size that `form` asks for; grey three times."""
        pixels = in_colours(self.array(path))
        if form.size in (None, pixels.shape[:2]) and form.crop is None:
            return np.array(pixels)  # the function's own array is not for keeping
        return resize_array(pixels, *form)
