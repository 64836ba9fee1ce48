"""Decoded pictures kept in memory, up to a number of bytes."""

from __future__ import annotations

import threading

DEFAULT_CACHE_BYTES = 512 * 2**20


class PixelCache:
    """Pictures by key, for one form (size, filter, crop) at a time. Threads may share it.

    It fills up and then stays: epochs visit every picture once, and throwing out the longest
    unused one would throw out each just before it is wanted again. A new form empties it.
    """

    def __init__(self, budget_bytes):
        if budget_bytes < 0:
            raise ValueError(f"cache_bytes must be 0 or more, got {budget_bytes!r}")
        self._budget = budget_bytes
        self._lock = threading.Lock()
        self._form = None
        self._pictures = {}
        self.nbytes = 0

    def __reduce__(self):
        # A copy, in another process say, starts empty: pictures are quicker read than sent.
        return PixelCache, (self._budget,)

    def __len__(self):
        return len(self._pictures)

    def get(self, key, form):
        with self._lock:
            return self._pictures.get(key) if form == self._form else None

    def put(self, key, form, pixels):
        """Keep `pixels` (made read-only) if there is room."""
        pixels.flags.writeable = False
        with self._lock:
            if form != self._form:
                self._form, self._pictures, self.nbytes = form, {}, 0
            if key not in self._pictures and self.nbytes + pixels.nbytes <= self._budget:
                self._pictures[key] = pixels
                self.nbytes += pixels.nbytes
