"""The frozen part of a network, as something that can be recognised again."""

from __future__ import annotations

import math
import os
import zlib
from functools import cache
from pathlib import Path

import aesara
import lasagne
import numpy as np
import PIL
import scipy

import theano_transfer
from theano_transfer.cache._describe import UndescribableError, describe_graph
from theano_transfer.cache._keys import digest
from theano_transfer.images._dataset import digest_of

PACKAGE = Path(theano_transfer.__file__).parent
# Where the code is that makes features of pictures.
SOURCES = ("images", "kernels", "layers")


class FrozenPart:
    """An expression of pictures that training leaves alone, and the function that computes it.

    Parameters
    ----------
    input_var, features : Theano variables
        Preprocessed pictures, and what the part makes of them.
    compute : callable
        The same, compiled: pictures (n, 3, rows, columns) -> features (n, ...).
    shape : tuple of int
        Of the features of one picture.
    name : str
        For messages.
    precision : {'float32', 'bfloat16'}
        Of the computation.

    Attributes
    ----------
    input_dtype, dtype : numpy dtype
        Of the pictures and of the features.
    unnamed : str or None
        Why the part cannot be recognised by another process; None if it can.
    """

    def __init__(self, input_var, features, compute, shape, name: str, precision="float32"):
        self.compute, self.shape, self.name = compute, tuple(shape), name
        self.input_dtype, self.dtype = np.dtype(input_var.dtype), np.dtype(features.dtype)
        self.unnamed: str | None = None
        try:
            self._graph, self._shared = describe_graph([input_var], features)
        except UndescribableError as error:
            self.unnamed = str(error)
            # Recognised by nobody but this object. Its parameters may still change.
            self._graph, self._shared = os.urandom(32), _shared_in(features)
        if any(not isinstance(_value(x), np.ndarray) for x in self._shared):
            self.unnamed = "it depends on shared variables that are no arrays"
            self._graph = os.urandom(32)
            self._shared = [x for x in self._shared if isinstance(_value(x), np.ndarray)]
        self._graph = digest(self._graph, precision.encode())
        self._checked: list | None = None
        self._key = b""

    @property
    def row_bytes(self) -> int:
        """Bytes of the features of one picture."""
        return math.prod(self.shape) * self.dtype.itemsize

    def key(self) -> bytes:
        """32 bytes for the graph and the present values of its parameters.

        Each call looks at the parameters: an array that was exchanged (``set_value``) or changed
        in place makes another key.
        """
        values = [_value(x) for x in self._shared]
        sums = [_checksum(value) for value in values]
        known = self._checked
        if known is None or sums != known[1] or any(a is not b for a, b in zip(values, known[0])):
            parts = [digest_of(value) for value in values]
            self._key = digest(program(), self._graph, *parts)
            self._checked = [values, sums]
        return self._key


@cache
def program() -> bytes:
    """32 bytes for the code that computes features: versions, and what our own files hold."""
    versions = [f"{m.__name__} {m.__version__}" for m in (aesara, lasagne, np, PIL, scipy)]
    files = [path for name in SOURCES for path in sorted((PACKAGE / name).rglob("*.[pch]*"))]
    return digest(
        ", ".join(versions).encode(),
        *(path.read_bytes() for path in files if path.suffix != ".pyc" and path.is_file()),
    )


def _value(shared):
    return shared.get_value(borrow=True)


def _checksum(array) -> int:
    """A quick look, as fast as memory is read: has this array been changed in place?

    Of large arrays, 251 sums of every 251st word: moving channels about changes them too.
    """
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    if data.nbytes < 16384:
        return zlib.crc32(data.data)
    rows = data.nbytes // (8 * 251)
    words = data[: rows * 8 * 251].view(np.uint64).reshape(rows, 251)
    return zlib.crc32(words.sum(axis=0).data, zlib.crc32(data[rows * 8 * 251 :].data))


def _shared_in(features):
    from aesara.compile.sharedvalue import SharedVariable
    from aesara.graph.basic import graph_inputs

    return [x for x in graph_inputs([features]) if isinstance(x, SharedVariable)]
