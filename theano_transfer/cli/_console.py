"""What the commands write: results to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PROGRAM = "theano-transfer"


def say(text: object = "") -> None:
    """Write a result, with a newline, to standard output."""
    sys.stdout.write(f"{printable(text)}\n")


def note(text: object) -> None:
    """Write what is going on, with a newline, to standard error."""
    sys.stderr.write(f"{printable(text)}\n")
    sys.stderr.flush()


def warn(text: object) -> None:
    """Write a warning to standard error."""
    note(f"{PROGRAM}: warning: {text}")


def printable(text: object) -> str:
    """`text` without control characters, which could drive the terminal; newlines stay.

    File names may hold any byte; those that are no UTF-8 are shown as ``\\xe9``.
    """
    clean = os.fsencode(str(text)) if _has_surrogates(str(text)) else str(text)
    if isinstance(clean, bytes):
        clean = clean.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in clean)


def name(path: str | os.PathLike[str]) -> str:
    """A file name on one line."""
    return printable(os.fspath(path)).replace("\n", "\\n")


def table(rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> str:
    """Rows as aligned columns; the first row is the heading. `right`: numbers of columns."""
    cells = [[name(str(cell)) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = []
    for row in cells:
        aligned = (
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths))
        )
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)


def is_terminal() -> bool:
    """Whether standard error is a terminal, where progress bars can move."""
    return sys.stderr.isatty()


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Warnings become one line on standard error: no file, no line, no source text."""
    from theano_transfer.cache import FeatureCacheWarning
    from theano_transfer.images import ImageWarning
    from theano_transfer.kernels import SlowPathWarning

    with warnings.catch_warnings():
        for category in (FeatureCacheWarning, ImageWarning, SlowPathWarning):
            warnings.simplefilter("always", category)
        warnings.showwarning = _show_warning
        yield


def _show_warning(message, category, filename, lineno, file=None, line=None):
    warn(message)


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
