"""Pictures below a folder, by their suffix."""

from __future__ import annotations

import os

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def pictures_below(folder: str | os.PathLike[str]) -> list[str]:
    """Paths of all pictures in a folder and in its folders, in order; hidden ones are passed over.

    Raises
    ------
    ValueError
        If there are none.
    """
    paths = []
    for inside, folders, files in os.walk(os.fspath(folder)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [os.path.join(inside, name) for name in files if _looks_like_picture(name)]
    if not paths:
        raise ValueError(f"the folder {folder!r} holds no pictures ({', '.join(SUFFIXES)})")
    return sorted(paths)


def _looks_like_picture(name: str) -> bool:
    return not name.startswith(".") and name.lower().endswith(SUFFIXES)
