"""Lasagne's parameter files: arrays in the order of ``lasagne.layers.get_all_params``.

Two kinds are usual: ``numpy.savez(path, *lasagne.layers.get_all_param_values(net))``, an archive of
``arr_0``, ``arr_1`` and so on; and pickles, of the list of arrays or, in the model zoo of Lasagne's
Recipes, of a dictionary that has it as 'param values' or 'values'. Pickles are carried out as data
(see :mod:`._pickle`): arrays, texts, numbers and plain containers.
"""

from __future__ import annotations

import math
import os
import re
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from ._errors import WeightsFileError
from ._pickle import Built, Content, Name, Refusal, expect, interpret
from ._sources import Source
from ._stored import StoredArray
from ._torch import as_native, read_array
from ._zip import SafeZip

# An .npz file that this project wrote says so where NumPy does not look: its layers keep gamma in
# front of beta and variances, Lasagne's beta in front of gamma and inverse deviations.
OWN_COMMENT = b"theano_transfer parameters"
_MEMBER = re.compile(r"arr_(\d+)\.npy")
_PICKLES = (b"(d", b"(l", b"}q", b"]q", *(b"\x80" + bytes([n]) for n in range(2, 6)))
_LISTS = ("param values", "values", "params")
_CLASSES = ("synset words", "synset_words", "classes")
_KINDS = "fiub"


def is_npz(names: list[str]) -> bool:
    """Whether an archive with members of these names is one of numbered arrays."""
    return bool(names) and all(_MEMBER.fullmatch(name) for name in names)


def is_pickle(start: bytes) -> bool:
    """Whether a file that begins with `start` may be a pickle of a list or a dictionary."""
    return start.startswith(_PICKLES)


def read_npz(archive: SafeZip) -> Source:
    """The arrays of an .npz archive, by number; read while it is open."""
    arrays = {}
    for name in archive.names():
        match = _MEMBER.fullmatch(name)
        assert match is not None
        arrays[int(match[1])] = _npy(archive, name)
    if sorted(arrays) != list(range(len(arrays))):
        raise archive.refusal("its arrays are not numbered arr_0, arr_1 and so on")
    own = archive.comment == OWN_COMMENT
    kind = "theano_transfer parameters, .npz" if own else "Lasagne parameters, .npz"
    axes = "positions" if own else "lasagne"
    ordered = OrderedDict((str(number), arrays[number]) for number in sorted(arrays))
    return Source(kind, archive.path, ordered, axes=axes)


def write_npz(path: str | os.PathLike[str], arrays: Iterable[np.ndarray]) -> None:
    """Write arrays as ``numpy.savez(path, *arrays)`` does, with the comment that they are ours."""
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
        archive.comment = OWN_COMMENT
        for number, array in enumerate(arrays):
            member = zipfile.ZipInfo(f"arr_{number}.npy")  # of 1980: equal content, equal bytes
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)


def read_lasagne_pickle(file: BinaryIO, path: str) -> Source:
    """The arrays of a pickle, by number; read while the file is open.

    Raises
    ------
    WeightsFileError
        It is damaged, does more than describe arrays, or holds no list of arrays.
    """
    file.seek(0)
    calls = {
        "collections OrderedDict": lambda arguments: {},
        "_codecs encode": _encoded,
        "numpy dtype": _DType,
        **{
            f"numpy.{core}.multiarray {name}": build
            for core in ("core", "_core")
            for name, build in (("_reconstruct", _Array), ("scalar", _Array.of_scalar))
        },
    }
    try:
        state = interpret(file, calls=calls, names=["numpy ndarray"])
        if file.read(1):
            raise Refusal("it goes on behind the end of its pickle")
        return _source(state, file, path)
    except Refusal as error:
        msg = (
            f"{path!r} is refused: {error}; it was read as a pickle of Lasagne's parameters, which "
            "is a list of NumPy arrays or a dictionary that has it as 'param values'. Nothing in a "
            "pickle is ever run"
        )
        raise WeightsFileError(msg) from error


def _source(state: Any, file: BinaryIO, path: str) -> Source:
    attributes: dict[str, Any] = {}
    axes = "lasagne"
    if isinstance(state, dict):
        key = next((key for key in _LISTS if isinstance(state.get(key), list)), None)
        if key is None:
            raise Refusal("a dictionary without 'param values'")
        classes = next((state[name] for name in _CLASSES if name in state), None)
        if isinstance(classes, list) and all(isinstance(text, str) for text in classes):
            attributes["classes"] = classes
        axes, state = "lasagne zoo", state[key]
    if not isinstance(state, list) or not all(isinstance(array, _Array) for array in state):
        raise Refusal("it is no list of arrays")
    arrays = (
        (str(number), array.stored(f"[{number}]", file)) for number, array in enumerate(state)
    )
    return Source("Lasagne parameters, pickle", path, OrderedDict(arrays), axes, False, attributes)


