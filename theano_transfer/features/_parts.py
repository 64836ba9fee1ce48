"""A table of features in a folder: Parquet files, one for each part of the list of pictures.

Which pictures are in which file is decided before anything is computed. Whoever computes a part,
and however often, writes the same file in one step, so that there is one row for each picture
whatever is killed and started again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from theano_transfer._files import atomic_write
from theano_transfer._optional import optional

# Readers of folders of Parquet pass over names that begin with an underscore.
RUN = "_run.json"
PART = "part-{:06d}.parquet"


@dataclass(frozen=True)
class Rows:
    """What was computed for some pictures.

    Attributes
    ----------
    values : float32 array (pictures, width)
    errors : list of (str or None)
        Why there is nothing, of a picture that cannot be read; its values are not looked at.
    """

    values: np.ndarray
    errors: list


class Table:
    """The folder, and which part of it holds which pictures.

    Parameters
    ----------
    folder : str or path
    pictures : list of str
        Paths, in the order of the rows.
    rows : int
        Pictures in a part.
    about : mapping of str to JSON values
        What is computed and by what. ``column`` is the name of the column of numbers, ``width``
        how many there are in a row.
    """

    def __init__(self, folder, pictures: Sequence[str], rows: int, about: Mapping[str, Any]):
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
            raise ValueError(f"rows is a whole number from 1 on; got {rows!r}")
        self.folder = Path(os.path.abspath(folder))
        self._count, self._rows = len(pictures), rows
        self._run = {**about, "pictures": self._count, "rows": rows, "paths": _digest(pictures)}

    @property
    def parts(self) -> int:
        """How many there are."""
        return -(-self._count // self._rows)

    def pictures_of(self, part: int) -> range:
        """Numbers of the pictures in a part."""
        return range(part * self._rows, min((part + 1) * self._rows, self._count))

    def begin(self) -> list[int]:
        """Make the folder, or go on with it; the parts that are missing.

        Raises
        ------
        ValueError
            If the folder holds something else: features of other pictures or by another network.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / RUN
        if path.exists():
            self._check_same(path)
        elif any(self.folder.glob("*.parquet")):
            raise ValueError(f"{self.folder} holds Parquet files of something else: name another")
        else:
            with atomic_write(path) as temporary:
                temporary.write_text(json.dumps(self._run, indent=1), encoding="utf-8")
        return [part for part in range(self.parts) if not self._is_there(part)]

    def write(self, part: int, paths: Sequence[str], rows: Rows) -> int:
        """Write one part, whole or not at all; how many of its pictures could not be read."""
        arrow, parquet = optional("pyarrow"), optional("pyarrow.parquet")
        readable = np.array([error is None for error in rows.errors], bool)
        ends = np.concatenate([[0], np.cumsum(readable * self._run["width"])])
        numbers = arrow.ListArray.from_arrays(
            arrow.array(ends, arrow.int32()),
            arrow.array(rows.values[readable].ravel(), arrow.float32()),
            mask=arrow.array(~readable),
        )
        columns = {
            "number": arrow.array(self.pictures_of(part), arrow.int64()),
            "path": arrow.array([printable(path) for path in paths], arrow.string()),
            self._run["column"]: numbers,
            "error": arrow.array(rows.errors, arrow.string()),
        }
        with atomic_write(self.folder / PART.format(part)) as temporary:
            parquet.write_table(arrow.table(columns), temporary)
        return int((~readable).sum())

    def failures(self) -> list[tuple[str, str]]:
        """(path, reason) of the pictures that could not be read, once all parts are there.

        Raises
        ------
        RuntimeError
            If a part is missing or has another number of rows.
        """
        parquet = optional("pyarrow.parquet")
        failed: list[tuple[str, str]] = []
        for part in range(self.parts):
            if not self._is_there(part):
                raise RuntimeError(
                    f"{self.folder / PART.format(part)} is missing or has not as many rows as it "
                    "should: do the same again, and only what is missing is computed"
                )
            found = parquet.read_table(
                self.folder / PART.format(part), columns=["path", "error"]
            ).to_pydict()
            failed += [pair for pair in zip(found["path"], found["error"]) if pair[1] is not None]
        return failed

    def _is_there(self, part: int) -> bool:
        parquet = optional("pyarrow.parquet")
        try:
            found = parquet.read_metadata(self.folder / PART.format(part)).num_rows
        except (OSError, ValueError):  # not there, or spoilt by the disk: pyarrow's are ValueErrors
            return False
        return found == len(self.pictures_of(part))

    def _check_same(self, path: Path) -> None:
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            before = None
        if not isinstance(before, dict):
            raise ValueError(f"{path} is damaged: remove the folder, or name another")
        now = json.loads(json.dumps(self._run))
        differing = [
            f"{name}: {before.get(name)!r} then, {now.get(name)!r} now"
            for name in dict.fromkeys([*before, *now])
            if before.get(name) != now.get(name)
        ]
        if differing:
            raise ValueError(
                f"{self.folder} was begun with something else:\n  " + "\n  ".join(differing) + "\n"
                "Ask for the same again to go on with it, or name another folder."
            )


def printable(path: str) -> str:
    """A path as text that every reader takes; bytes that are no UTF-8 become ``\\xe9``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _digest(pictures: Sequence[str]) -> str:
    state = hashlib.blake2b(digest_size=16)
    for path in pictures:
        state.update(os.fsencode(path) + b"\0")
    return state.hexdigest()
