"""Writing the HDF5 files of our own layout."""

from __future__ import annotations

import hashlib
import io
import math
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from ._stored import StoredArray

# A chunk is decoded in memory as a whole. HDF5 takes memory for each one anew; of larger ones, the
# system takes it back and clears it each time.
CHUNK_BYTES = 8 << 20


def write_hdf5(
    path: str | os.PathLike[str],
    attributes: Callable[[], Mapping[str, str | int]],
    arrays: Mapping[str, np.ndarray | StoredArray],
) -> None:
    """Write arrays with a checksum per chunk and a SHA-256 each, then root attributes.

    ``attributes`` is called when all arrays are written. Groups and datasets are
    listed in the order of writing. Equal content makes equal bytes.

    Raises
    ------
    OSError
        The disk is full, or writing fails otherwise.
    """
    with created_hdf5(path, {}) as (file, sink), ThreadPoolExecutor(1) as beside:
        for key, array in arrays.items():
            if sink.error is None:
                if isinstance(array, StoredArray) and array.rows is None:
                    array = array.read()
                _write_array(file, key, array, beside)
        set_attributes(file, attributes())


@contextmanager
def created_hdf5(
    path: str | os.PathLike[str], attributes: Mapping[str, str | int]
) -> Iterator[tuple[Any, _Sink]]:
    """A new HDF5 file to put arrays into, and the sink that knows of errors.

    Raises
    ------
    OSError
        At the end of the block: the disk was full, or writing failed otherwise.
    """
    import h5py

    with open(path, "w+b", buffering=0) as raw:
        sink = _Sink(raw)
        with h5py.File(_create(path, sink)) as file:
            set_attributes(file, attributes)
            yield file, sink
        if sink.error is not None:
            # A copy, because HDF5 holds the sink beyond the reach of Python's garbage collector:
            # no traceback may hang on it.
            raise OSError(sink.error.errno, sink.error.strerror, os.fspath(path))


def set_attributes(owner: Any, attributes: Mapping[str, str | int]) -> None:
    """Texts and integers as attributes of a file or a group."""
    for key, value in attributes.items():
        owner.attrs[key] = _fixed_text(value) if isinstance(value, str) else value


def sha256(array: np.ndarray) -> str:
    """Digest of the values: little-endian, in row-major order."""
    return hashlib.sha256(_little_endian(array)).hexdigest()


def _little_endian(array: np.ndarray) -> memoryview:
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return little.reshape(-1).view(np.uint8).data


class _Sink(io.RawIOBase):
    """A file for HDF5 that keeps a failure to itself.

    Told that the disk is full, HDF5 cannot close the file, and crashes the program at its end.
    So the first error is kept for the caller, and HDF5 goes on as if all were well.
    """

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view) and self.error is None:
            try:
                done += self._raw.write(view[done:]) or 0
            except OSError as error:
                self._keep(error)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        try:
            return self._raw.truncate(size)
        except OSError as error:
            self._keep(error)
            return size or 0

    def readinto(self, buffer: Any) -> int | None:
        return self._raw.readinto(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def _keep(self, error: OSError) -> None:
        self.error = self.error or OSError(error.errno, error.strerror)

    def flush(self) -> None:
        pass  # the raw file has no buffer


def _create(path: str | os.PathLike[str], sink: _Sink) -> Any:
    import h5py

    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    access.set_fileobj_driver(h5py.h5fd.fileobj_driver, sink)
    creation = _ordered_untimed(h5py.h5p.create(h5py.h5p.FILE_CREATE))
    name = os.fsencode(path)
    return h5py.h5f.create(name, h5py.h5f.ACC_TRUNC, fcpl=creation, fapl=access)


def _write_array(file: Any, name: str, array: np.ndarray | StoredArray, beside: Executor) -> None:
    group, _, last = name.rpartition("/")
    storage = {}
    places: list[Any] = [()]  # all of it
    if array.shape and 0 not in array.shape:
        # HDF5 has chunks, and so checksums, only along an axis.
        count, size = array.shape[0], math.prod(array.shape) * array.dtype.itemsize
        rows = math.ceil(count / min(count, math.ceil(size / CHUNK_BYTES)))
        storage = {"chunks": (rows, *array.shape[1:]), "fletcher32": True}
        places = [slice(start, min(start + rows, count)) for start in range(0, count, rows)]
    dataset = require_group(file, group).create_dataset(
        last, array.shape, array.dtype, track_times=False, **storage
    )
    digest = hashlib.sha256()
    digested = beside.submit(lambda: None)
    # A chunk at a time: it is digested while it is written and the next one is read.
    for place in places:
        values = np.asarray(_part(array, place), order="C")
        digested.result()
        digested = beside.submit(digest.update, _little_endian(values))
        dataset[place] = values
    digested.result()
    dataset.attrs["sha256"] = _fixed_text(digest.hexdigest())


def _part(array: np.ndarray | StoredArray, place: Any) -> np.ndarray:
    if isinstance(array, np.ndarray):
        return array[place]
    if place == () or array.rows is None:
        return array.read()
    return array.rows(place.start, place.stop)


def _fixed_text(text: str) -> np.ndarray:
    """As HDF5 text of fixed length; others lie in a heap that old HDF5 does not read safely."""
    from h5py import string_dtype

    content = text.encode()
    return np.array(content, string_dtype("utf-8", len(content)))


def require_group(file: Any, path: str) -> Any:
    """The group at `path`, made where it is not there."""
    import h5py

    group = file
    for component in path.split("/"):
        if component not in group:
            creation = _ordered_untimed(h5py.h5p.create(h5py.h5p.GROUP_CREATE))
            h5py.h5g.create(group.id, component.encode(), gcpl=creation)
        group = group[component]
    return group


def _ordered_untimed(creation: Any) -> Any:
    """Links in creation order, as the network has its layers; no times, so equal bytes for equal
    content. (h5py's ``track_order`` would order attributes too, which some releases cannot do
    for more than eight.)
    """
    from h5py import h5p

    creation.set_link_creation_order(h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED)
    creation.set_obj_track_times(False)
    return creation
