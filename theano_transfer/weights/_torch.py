"""PyTorch files, read without PyTorch and without unpickling.

Since PyTorch 1.6, ``torch.save`` writes a zip archive, uncompressed: ``<folder>/data.pkl`` is the
pickled object, ``<folder>/data/<key>`` the bytes of a storage. Before, it wrote one thing behind
another: the pickled number 0x1950a86a20f9469cfc6c, a pickled protocol version (1001), a pickled
description of the machine, the pickled object, a pickled list of storage keys, and for each key the
storage: its number of elements (int64) and its bytes. (Fact: ``torch/serialization.py``.)
"""

from __future__ import annotations

import io
import math
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from ._errors import WeightsFileError
from ._pickle import Name, Refusal, expect, interpret
from ._stored import StoredArray
from ._zip import SafeZip

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
MAX_PICKLE = 64 << 20
BFLOAT16 = np.dtype([("bfloat16", "<u2")])  # the upper half of a float32

_STORAGES: dict[str, np.dtype] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch DoubleStorage": np.dtype("<f8"),
    "torch HalfStorage": np.dtype("<f2"),
    "torch BFloat16Storage": BFLOAT16,
    "torch LongStorage": np.dtype("<i8"),
    "torch IntStorage": np.dtype("<i4"),
    "torch ShortStorage": np.dtype("<i2"),
    "torch CharStorage": np.dtype("i1"),
    "torch ByteStorage": np.dtype("u1"),
    "torch BoolStorage": np.dtype("?"),
}
# Where training scripts put the parameters beside other things.
_NESTED = ("state_dict", "model_state_dict", "model", "net", "network", "module", "params")


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype
    elements: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class _Place:
    """Where the bytes of a storage lie: in a file that `open` gives, from `offset` on."""

    open: Callable[[], AbstractContextManager[tuple[BinaryIO, int]]]
    offset: int = 0


def read_torch_legacy(file: BinaryIO, path: str) -> OrderedDict[str, StoredArray]:
    """The tensors of a state dictionary, alone or in a checkpoint, in the old format.

    Returns
    -------
    OrderedDict
        ``'module.parameter' -> array``, in PyTorch's order of axes; read while the file is open.
        bfloat16 becomes float32. Tensors may share a storage and have any strides.

    Raises
    ------
    WeightsFileError
        The file is damaged, or its pickles do more than describe tensors.
    """
    with _refusing(path):
        return _arrays(*_read_legacy(file))


def read_torch_zip(archive: SafeZip) -> OrderedDict[str, StoredArray]:
    """The same for a zip archive that has a member 'data.pkl' in a folder."""
    with _refusing(archive.path):
        return _arrays(*_read_zip(archive))


@contextmanager
def _refusing(path: str) -> Iterator[None]:
    try:
        yield
    except Refusal as error:
        msg = f"{path!r} is refused: {error}"
        raise WeightsFileError(msg) from error


def _arrays(state: Any, places: Mapping[str, _Place]) -> OrderedDict[str, StoredArray]:
    tensors = _parameters(state)
    return OrderedDict((name, _stored(name, tensor, places)) for name, tensor in tensors.items())


def _read_legacy(file: BinaryIO) -> tuple[Any, dict[str, _Place]]:
    file.seek(0)
    stream = io.BytesIO(file.read(MAX_PICKLE))
    magic, protocol, machine = (_pickled(stream) for _ in range(3))
    if magic != MAGIC or protocol != PROTOCOL:
        raise Refusal("it is not a PyTorch file of the old format (protocol 1001)")
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise Refusal("it was not written on a little-endian machine")
    declared: dict[str, _Storage] = {}
    state = _pickled(stream, declared)
    keys = expect(_pickled(stream), list)
    return state, _legacy_places(file, stream.tell(), keys, declared)


def _legacy_places(
    file: BinaryIO, position: int, keys: list[Any], declared: Mapping[str, _Storage]
) -> dict[str, _Place]:
    """The storages behind the pickles."""
    size = os.fstat(file.fileno()).st_size
    found: dict[str, _Place] = {}
    for key in keys:
        storage = declared.get(expect(key, str))
        if storage is None or key in found:
            raise Refusal(f"storage {key!r} belongs to no tensor, or is listed twice")
        file.seek(position)
        elements = int.from_bytes(file.read(8), "little", signed=True)
        end = position + 8 + elements * storage.dtype.itemsize
        if elements != storage.elements or end > size:
            raise Refusal(f"storage {key!r} is cut short or of another size than declared")
        found[key] = _Place(lambda: nullcontext((file, size)), position + 8)
        position = end
    if position != size:
        raise Refusal(f"it has {size - position:,} bytes behind its last storage")
    return found


def _read_zip(archive: SafeZip) -> tuple[Any, dict[str, _Place]]:
    names = archive.names()
    descriptions = [name for name in names if name.endswith("/data.pkl")]
    if len(descriptions) != 1:
        raise Refusal("an archive of PyTorch has one folder with 'data.pkl'")
    (description,) = descriptions
    folder = description.rpartition("/")[0]
    order = f"{folder}/byteorder"
    if order in names and archive.read(order) != b"little":
        raise Refusal("it was not written on a little-endian machine")
    declared: dict[str, _Storage] = {}
    state = _pickled(io.BytesIO(archive.read(description, MAX_PICKLE)), declared)
    places = {key: _Place(partial(archive.open, f"{folder}/data/{key}")) for key in declared}
    present = set(names)
    for key in declared:
        if f"{folder}/data/{key}" not in present:
            raise Refusal(f"storage {key!r} is missing")
    return state, places


