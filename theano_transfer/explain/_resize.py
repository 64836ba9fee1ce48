"""Bringing maps of numbers to the size of a picture."""

from __future__ import annotations

import numpy as np


def enlarged(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(n, rows, columns) float32 `maps` at `size` (rows, columns), bilinearly."""
    from PIL import Image

    planes = (
        Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(
            size[::-1], Image.Resampling.BILINEAR
        )
        for plane in maps
    )
    return np.stack([np.asarray(plane) for plane in planes])
