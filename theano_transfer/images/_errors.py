"""What can go wrong with pictures, and how a path is shown in a message."""

from __future__ import annotations

import os


class ImageError(ValueError):
    """A file that is not a readable picture.

    Attributes
    ----------
    path : str
        The file, as given.
    reason : str
        What is wrong with it.
    """

    def __init__(self, path, reason):
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self):
        return f"{shown(self.path)}: {self.reason}"


class DatasetError(ValueError):
    """Pictures and labels that do not make a data set."""


class ImageWarning(UserWarning):
    """Pictures that were left out, or pixel values that look wrong."""


def shown(path):
    """`path` between quotes, printable whatever bytes the file name is made of."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return repr(text) if not text.isprintable() else f"'{text}'"
