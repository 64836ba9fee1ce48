"""The one reader of zip archives of unknown origin.

Nothing is ever unpacked to a place that the archive names. Members are looked up by name and read
through checks: known compression, a size that the archive can really hold, the checksum.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from ._errors import WeightsFileError

MAX_MEMBERS = 100_000
MAX_NAME = 1024
# As of HDF5 files: deflate makes a thousandth of zeros, but hardly anything smaller of weights.
SLACK_BYTES = 64 << 20
SLACK_RATIO = 100
LOCAL_HEADER = 30  # bytes, before the name and the extra field
END_RECORD = 22  # bytes, before the comment
_BLOCK = 1 << 20


class SafeZip:
    """An open zip archive; its table of contents is read and checked, its members not yet.

    Raises
    ------
    WeightsFileError
        It is damaged, or holds what an archive of weights does not: encryption, odd names, a name
        twice, members that declare more than the archive holds.
    """

    def __init__(self, file: BinaryIO, path: str, size: int) -> None:
        self.path = path
        self._file = file
        self._size = size
        with self._guard("contents of the zip archive"):
            archive = zipfile.ZipFile(file)
            members = archive.infolist()
            self._check_end(len(archive.comment))
        if len(members) > MAX_MEMBERS:
            raise self.refusal(f"it has {len(members):,} members, allowed are {MAX_MEMBERS:,}")
        self._archive = archive
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            self._check(member)
            self._members[member.filename] = member
        declared = sum(member.file_size for member in members)
        if declared > SLACK_BYTES + SLACK_RATIO * size:
            raise self.refusal(f"its members declare {declared:,} bytes, the file has {size:,}")

    @property
    def comment(self) -> bytes:
        """What is said about the archive as a whole, behind its table of contents."""
        return self._archive.comment

    def names(self) -> list[str]:
        """Names of the members, in the archive's order."""
        return list(self._members)

    def refusal(self, reason: str) -> WeightsFileError:
        """An error about this archive."""
        return WeightsFileError(f"{self.path!r} is refused: {reason}")

    def read(self, name: str, limit: int = SLACK_BYTES) -> bytes:
        """The content of a member of at most `limit` bytes."""
        member = self._member(name)
        if member.file_size > limit:
            msg = f"its member {name!r} has {member.file_size:,} bytes, allowed are {limit:,}"
            raise self.refusal(msg)
        with self._guard(name), self._archive.open(member) as stream:
            return stream.read()

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[tuple[BinaryIO, int]]:
        """A member as a file to seek in, and its size; its checksum has been compared.

        One that lies uncompressed in the archive is read from there, another from a temporary
        copy.
        """
        member = self._member(name)
        if member.compress_type == zipfile.ZIP_STORED:
            with self._guard(name):
                window = _Window(self._file, self._start(member), member.file_size)
                if _checksum(window) != member.CRC:
                    raise self._damaged(name, "its checksum differs")
            yield window, member.file_size  # type: ignore[misc]
            return
        with tempfile.TemporaryFile() as copy:
            with self._guard(name), self._archive.open(member) as stream:
                for block in iter(lambda: stream.read(_BLOCK), b""):
                    copy.write(block)
                copy.seek(0)
            yield copy, member.file_size

    def _member(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise self.refusal(f"it has no member {name!r}")
        return self._members[name]

    def _check(self, member: zipfile.ZipInfo) -> None:
        name = member.filename
        if len(name) > MAX_NAME or not name.isprintable():
            raise self.refusal(f"not a valid name of a member: {name[:80]!r}")
        if name in self._members:
            raise self.refusal(f"it has two members {name!r}")
        if member.flag_bits & 1:
            raise self.refusal(f"its member {name!r} is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.refusal(f"its member {name!r} is neither stored nor deflated")
        if member.compress_type == zipfile.ZIP_STORED and member.file_size != member.compress_size:
            raise self._damaged(name, "two sizes are declared")

    def _check_end(self, comment: int) -> None:
        """Refuse an archive that goes on behind its end, or whose comment is cut short."""
        self._file.seek(-END_RECORD - comment, os.SEEK_END)
        record = self._file.read(END_RECORD)
        if record[:4] != b"PK\x05\x06" or int.from_bytes(record[20:], "little") != comment:
            raise zipfile.BadZipFile("it does not end where it says")

    def _start(self, member: zipfile.ZipInfo) -> int:
        """Where the bytes of a stored member begin."""
        self._file.seek(member.header_offset)
        header = self._file.read(LOCAL_HEADER)
        name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        start = member.header_offset + LOCAL_HEADER + name + extra
        if header[:4] != b"PK\x03\x04" or start + member.file_size > self._size:
            raise self._damaged(member.filename, "it does not lie in the archive")
        return start

    def _damaged(self, name: str, reason: str) -> WeightsFileError:
        msg = f"{self.path!r} is damaged or cut short: cannot read {name!r} ({reason})"
        return WeightsFileError(msg)

    @contextlib.contextmanager
    def _guard(self, name: str) -> Iterator[None]:
        try:
            yield
        except WeightsFileError:
            raise
        except (
            OSError, EOFError, RuntimeError, LookupError, TypeError, ValueError, MemoryError,
            NotImplementedError, zipfile.BadZipFile, zlib.error,
        ) as error:  # fmt: skip
            raise self._damaged(name, str(error)) from error


class _Window(io.RawIOBase):
    """Some bytes of a file, as a file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer).cast("B")
        count = min(len(view), max(0, self._size - self._position))
        self._file.seek(self._start + self._position)
        read = self._file.readinto(view[:count])  # type: ignore[attr-defined]
        self._position += read
        return read

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position


def _checksum(file: io.RawIOBase) -> int:
    checksum = 0
    for block in iter(lambda: file.read(_BLOCK), b""):
        checksum = zlib.crc32(block or b"", checksum)
    file.seek(0)
    return checksum
