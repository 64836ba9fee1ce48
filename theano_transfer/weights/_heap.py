"""The heaps of an HDF5 file, in which texts of variable length lie, checked before HDF5 reads them.

A damaged heap makes HDF5 (2.0.0 too) search for ever: an object that says it has no length is
followed by itself. Fact: HDF5 File Format Specification 3.0, section III.E, "global heap".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

SIGNATURE = b"GCOL\x01"
HEADER = 16  # bytes, of a collection as of an object
LEAST = 4096  # bytes of a collection; HDF5 refuses less
PIECE = 1 << 22


def damaged_heap(file: BinaryIO, size: int) -> int | None:
    """Where a collection of texts is that cannot be followed to its end; None where all can.

    Parameters
    ----------
    file
        Open file. It is read once, in pieces.
    size
        Its bytes.
    """
    for start in _places(file):
        file.seek(start)
        header = file.read(HEADER)
        length = int.from_bytes(header[8:16], "little")
        # Anything else HDF5 refuses, and most likely it is a part of some array.
        if LEAST <= length <= size - start:
            file.seek(start)
            if not _ends(file.read(length)):
                return start
    return None


def _places(file: BinaryIO) -> Iterator[int]:
    """Where the signature is, anywhere: nothing says that addresses are round."""
    start, kept = 0, b""
    while True:
        file.seek(start)
        piece = kept + file.read(PIECE)
        if len(piece) < len(SIGNATURE):
            return
        found = piece.find(SIGNATURE)
        while found >= 0:
            yield start - len(kept) + found
            found = piece.find(SIGNATURE, found + 1)
        start += len(piece) - len(kept)
        # A signature may lie across two pieces.
        kept = piece[-len(SIGNATURE) + 1 :]
        if len(piece) < PIECE:
            return


def _ends(collection: bytes) -> bool:
    """Whether each object leads to the next, and the last to the end."""
    place = HEADER
    while len(collection) - place >= HEADER:
        number = int.from_bytes(collection[place : place + 2], "little")
        length = int.from_bytes(collection[place + 8 : place + 16], "little")
        # The length of free space, number 0, counts its header; others are rounded up to 8.
        step = HEADER + -(-length // 8) * 8 if number else length
        if step < HEADER or step > len(collection) - place:
            return False
        place += step
    return True