def _pickled(stream: BinaryIO, declared: dict[str, _Storage] | None = None) -> Any:
    """Carry out one pickle; storages that it refers to are entered in `declared`."""

    def storage(description: Any) -> _Storage:
        made = _storage(description)
        if declared is None or declared.setdefault(made.key, made) != made:
            raise Refusal(f"storage {made.key!r} is described in two ways")
        return made

    calls = {
        "collections OrderedDict": _dictionary,
        "torch._utils _rebuild_tensor_v2": _tensor,
        "torch._utils _rebuild_parameter": _parameter,
    }
    try:
        return interpret(stream, calls=calls, names=_STORAGES, persistent=storage)
    except Refusal as error:
        advice = ""
        if "it asks for" in str(error):
            advice = "; in PyTorch, save torch.save(model.state_dict(), path) alone"
        raise Refusal(f"{error}{advice}") from error


def _dictionary(arguments: tuple[Any, ...]) -> dict[str, Any]:
    if arguments not in ((), ([],)):
        raise Refusal("it makes a call that tensors do not need")
    return {}


def _parameter(arguments: tuple[Any, ...]) -> _Tensor:
    return expect(arguments[0], _Tensor)


def _tensor(arguments: tuple[Any, ...]) -> _Tensor:
    storage, offset, shape, strides = arguments[:4]
    numbers = (offset, *expect(shape, tuple), *expect(strides, tuple))
    whole = all(type(number) is int and number >= 0 for number in numbers)
    if not isinstance(storage, _Storage) or not whole or len(shape) != len(strides):
        raise Refusal("a tensor with an impossible description")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _storage(description: Any) -> _Storage:
    # The old format has a sixth entry, for views of storages that PyTorch 0.1 knew.
    kind, name, key, _, elements, *view = expect(description, tuple)
    dtype = _STORAGES.get(expect(name, Name).text)
    known = kind == "storage" and view in ([], [None]) and type(elements) is int and elements >= 0
    if dtype is None or not known:
        raise Refusal("a storage of another kind")
    return _Storage(expect(key, str), dtype, elements)


def _parameters(state: Any) -> OrderedDict[str, _Tensor]:
    """The dictionary of tensors, from what training scripts put it into."""
    while isinstance(state, dict):
        tensors = [value for value in state.values() if isinstance(value, _Tensor)]
        inner = [state[key] for key in _NESTED if isinstance(state.get(key), dict)]
        if tensors or not inner:
            break
        state = inner[0]
    if not isinstance(state, dict) or not state:
        raise Refusal("it does not hold a dictionary of tensors (a state_dict)")
    for name, value in state.items():
        if not isinstance(value, _Tensor) or not isinstance(name, str):
            raise Refusal(f"entry {name!r} is not a tensor")
    return OrderedDict(state)


def _stored(name: str, tensor: _Tensor, places: Mapping[str, _Place]) -> StoredArray:
    place, dtype = places.get(tensor.storage.key), tensor.storage.dtype
    count = math.prod(tensor.shape)
    # No extent may step nowhere: a stride of 0 would make a huge tensor of one number.
    still = count and any(
        stride == 0 and extent > 1 for extent, stride in zip(tensor.shape, tensor.strides)
    )
    spans = ((extent - 1) * stride for extent, stride in zip(tensor.shape, tensor.strides))
    length = sum(spans) + 1 if count else 0
    inside = tensor.offset + length <= tensor.storage.elements
    if place is None or still or not inside or count > tensor.storage.elements:
        raise Refusal(f"tensor {name!r} does not lie in its storage")

    def read() -> np.ndarray:
        with place.open() as (file, _):
            start = place.offset + tensor.offset * dtype.itemsize
            values = read_array(file, start, dtype, length, name)
        steps = [stride * values.itemsize for stride in tensor.strides]
        view = np.lib.stride_tricks.as_strided(values, tensor.shape, steps, writeable=False)
        return as_native(view)

    shown = np.dtype("f4") if dtype == BFLOAT16 else dtype.newbyteorder("=")
    return StoredArray(location=name, shape=tensor.shape, dtype=shown, read=read)


def read_array(file: BinaryIO, start: int, dtype: np.dtype, length: int, name: str) -> np.ndarray:
    """`length` numbers of an open file from byte `start` on.

    Raises
    ------
    WeightsFileError
        The file is too short.
    """
    values = np.empty(length, dtype)
    file.seek(start)
    view = values.view(np.uint8).data.cast("B") if length else memoryview(b"")
    done = 0
    while done < len(view):
        count = file.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            msg = f"array {name!r} is cut short"
            raise WeightsFileError(msg)
        done += count
    return values


def as_native(values: np.ndarray) -> np.ndarray:
    """In native byte order, row by row; bfloat16 as float32."""
    if values.dtype != BFLOAT16:
        return np.asarray(values, dtype=values.dtype.newbyteorder("="), order="C")
    upper = values["bfloat16"].astype(np.uint32, order="C")
    return np.asarray(np.left_shift(upper, 16)).view(np.float32)
