"""Features in one file, up to a number of bytes.

Any number of processes may read. Making room writes a new file in place of the old one, under a
lock that is held for that long only; each process fills only the rows that it made room for, in
the file that it made. Who still has an older file open goes on with that, and what it adds is lost
to the others: computed twice, never wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from theano_transfer._files import atomic_write
from theano_transfer.cache._errors import FeatureCacheError
from theano_transfer.cache._keys import KEY_BYTES
from theano_transfer.cache._layout import (
    CHECK_BYTES,
    EMPTY,
    ENTRY_BYTES,
    FILE_BYTES,
    SPACE_BYTES,
    Block,
    create,
    read_layout,
)
from theano_transfer.cache._want import Want, Wants, kept_besides, too_large

LOCK_SECONDS = 60
# How many features may be in the file, or for how long, without being entered: what a crash costs.
PENDING_BYTES = 16 << 20
PENDING_SECONDS = 10


class DiskStore:
    """Rows of numbers by (space, key), in a file; methods as those of `MemoryStore`.

    Parameters
    ----------
    path : path
        Of an HDF5 file; made when there is something to keep.
    max_bytes : int
        What the file may take.

    Raises
    ------
    FeatureCacheError
        The file is damaged, something else, or locked for too long.
    """

    def __init__(self, path, max_bytes: int):
        self.path, self.max_bytes = Path(path), max_bytes
        self._file: BinaryIO | None = None  # before anything can fail: close() looks at it
        self._blocks: dict[bytes, Block] = {}
        self._pending: list[tuple[int, bytes]] = []
        self._pending_bytes = 0
        self._flushed = time.monotonic()
        if self.path.exists():
            with self._locked():
                self._open()

    @property
    def nbytes(self) -> int:
        """Size of the file."""
        return 0 if self._file is None else os.fstat(self._file.fileno()).st_size

    def __len__(self) -> int:
        return sum(len(block.rows) for block in self._blocks.values())

    def absent(self, space: bytes, keys: Sequence[bytes]) -> list[bytes]:
        """Those of `keys` that are not here."""
        block = self._blocks.get(space)
        return list(keys) if block is None else [key for key in keys if key not in block.rows]

    def reserve(self, wants: Wants) -> str | None:
        """Make room for what is wanted; why that cannot be, in words, or None."""
        if not self._lacks(wants):
            return None
        with self._locked():
            self._open()  # with what others have added since
            if not self._lacks(wants):
                return None
            needed = FILE_BYTES + sum(
                SPACE_BYTES + len(want.keys) * (want.row_bytes + ENTRY_BYTES)
                for want in wants.values()
            )
            if needed > self.max_bytes:
                return too_large(needed, self.max_bytes)
            try:
                self._remove_leftovers()
                self._rewrite(self._planned(wants, self.max_bytes - needed), wants)
            except OSError as error:
                return f"{os.fspath(self.path)!r} cannot be written: {error.strerror}"
        return None

    def read(self, space: bytes, keys: Mapping[int, bytes], out: np.ndarray) -> list[int]:
        """Fill rows of `out`, by their places in it; the places of those that are not here.

        What is damaged is not here.
        """
        block = self._blocks.get(space)
        if block is None:
            return list(keys)
        missing = []
        for place, key in keys.items():
            if key not in block.rows:
                missing.append(place)
            elif not self._read_row(block, key, out[place].reshape(-1).view(np.uint8).data):
                block.free.append(block.rows.pop(key)[0])
                missing.append(place)
        return missing

    def write(self, space: bytes, keys: Sequence[bytes], rows: np.ndarray) -> None:
        """Put `rows` into the file, where there is room. Raises OSError where the disk fails."""
        block = self._blocks[space]
        for key, values in zip(keys, rows):
            if key in block.rows or not block.free:
                continue
            row = block.free.pop()
            data = np.ascontiguousarray(values, block.dtype).reshape(-1).view(np.uint8).data
            self._write_at(data, block.features_at + row * block.row_bytes)
            check = _check(space, key, data)
            self._pending.append((block.entries_at + row * ENTRY_BYTES, key + check))
            self._pending_bytes += len(data)
            block.rows[key] = row, check
        waited = time.monotonic() - self._flushed
        if self._pending_bytes >= PENDING_BYTES or waited >= PENDING_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Enter what was written, once it is on the disk."""
        pending, self._pending, self._pending_bytes = self._pending, [], 0
        self._flushed = time.monotonic()
        if self._file is not None and pending:
            os.fsync(self._file.fileno())
            for offset, entry in pending:
                self._write_at(entry, offset)

    def close(self) -> None:
        """Enter what was written, and let go of the file."""
        if self._file is not None:
            try:
                self.flush()
            finally:
                self._file.close()
                self._file, self._blocks = None, {}

    def __del__(self):
        with contextlib.suppress(OSError):
            self.close()

    def _lacks(self, wants: Wants) -> bool:
        """Whether there is less room than is wanted."""
        blocks = ((self._blocks.get(space), want) for space, want in wants.items())
        return any(
            block is None
            or not _fits(block, want)
            or sum(key not in block.rows for key in want.keys) > len(block.free)
            for block, want in blocks
        )

    def _open(self) -> None:
        """Look at the file as it is now."""
        self.close()
        if not self.path.exists():
            return
        self._blocks = read_layout(self.path)
        try:
            self._file = _opened(self.path)
        except OSError as error:
            raise FeatureCacheError(
                f"the feature cache {os.fspath(self.path)!r} cannot be opened: {error.strerror}"
            ) from error
        for block in self._blocks.values():
            entries = bytearray(block.count * ENTRY_BYTES)
            self._read_into(entries, block.entries_at)
            for row in range(block.count):
                entry = bytes(entries[row * ENTRY_BYTES : (row + 1) * ENTRY_BYTES])
                if not entry.startswith(EMPTY):
                    block.rows[entry[:KEY_BYTES]] = row, entry[KEY_BYTES:]

    def _planned(self, wants: Wants, spare: int) -> list[Block]:
        """The blocks of the next file; their rows are those of this one that go over."""
        old = self._blocks
        now = 1 + max((block.used for block in old.values()), default=0)
        by_use = sorted(old.values(), key=lambda block: -block.used)
        kept = kept_besides(
            wants,
            [(block.space, block.row_bytes, block.rows) for block in by_use],
            spare,
            per_space=SPACE_BYTES,
            per_entry=ENTRY_BYTES,
        )
        planned = []
        for space in {**wants, **kept}:
            rows = old[space].rows if space in old else {}
            if space in wants:
                want = wants[space]
                rows = rows if space in old and _fits(old[space], want) else {}
                stays = [*(key for key in want.keys if key in rows), *kept.get(space, ())]
                count = len(want.keys) + len(kept.get(space, ()))
                plan = Block(space, want.shape, want.dtype, count, now)
            else:
                block, stays = old[space], kept[space]
                plan = Block(space, block.shape, block.dtype, len(stays), block.used)
            plan.rows = {key: rows[key] for key in stays if key in rows}
            planned.append(plan)
        return planned

    def _rewrite(self, planned: list[Block], wants: Wants) -> None:
        """Replace the file by one of `planned` blocks."""
        with atomic_write(self.path) as temporary:
            create(temporary, planned)
            made = read_layout(temporary)
            with _opened(temporary) as target:
                for plan in planned:
                    if plan.rows:
                        self._copy(plan, target, made[plan.space])
        self.close()
        self._file, self._blocks = _opened(self.path), made
        for space in wants:
            block = made[space]
            block.free = list(range(len(block.rows), block.count))[::-1]

    def _copy(self, plan: Block, target: BinaryIO, made: Block) -> None:
        """Rows go to the front of their block."""
        source = self._blocks[plan.space]
        data = bytearray(source.row_bytes)
        for number, (key, (row, check)) in enumerate(plan.rows.items()):
            self._read_into(data, source.features_at + row * source.row_bytes)
            _write_at(target, data, made.features_at + number * made.row_bytes)
            _write_at(target, key + check, made.entries_at + number * ENTRY_BYTES)
            made.rows[key] = number, check

    def _remove_leftovers(self) -> None:
        """Temporary files of processes that were killed: who holds the lock has none yet."""
        stem, suffix = re.escape(self.path.stem), re.escape(self.path.suffix)
        for path in self.path.parent.iterdir():
            if re.fullmatch(rf"\.{stem}-[0-9a-f]{{12}}\.tmp{suffix}", path.name):
                path.unlink(missing_ok=True)

    def _read_row(self, block: Block, key: bytes, data) -> bool:
        """Fill `data` with the features of an entry; whether they are right."""
        row, check = block.rows[key]
        try:
            self._read_into(data, block.features_at + row * block.row_bytes)
        except OSError:
            return False
        return _check(block.space, key, data) == check

    def _read_into(self, data, offset: int) -> None:
        """Fill `data`; what lies beyond the file's end stays as it is."""
        assert self._file is not None
        self._file.seek(offset)
        self._file.readinto(data)  # type: ignore[attr-defined]

    def _write_at(self, data, offset: int) -> None:
        assert self._file is not None
        _write_at(self._file, data, offset)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout:
            raise FeatureCacheError(
                f"another program has been changing the feature cache {os.fspath(self.path)!r} "
                f"for {LOCK_SECONDS} seconds; wait for it, or name another file"
            ) from None
        except OSError as error:
            raise FeatureCacheError(
                f"the feature cache {os.fspath(self.path)!r} cannot be used: {error.strerror}"
            ) from error
        try:
            yield
        finally:
            lock.release()


def _fits(block: Block, want: Want) -> bool:
    return (block.shape, block.dtype) == (want.shape, want.dtype)


def _opened(path) -> BinaryIO:
    return open(path, "r+b", buffering=0)


def _check(space: bytes, key: bytes, data) -> bytes:
    """Of features, under the key that they are kept by."""
    return hashlib.blake2b(data, key=space + key, digest_size=CHECK_BYTES).digest()


def _write_at(file: BinaryIO, data, offset: int) -> None:
    view = memoryview(data)
    file.seek(offset)
    while len(view):
        view = view[file.write(view) :]