class _DType(Built):
    """``numpy.dtype(text, False, True)``, whose byte order comes with its state."""

    def __init__(self, arguments: tuple[Any, ...]):
        self.dtype = _dtype(expect(arguments[0], str))

    def set_state(self, state: Any) -> None:
        order = expect(state, tuple)[1]
        if order not in ("<", ">", "|", "="):
            raise Refusal("a dtype of unknown byte order")
        self.dtype = self.dtype.newbyteorder("|" if order == "|" else order)


class _Array(Built):
    """``numpy.ndarray``, empty until it gets its state."""

    def __init__(self, arguments: tuple[Any, ...]):
        if not arguments or arguments[0] != Name("numpy ndarray"):
            raise Refusal("an array of another class than numpy.ndarray")
        self.shape: tuple[int, ...] = ()
        self.dtype: np.dtype | None = None
        self.fortran = False
        self.data: Any = b""

    @classmethod
    def of_scalar(cls, arguments: tuple[Any, ...]) -> _Array:
        dtype, data = arguments
        made = cls((Name("numpy ndarray"),))
        made.set_state((1, (), dtype, False, data))
        return made

    def set_state(self, state: Any) -> None:
        _, shape, dtype, fortran, data = expect(state, tuple)
        if any(type(extent) is not int or extent < 0 for extent in expect(shape, tuple)):
            raise Refusal("an array with an impossible shape")
        self.shape, self.dtype, self.fortran = shape, expect(dtype, _DType).dtype, bool(fortran)
        self.data = data.encode("latin-1") if isinstance(data, str) else data
        stored = self.data.length if isinstance(self.data, Content) else len(self.data)
        if stored != math.prod(shape) * self.dtype.itemsize:
            raise Refusal(f"an array of {shape} with {stored:,} bytes")

    def stored(self, location: str, file: BinaryIO) -> StoredArray:
        if self.dtype is None:
            raise Refusal("an array without content")
        if isinstance(self.data, Content):
            return _stored(
                location,
                self.shape,
                self.dtype,
                self.fortran,
                lambda: nullcontext((file, 0)),
                self.data.offset,
            )
        values = np.frombuffer(self.data, self.dtype)
        values = values.reshape(self.shape, order="F" if self.fortran else "C")
        native = self.dtype.newbyteorder("=")
        return StoredArray(location, self.shape, native, lambda: as_native(values).copy())


def _encoded(arguments: tuple[Any, ...]) -> bytes:
    """``_codecs.encode(text, 'latin1')``: how Python 3 writes bytes in the old protocols."""
    text, encoding = arguments
    if encoding != "latin1":
        raise Refusal("bytes in an unknown encoding")
    return expect(text, str).encode("latin-1")


def _dtype(text: str) -> np.dtype:
    if not re.fullmatch(r"[<>|=]?[fiub]\d{1,2}|\?", text):
        raise Refusal(f"an array of {text[:20]!r}; numbers were expected")
    return np.dtype(text)


def _npy(archive: SafeZip, name: str) -> StoredArray:
    """What the header of a member in NumPy's own format says."""
    with archive.open(name) as (file, size):
        try:
            version = np.lib.format.read_magic(file)
            reader = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, fortran, dtype = reader(file)
        except (ValueError, KeyError, TypeError, SyntaxError) as error:
            raise archive.refusal(f"{name!r} in it is no array ({error})") from error
        offset = file.tell()
    if dtype.kind not in _KINDS or any(extent < 0 for extent in shape):
        raise archive.refusal(f"{name!r} in it is an array of {dtype}; numbers were expected")
    if math.prod(shape) * dtype.itemsize != size - offset:
        raise archive.refusal(f"{name!r} in it has another size than its shape {shape}")
    return _stored(name, shape, dtype, fortran, partial(archive.open, name), offset)


def _stored(
    location: str,
    shape: tuple[int, ...],
    dtype: np.dtype,
    fortran: bool,
    place: Callable[[], AbstractContextManager[tuple[BinaryIO, int]]],
    offset: int,
) -> StoredArray:
    def read() -> np.ndarray:
        with place() as (file, _):
            values = read_array(file, offset, dtype, math.prod(shape), location)
        return as_native(values.reshape(shape, order="F" if fortran else "C"))

    return StoredArray(location, shape, dtype.newbyteorder("="), read)
