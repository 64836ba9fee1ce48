"""Our own file layout; ``weights/README.md`` specifies it.

One HDF5 dataset for each parameter, at ``/<layer>/<role>``, in Theano's axis order, with a
checksum per chunk (fletcher32) and a SHA-256 per dataset. Root attributes hold the model's record
as JSON.
"""

from __future__ import annotations

import json
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .._files import atomic_write
from ._errors import WeightsError, WeightsFileError
from ._hdf5 import SafeGroup, open_hdf5
from ._hdf5_write import sha256, write_hdf5
from ._stored import StoredArray

FORMAT = "theano_transfer weights"
VERSION = 1
RESERVED = ("format", "version")
PIECE_CHARACTERS = 15_000  # HDF5 takes 64 KiB in an attribute; UTF-8 up to 4 bytes for each
_PIECE = re.compile(r"\[\d+\]$")


class Weights(OrderedDict):
    """Parameters of a network as arrays, ``'layer/role' -> array``, in the network's order.

    Attributes
    ----------
    attributes : dict
        The model's record: whatever JSON values were written with the parameters, such as
        ``model``, ``classes``, ``preprocessing``, ``source``, ``licence``.
    """

    def __init__(self, *args: Any, attributes: Mapping[str, Any] | None = None) -> None:
        super().__init__(*args)
        self.attributes = dict(attributes or {})

    @property
    def num_parameters(self) -> int:
        """How many numbers the arrays hold together."""
        return sum(array.size for array in self.values())


@dataclass(frozen=True)
class LayoutFile:
    """An open file in our layout: its record, and its arrays not yet read."""

    attributes: dict[str, Any]
    arrays: OrderedDict[str, StoredArray] = field(repr=False)


def read(path: str | os.PathLike[str]) -> Weights:
    """Read a whole file in our own layout.

    Returns
    -------
    Weights
        ``'layer/role' -> array`` (float32 unless other was written) with ``.attributes``.

    Raises
    ------
    WeightsFileError
        The file is of another kind, damaged (a checksum differs), unsafe, or of a newer version.
    """
    with open_layout(path) as stored:
        arrays = [(name, array.read()) for name, array in stored.arrays.items()]
        return Weights(arrays, attributes=stored.attributes)


def write(
    path: str | os.PathLike[str],
    params: Mapping[str, np.ndarray | StoredArray],
    attributes: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None,
) -> None:
    """Write parameters in our own layout, as a whole or not at all.

    Parameters
    ----------
    path
        File to write; an existing file is replaced in one step at the end.
    params
        ``'layer/role' -> array`` of float16, float32 or float64. Layers keep the order of their
        first parameters. Names may have more components (``'optimizer/velocity/3'``).
    attributes
        Anything that JSON can express, under text keys. ``format`` and ``version`` are reserved.
        Or a function that gives them, called when the parameters are written.

    Raises
    ------
    WeightsError
        A name, an array or an attribute cannot be written. There is no new file then, and an
        existing one is as it was.
    """
    checked = {name: _checked(name, array) for name, array in params.items()}
    for name in checked:
        parent = name.rpartition("/")[0]
        if parent in checked:
            msg = f"parameters {parent!r} and {name!r} cannot both exist: one would hold the other"
            raise WeightsError(msg)
    # What is given is refused, if it must be, before anything is written.
    given = {} if callable(attributes) else _encode_attributes(attributes or {})

    def texts() -> dict[str, str | int]:
        later = _encode_attributes(attributes()) if callable(attributes) else {}
        return {"format": FORMAT, "version": VERSION, **given, **later}

    with atomic_write(path) as temporary:
        write_hdf5(temporary, texts, checked)


@contextmanager
def open_layout(
    path: str | os.PathLike[str], *, known_hash: str | None = None
) -> Iterator[LayoutFile]:
    """Open a file in our layout without reading its arrays; each is verified when read."""
    with open_hdf5(path, known_hash=known_hash) as root:
        yield layout_of(root)


