"""Pictures in an array of an HDF5 file, read when they are needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from theano_transfer._suggest import checks_options, nearest
from theano_transfer.images._arrays import ArrayData, in_colours
from theano_transfer.images._cache import DEFAULT_CACHE_BYTES
from theano_transfer.images._dataset import Dataset, digest_of
from theano_transfer.images._errors import DatasetError, ImageError, shown
from theano_transfer.images._labels import checked_classes, checked_labels
from theano_transfer.images._preprocessing import COLOURS, Preprocessing
from theano_transfer.images._resize import resize_array


class HDF5Images(Dataset):
    """Pictures in an array of an HDF5 file, one row at a time in memory.

    Parameters
    ----------
    path : path
        Of unknown origin: it is read as weight files are, nothing in it is executed.
    pictures : str
        Name of the array (n, rows, columns, 3) or (n, 3, rows, columns) in the file; RGB pixel
        values 0..255, bytes or floating. A single channel is used for all three; another number
        (the smaller of the two axes where it may be) is for networks of as many. Other names,
        such as ``'train/images'``, with slashes between groups.
    labels : str, optional
        Name of the array of labels: class numbers, one-hot or multi-hot rows, or numbers. None
        for prediction.
    classes : sequence of str, optional
        Names in the order of the class numbers.
    cache_bytes : int
        Resized pictures are kept up to this many bytes.

    Attributes
    ----------
    path : str

    Raises
    ------
    WeightsFileError
        (a ValueError) The file is damaged, or refers to other files.
    DatasetError
        There is no array of that name (it names those there are), or it holds no pictures.
    ImageError
        While reading: the file has changed since, or a picture holds NaN or infinity.
    """

    @checks_options
    def __init__(
        self,
        path: str | os.PathLike,
        pictures: str = "images",
        labels: str | None = "labels",
        *,
        classes: Sequence[str] | None = None,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ):
        self.path = os.fspath(path)
        self._file = _File(self.path, pictures)
        array = self._file.array
        self._last = _channels_are_last(array.shape, f"{pictures!r} of {shown(path)}")
        self._rows = np.arange(array.shape[0])
        classes = checked_classes(classes)
        given = None if labels is None else self._file.read(labels)
        super().__init__(checked_labels(given, len(self._rows), classes), classes, cache_bytes)
        count = array.shape[-1 if self._last else 1]
        self.channels = COLOURS if count == 1 else count

    def __len__(self) -> int:
        return len(self._rows)

    def _select(self, indices):
        self._rows = self._rows[indices]

    def _size(self, size):
        shape = self._file.array.shape
        return (shape[1:3] if self._last else shape[2:4]) if size is None else size

    def _cache_key(self, index, form):
        return int(self._rows[index])

    def _pixels(self, index, form):
        pixels = in_colours(self._row(index))
        if form.size == pixels.shape[:2] and form.crop is None:
            return pixels
        return resize_array(pixels, *form)

    def _content(self, index, form):
        return digest_of(self._row(index))

    def check_unchanged(self):
        self._file.check_unchanged()

    def _row(self, index):
        """Picture `index` as (rows, columns, channels), grey ones with one."""
        row = int(self._rows[index])
        pixels = self._file.row(row)
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            raise ImageError(self.path, f"picture {row} holds NaN or infinity")
        return pixels if self._last else np.ascontiguousarray(pixels.transpose(1, 2, 0))

    def _check_preprocessing(self, preprocess):
        """Of floating pixels, the first pictures tell whether they are of 0..255."""
        floating = self._file.array.dtype.kind == "f"
        if not floating or not len(self) or not isinstance(preprocess, Preprocessing):
            return
        some = np.stack([self._row(index) for index in range(min(len(self), 16))])
        ArrayData(some, channels="last")._check_preprocessing(preprocess)


class _File:
    """An open file and its array of pictures. Threads may share it; a pickle opens it anew."""

    def __init__(self, path, name):
        self._open(path, name)

    def _open(self, path, name):
        from theano_transfer.weights._hdf5 import open_hdf5

        self._path, self._name = path, name
        self._lock = threading.Lock()
        with ExitStack() as stack:
            self._mark = _mark(path)
            self._root = stack.enter_context(open_hdf5(path, whole_numbers=True))
            self.array = self._find(name)
            kind = self.array.dtype
            if kind.kind != "f" and kind != np.uint8:
                raise DatasetError(
                    f"{name!r} of {shown(path)} holds {kind}; pictures are bytes (uint8) or "
                    "floating numbers, 0..255"
                )
            self._stack = stack.pop_all()

    def read(self, name) -> np.ndarray:
        return self._find(name).read()

    def row(self, index) -> np.ndarray:
        with self._lock:
            self.check_unchanged()
            return self.array.rows(index, index + 1)[0]

    def check_unchanged(self):
        if _mark(self._path) != self._mark:
            raise ImageError(self._path, "the file has changed since the data set was made")

    def _find(self, name):
        from theano_transfer.weights import WeightsFileError

        try:
            return self._root.array(name)
        except WeightsFileError as error:
            known = self._root.names()
            raise DatasetError(
                f"{error}{nearest(name, known)} (there are {', '.join(map(repr, known[:20]))})"
            ) from error

    def __getstate__(self):
        return self._path, self._name, self._mark

    def __setstate__(self, state):
        path, name, mark = state
        self._open(path, name)
        if self._mark != mark:
            raise ImageError(path, "the file has changed since the data set was made")

    def __del__(self):
        stack = self.__dict__.get("_stack")
        if stack is not None:
            stack.close()


def _mark(path):
    try:
        status = os.stat(path)
    except OSError as error:
        raise ImageError(path, f"cannot be found ({error.strerror})") from error
    return status.st_size, status.st_mtime_ns, status.st_ino


def _channels_are_last(shape, what) -> bool:
    if len(shape) == 4 and 0 not in shape[1:]:
        for axis in (3, 1):
            if shape[axis] in (1, COLOURS):
                return axis == 3
        if shape[1] != shape[3]:
            return shape[3] < shape[1]
    raise DatasetError(
        f"{what} has shape {shape}; pictures are (n, rows, columns, 3) or (n, 3, rows, columns), "
        "with one channel where they are grey, or more where a network has more"
    )
