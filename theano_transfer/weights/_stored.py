"""An array that lies in a file: known by its metadata, read when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


def _no_text(name: str) -> str | None:
    return None


@dataclass(frozen=True)
class StoredArray:
    """An array in a weights file, of which only shape and dtype have been looked at.

    ``location`` is its name in the file, for messages; ``read()`` gives the array, in native byte
    order; ``text(name)`` gives a text attribute of it, or None. ``offset`` is where its bytes begin
    in the file, if they lie there in one piece. ``rows(start, stop)`` reads that part of it; None
    where it can only be read as a whole.
    """

    location: str
    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]
    text: Callable[[str], str | None] = _no_text
    offset: int | None = None
    rows: Callable[[int, int], np.ndarray] | None = None

    def rows_at(self, places: Sequence[int] | np.ndarray) -> np.ndarray:
        """Rows from all over it, read in the order in which they lie there."""
        assert self.rows is not None
        places = np.asarray(places)
        values = np.empty((len(places), *self.shape[1:]), self.dtype)
        order = np.argsort(places)
        for run in np.split(order, np.flatnonzero(np.diff(places[order]) != 1) + 1):
            values[run] = self.rows(places[run[0]], places[run[-1]] + 1)
        return values
