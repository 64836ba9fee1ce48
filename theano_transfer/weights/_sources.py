"""Any readable weights file as named arrays: which kind it is, and what it holds."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ._errors import WeightsFileError
from ._hdf5 import open_hdf5
from ._stored import StoredArray
from ._untrusted import HDF5_SIGNATURE, describe_start, open_regular

ROLES = ("W", "pointwise", "b", "gamma", "beta", "mean", "var", "count")


@dataclass(frozen=True)
class Source:
    """An open weights file.

    Attributes
    ----------
    kind
        What the file is, in words.
    arrays
        ``'layer.role' -> array``; in Keras 3 files, which number the arrays of a layer instead of
        naming them, ``'layer.0'``, ``'layer.1'`` and so on.
    axes
        ``'theano'`` or ``'keras'``: which order the axes of kernels have.
    flipped
        The kernels were trained as true convolutions (Keras on its Theano backend).
    attributes
        The model's record, for files that carry one.
    """

    kind: str
    path: str
    arrays: OrderedDict[str, StoredArray] = field(repr=False)
    axes: str = "theano"
    flipped: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)


@contextmanager
def open_source(path: str | os.PathLike[str], *, known_hash: str | None = None) -> Iterator[Source]:
    """Open a weights file of any kind that is read, and say what it holds.

    Raises
    ------
    WeightsFileError
        No such file, or a file that is not read; the message says what it is.
    """
    from ._efficientnet import from_pytorch
    from ._keras import is_keras, read_keras
    from ._layout import is_layout, layout_of
    from ._torch import START, read_torch

    with open_regular(path) as file:
        start = file.read(512)
    if start.startswith(START):
        arrays = from_pytorch(read_torch(path, known_hash=known_hash))
        yield Source("PyTorch weights", os.fspath(path), arrays)
    elif start.startswith(HDF5_SIGNATURE):
        with open_hdf5(path, known_hash=known_hash) as root:
            if is_layout(root):
                stored = layout_of(root)
                arrays = OrderedDict(
                    (".".join(name.rsplit("/", 1)), array) for name, array in stored.arrays.items()
                )
                yield Source(
                    "theano_transfer weights", root.path, arrays, attributes=stored.attributes
                )
            elif is_keras(root):
                yield read_keras(root)
            else:
                raise root.refusal(
                    "neither a Keras weights file nor one of theano_transfer; "
                    f"its root holds {', '.join(root.names()[:8]) or 'nothing'}"
                )
    else:
        msg = f"{os.fspath(path)!r} is not a weights file that can be read: {describe_start(start)}"
        raise WeightsFileError(msg)
