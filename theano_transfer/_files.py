"""Writing files so that a reader, or a crash, never meets half of one."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Processes are known by number on one machine only; folders may be shared between several.
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path to write to; move it to ``path`` when the block ends well.

    The temporary file lies in the directory of ``path``, is hidden, keeps the suffix (writers
    that choose a format by suffix work) and already exists, empty. At the end of the block it is
    flushed to disk and replaces ``path`` in one step. If the block raises, also by Ctrl-C, the
    temporary file is removed and ``path`` is as it was.

    A symbolic link at ``path`` is replaced, not followed. What a killed writer of the same path
    left behind is removed.

    Raises
    ------
    FileNotFoundError
        The directory of ``path`` does not exist.
    IsADirectoryError
        ``path`` is a directory.

    Examples
    --------
    >>> with atomic_write("history.json") as temporary:  # doctest: +SKIP
    ...     temporary.write_text("{}")
    """
    target = Path(path)
    directory = target.parent
    if target.is_dir() and not target.is_symlink():
        msg = f"cannot write the file {target}: a directory of that name exists"
        raise IsADirectoryError(msg)
    if not directory.is_dir():
        msg = f"cannot write {target}: the directory {directory} does not exist; create it first"
        raise FileNotFoundError(msg)
    _remove_abandoned(target)
    writer = f"{_HOST}-{os.getpid()}-{secrets.token_hex(6)}"
    temporary = directory / f".{target.stem}-{writer}.tmp{target.suffix}"
    # Created here, not by tempfile: mkstemp's mode 0600 would outlive the move.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        _flush_to_disk(temporary)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_to_disk(directory)


def _remove_abandoned(target: Path) -> None:
    """Remove temporary files of this path whose writers have died: killed, or the machine off."""
    if os.name != "posix":
        return  # elsewhere one cannot ask whether a process lives
    prefix, suffix = f".{target.stem}-{_HOST}-", f".tmp{target.suffix}"
    for path in target.parent.iterdir():
        if path.name.startswith(prefix) and path.name.endswith(suffix):
            process = path.name[len(prefix) :].partition("-")[0]
            if process.isdecimal() and not _is_running(int(process)):
                path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass  # another user's; or no process of ours wrote this name
    return True


def _flush_to_disk(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open directories; the move itself is still atomic there
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