def is_layout(root: SafeGroup) -> bool:
    """Whether an open HDF5 file says that it is in our layout."""
    return root.has_attribute("format") and root.text("format", fixed=True) == FORMAT


def layout_of(root: SafeGroup) -> LayoutFile:
    """Interpret an open HDF5 file as our layout."""
    if not is_layout(root):
        msg = (
            f"{root.path!r} is an HDF5 file, but not in theano_transfer's layout; if it is a "
            "Keras file, use theano_transfer.weights.load or convert"
        )
        raise WeightsFileError(msg)
    version = root.integer("version")
    if version != VERSION:
        raise root.refusal(
            f"its layout has version {version}, this program reads version {VERSION}; "
            "a newer theano_transfer may read it"
        )
    attributes = _decode_attributes(root)
    arrays = OrderedDict((name, _verified(array, root.path)) for name, array in root.walk())
    for name, array in arrays.items():
        if "/" not in name:
            raise root.refusal(f"the array {array.location!r} belongs to no layer")
    return LayoutFile(attributes, arrays)


def _verified(array: StoredArray, path: str) -> StoredArray:
    expected = array.text("sha256")
    if expected is None:
        msg = f"{path!r}: {array.location!r} has no sha256; theano_transfer did not write it"
        raise WeightsFileError(msg)

    def read() -> np.ndarray:
        values = array.read()
        actual = sha256(values)
        if actual != expected:
            msg = (
                f"{path!r} is damaged: the sha256 of {array.location!r} is {actual}, "
                f"the file says {expected}; delete the file and get it again"
            )
            raise WeightsFileError(msg)
        return values

    return replace(array, read=read)


def _valid(component: str) -> bool:
    return component not in ("", ".", "..") and component.isprintable()


def _checked(name: str, array: Any) -> np.ndarray | StoredArray:
    components = name.split("/")
    if len(components) < 2 or not all(_valid(part) for part in components):
        msg = f"parameter name {name!r}: expected 'layer/role', such as 'block1_conv1/W'"
        raise WeightsError(msg)
    if not isinstance(array, StoredArray):  # which is read when it is its turn
        array = np.asarray(array)
    if array.dtype.kind != "f" or array.dtype.itemsize not in (2, 4, 8):
        msg = f"parameter {name!r} is of {array.dtype}; expected float16, float32 or float64"
        raise WeightsError(msg)
    return array


def _encode_attributes(attributes: Mapping[str, Any]) -> dict[str, str]:
    texts = {}
    for name, value in attributes.items():
        plain = isinstance(name, str) and name not in ("", *RESERVED) and "\0" not in name
        if not plain or _PIECE.search(name):
            msg = (
                f"attribute name {name!r}: expected a text other than {', '.join(RESERVED)}, "
                "and without a number in brackets at its end"
            )
            raise WeightsError(msg)
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            msg = f"attribute {name!r} cannot be expressed as JSON: {error}"
            raise WeightsError(msg) from error
        if len(text) <= PIECE_CHARACTERS:
            texts[name] = text
            continue
        for index, start in enumerate(range(0, len(text), PIECE_CHARACTERS)):
            texts[f"{name}[{index}]"] = text[start : start + PIECE_CHARACTERS]
    return texts


def _decode_attributes(root: SafeGroup) -> dict[str, Any]:
    names: dict[str, int] = {}  # how many numbered pieces there are; 0 for a text in one
    for stored in root.attribute_names():
        name = _PIECE.sub("", stored)
        if stored not in RESERVED:
            names[name] = names.get(name, 0) + (stored != name)
    attributes = {}
    for name, count in names.items():
        pieces = [f"{name}[{index}]" for index in range(count)] if count else [name]
        texts = [root.text(piece, fixed=True) for piece in pieces]
        try:
            attributes[name] = json.loads("".join(text or "" for text in texts))
        except (ValueError, RecursionError) as error:
            raise root.refusal(f"attribute {name!r} is not JSON text ({error})") from error
    return attributes
