"""Opening a file of unknown origin: what it is, before anything parses it."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import BinaryIO

from ._errors import WeightsFileError

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
ZIP_SIGNATURE = b"PK\x03\x04"
_UNPACK = "; unpack it first"
_STARTS = (  # (first bytes, what such a file is, what to do)
    (ZIP_SIGNATURE, "a zip archive", ""),
    (b"\x80", "a Python pickle", "; pickles are never read, because they can run code"),
    (b"\x93NUMPY", "a NumPy .npy file", ""),
    (b"\x1f\x8b", "a gzip file", _UNPACK),
    (b"BZh", "a bzip2 file", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz file", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", _UNPACK),
    (b"\x04\x22\x4d\x18", "an LZ4 file", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x89PNG", "a PNG picture", ""),
    (b"version https://git-lfs", "a Git LFS pointer", "; run `git lfs pull` to get the file"),
)


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file for reading; FIFOs, devices and directories are refused at once.

    The check is made on the opened descriptor, so the file cannot be exchanged in between.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"cannot open {os.fspath(path)!r}: {reason}"
        raise WeightsFileError(msg) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        msg = f"{os.fspath(path)!r} is {_kind(mode)}; give the path of a weights file"
        raise WeightsFileError(msg)
    return os.fdopen(descriptor, "rb")


def describe_start(start: bytes) -> str:
    """What a file that begins with ``start`` looks like, for an error message."""
    if not start:
        return "it is empty; was the download interrupted?"
    for signature, kind, advice in _STARTS:
        if start.startswith(signature):
            return f"it is {kind}{advice}"
    if start.lstrip()[:1] == b"<":
        return "it is an HTML or XML page; the download gave an error page instead of the file"
    if start[257:262] == b"ustar":  # behind the name and the rest of its first member's header
        return f"it is a tar archive{_UNPACK}"
    if _is_text(start):
        return f"it is text; it begins with {start[:40].decode(errors='ignore')!r}"
    return f"it begins with {start[:8]!r}"


def _is_text(start: bytes) -> bool:
    """Whether this may be the beginning of a text in UTF-8; its last letter may be cut."""
    text = start.decode(errors="replace").rstrip("\ufffd")
    return bool(text) and all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)


def check_hash(file: BinaryIO, known_hash: str, path: str | os.PathLike[str]) -> None:
    """Compare the content of an open file with ``'md5:<hex>'`` or ``'sha256:<hex>'``."""
    algorithm, _, expected = known_hash.partition(":")
    actual = digest(file, algorithm)
    if not is_digest(actual, expected):
        msg = (
            f"{os.fspath(path)!r} is not the expected file: its {algorithm} is {actual}, "
            f"expected {expected}; delete it and fetch it again"
        )
        raise WeightsFileError(msg)


def digest(file: BinaryIO, algorithm: str) -> str:
    """Hexadecimal digest of an open file from its beginning; the position is set back to 0."""
    state = hashlib.new(algorithm, usedforsecurity=False)
    file.seek(0)
    # Large, because a thread that hashes beside other work waits for the interpreter at each block.
    for block in iter(lambda: file.read(8 << 20), b""):
        state.update(block)
    file.seek(0)
    return state.hexdigest()


def is_beginning(digest: str) -> bool:
    """Whether this is what PyTorch publishes of a digest: the first eight digits."""
    return len(digest) == 8


def is_digest(actual: str, known: str) -> bool:
    """Whether a digest is the known one, or begins with what is known of it."""
    known = known.lower()
    return actual == known or (is_beginning(known) and actual.startswith(known))


def _kind(mode: int) -> str:
    for test, name in (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return name
    return "not a regular file"
