"""The HDF5 file of a feature cache: where what lies, and making one.

::

    /                     format  'theano_transfer features 1'
    /<key of the space>   used    number of the rewriting at which it was last wanted
        features          float (entries, ...)   maps as (rows, columns, channels)
        entries           uint8 (entries, 48)    key of the entry, check of its features

The structure is written once, into a new file that replaces the old one as a whole. From then on
only rows are filled, in place: no crash can damage the structure. An entry counts if its check,
BLAKE2b over its features under its key, is right: half a row is no entry.
"""

from __future__ import annotations

import errno
import math
import os
import re
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from theano_transfer.cache._errors import FeatureCacheError
from theano_transfer.cache._keys import KEY_BYTES
from theano_transfer.weights._errors import WeightsFileError
from theano_transfer.weights._hdf5 import SafeGroup, open_hdf5
from theano_transfer.weights._hdf5_write import created_hdf5, require_group, set_attributes

FORMAT = "theano_transfer features 1"
CHECK_BYTES = 16
ENTRY_BYTES = KEY_BYTES + CHECK_BYTES
# More than a file takes without any space, and a space without any entry.
FILE_BYTES = SPACE_BYTES = 4096
EMPTY = bytes(KEY_BYTES)


@dataclass
class Block:
    """The rows of one space.

    Attributes
    ----------
    space : bytes
    shape : tuple of int
        Of a row.
    dtype : numpy dtype
    count : int
        How many rows there is room for.
    used : int
        When it was last wanted, in rewritings of the file.
    features_at, entries_at : int
        Where the rows begin in the file.
    rows : dict of bytes to (int, bytes)
        Key of an entry -> its row, and the check of its features.
    free : list of int
        Rows that may be filled: by who made room for them, or found them damaged.
    """

    space: bytes
    shape: tuple[int, ...]
    dtype: np.dtype
    count: int
    used: int = 0
    features_at: int = 0
    entries_at: int = 0
    rows: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)

    @cached_property
    def row_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def create(path, blocks: list[Block]) -> None:
    """Write a file with empty room for `blocks`.

    Raises
    ------
    OSError
        The disk is full.
    """
    from h5py import h5d, h5p, h5s, h5t

    with created_hdf5(path, {"format": FORMAT}) as (file, _):
        for block in blocks:
            group = require_group(file, block.space.hex())
            set_attributes(group, {"used": block.used})
            arrays = (
                (b"features", block.shape, block.dtype),
                (b"entries", (ENTRY_BYTES,), np.dtype(np.uint8)),
            )
            for name, shape, dtype in arrays:
                plan = h5p.create(h5p.DATASET_CREATE)
                plan.set_alloc_time(h5d.ALLOC_TIME_EARLY)
                plan.set_fill_time(h5d.FILL_TIME_NEVER)
                plan.set_obj_track_times(False)
                extent = h5s.create_simple((block.count, *shape))
                kind = h5t.py_create(dtype.newbyteorder("<"))
                h5d.create(group.id, name, kind, extent, plan).close()
    with open(path, "r+b") as file:
        # Taken now: a disk that is full says so before hours of computing, not after.
        size = os.fstat(file.fileno()).st_size
        if hasattr(os, "posix_fallocate") and size:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):  # it cannot be asked
                    raise


def read_layout(path) -> dict[bytes, Block]:
    """The blocks of a file, without their rows.

    Raises
    ------
    FeatureCacheError
        The file is damaged, or is something else.
    """
    try:
        with open_hdf5(path, integers=True) as root:
            if root.text("format", fixed=True) != FORMAT:
                raise FeatureCacheError(
                    f"{os.fspath(path)!r} is an HDF5 file, but no feature cache of this version of "
                    "theano_transfer; name another file, or delete it if it is not needed"
                )
            blocks = [_read_block(root.group(name), name) for name in root.names()]
    except WeightsFileError as error:
        raise FeatureCacheError(
            f"no features can be kept in this file: {error}; delete it if it is a feature cache, "
            "or name another"
        ) from error
    return {block.space: block for block in blocks}


def _read_block(group: SafeGroup, name: str) -> Block:
    features, entries = group.array("features"), group.array("entries")
    used = group.integer("used")
    if (
        not re.fullmatch(f"[0-9a-f]{{{2 * KEY_BYTES}}}", name)
        or used is None
        or len(features.shape) < 2
        or features.dtype.kind != "f"
        or entries.dtype != np.uint8
        or entries.shape != (features.shape[0], ENTRY_BYTES)
        or features.offset is None
        or entries.offset is None
    ):
        raise group.refusal("not the arrays of a feature cache")
    return Block(
        space=bytes.fromhex(name),
        shape=features.shape[1:],
        dtype=features.dtype,
        count=features.shape[0],
        used=used,
        features_at=features.offset,
        entries_at=entries.offset,
    )
