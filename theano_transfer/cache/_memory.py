"""Features in memory, up to a number of bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from theano_transfer.cache._want import Wants, kept_besides, too_large

# What Python and NumPy keep for each entry besides its numbers, measured roughly.
ENTRY_BYTES = 300


class MemoryStore:
    """Rows of numbers by (space, key). What was not wanted for longest gives way first.

    Parameters
    ----------
    max_bytes : int
    """

    def __init__(self, max_bytes: int):
        self.max_bytes = max_bytes
        self._spaces: dict[bytes, dict[bytes, np.ndarray]] = {}  # wanted last, last
        self._row_bytes: dict[bytes, int] = {}

    @property
    def nbytes(self) -> int:
        """What the entries take."""
        return sum(
            len(rows) * (self._row_bytes[space] + ENTRY_BYTES)
            for space, rows in self._spaces.items()
        )

    def __len__(self) -> int:
        return sum(map(len, self._spaces.values()))

    def absent(self, space: bytes, keys: Sequence[bytes]) -> list[bytes]:
        """Those of `keys` that are not here."""
        rows = self._spaces.get(space, {})
        return [key for key in keys if key not in rows]

    def reserve(self, wants: Wants) -> str | None:
        """Make room for what is wanted; why that cannot be, in words, or None."""
        needed = sum(len(want.keys) * (want.row_bytes + ENTRY_BYTES) for want in wants.values())
        if needed > self.max_bytes:
            return too_large(needed, self.max_bytes)
        present = [
            (space, self._row_bytes[space], rows) for space, rows in reversed(self._spaces.items())
        ]
        kept = kept_besides(
            wants, present, self.max_bytes - needed, per_space=0, per_entry=ENTRY_BYTES
        )
        old, self._spaces = self._spaces, {}
        for space in [*(s for s in old if s not in wants and s in kept), *wants]:
            rows = old.get(space, {})
            stays = [*kept.get(space, ()), *(wants[space].keys if space in wants else ())]
            self._spaces[space] = {key: rows[key] for key in stays if key in rows}
        self._row_bytes.update({space: want.row_bytes for space, want in wants.items()})
        return None

    def read(self, space: bytes, keys: Mapping[int, bytes], out: np.ndarray) -> list[int]:
        """Fill rows of `out`, by their places in it; the places of those that are not here."""
        rows = self._spaces.get(space, {})
        missing = []
        for place, key in keys.items():
            row = rows.get(key)
            if row is None:
                missing.append(place)
            else:
                out[place] = row
        return missing

    def write(self, space: bytes, keys: Sequence[bytes], rows: np.ndarray) -> None:
        """Keep copies of `rows`, as many as there is room for."""
        kept = self._spaces[space]
        room = (self.max_bytes - self.nbytes) // (self._row_bytes[space] + ENTRY_BYTES)
        for key, row in zip(keys, rows):
            if key not in kept and room > 0:
                kept[key] = row.copy()
                room -= 1

    def flush(self) -> None:
        """Nothing: as that of the store on disk."""

    def close(self) -> None:
        """Let go of everything."""
        self._spaces, self._row_bytes = {}, {}
