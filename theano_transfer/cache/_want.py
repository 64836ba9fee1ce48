"""Which features are wanted, and what of a cache has to give way for them: pure decisions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Want:
    """Entries of one space that somebody is about to use, whether or not they are there.

    Attributes
    ----------
    shape : tuple of int
        Of the features of one entry.
    dtype : numpy dtype
    keys : dict of bytes to None
        In place of a set: in order.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    keys: dict[bytes, None]

    @property
    def row_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


Wants = Mapping[bytes, Want]


def too_large(needed: int, max_bytes: int) -> str:
    """In words."""
    return f"they take {mebibytes(needed)}, and the cache may take {mebibytes(max_bytes)}"


def mebibytes(count: int) -> str:
    """So many bytes, for people."""
    value = count / 2**20
    return f"{value:,.0f} MiB" if value >= 100 else f"{value:.3g} MiB"


def kept_besides(
    wants: Wants,
    present: Iterable[tuple[bytes, int, Iterable[bytes]]],
    spare: int,
    *,
    per_space: int,
    per_entry: int,
) -> dict[bytes, list[bytes]]:
    """What stays of a cache besides what is wanted: as much as `spare` bytes hold.

    Parameters
    ----------
    wants : Wants
    present : iterable of (space, bytes of a row, keys)
        What is there, used last first.
    spare : int
    per_space, per_entry : int
        Bytes besides the rows.
    """
    kept: dict[bytes, list[bytes]] = {}
    for space, row_bytes, keys in present:
        if space in wants:
            rest = [key for key in keys if key not in wants[space].keys]
            room = spare
        else:
            rest, room = list(keys), spare - per_space
        stays = rest[: max(0, room // (row_bytes + per_entry))]
        if stays:
            kept[space] = stays
            spare = room - len(stays) * (row_bytes + per_entry)
    return kept
