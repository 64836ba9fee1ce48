"""The old PyTorch file format, read without PyTorch and without unpickling.

``torch.save`` before 1.6 wrote: the pickled number 0x1950a86a20f9469cfc6c, a pickled protocol
version (1001), a pickled description of the machine, the pickled object, a pickled list of
storage keys, and then for each key the storage: its number of elements (int64) and its bytes.
(Fact: torch/serialization.py, ``_legacy_save``.)

A pickle is a program. Python's unpickler would run it; here its opcodes are interpreted, only
those few that a dictionary of tensors needs, and nothing is ever imported or called. Any other
opcode or name is an error.
"""

from __future__ import annotations

import io
import math
import os
import pickletools
import sys
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._errors import WeightsFileError
from ._stored import StoredArray
from ._untrusted import digest, open_regular

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
MAX_BYTES = 4 << 30
MAX_OPCODES = 1_000_000

_STORAGES: dict[str, np.dtype] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch DoubleStorage": np.dtype("<f8"),
    "torch HalfStorage": np.dtype("<f2"),
    "torch LongStorage": np.dtype("<i8"),
    "torch IntStorage": np.dtype("<i4"),
}
_DICTIONARY = "collections OrderedDict"
_TENSOR = "torch._utils _rebuild_tensor_v2"
_NAMES = {*_STORAGES, _DICTIONARY, _TENSOR}
_VALUES = {"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"}
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARK = object()


@dataclass(frozen=True)
class _Name:
    """A name the pickle refers to; it stands for itself and cannot be called."""

    text: str


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


def read_torch(
    path: str | os.PathLike[str], *, known_hash: str | None = None
) -> OrderedDict[str, StoredArray]:
    """The tensors of an old-format PyTorch file that holds a state dictionary.

    Returns
    -------
    OrderedDict
        ``'module.parameter' -> array``, in PyTorch's order of axes.

    Raises
    ------
    WeightsFileError
        The file is of another format, damaged, or its pickles do more than describe tensors.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            msg = f"{os.fspath(path)!r} has {size:,} bytes; PyTorch files are read up to 4 GiB"
            raise WeightsFileError(msg)
        data = file.read(size)
    if known_hash is not None:
        algorithm, _, expected = known_hash.partition(":")
        actual = digest(io.BytesIO(data), algorithm)
        if actual != expected:
            msg = f"{os.fspath(path)!r}: its {algorithm} is {actual}, expected {expected}"
            raise WeightsFileError(msg)
    try:
        return _read(data)
    except _Refusal as error:
        msg = f"{os.fspath(path)!r} is refused: {error}"
        raise WeightsFileError(msg) from error


class _Refusal(Exception):  # noqa: N818  it never leaves this module
    pass


def _read(data: bytes) -> OrderedDict[str, StoredArray]:
    stream = io.BytesIO(data)
    magic, protocol, machine = (_interpret(stream) for _ in range(3))
    if magic != MAGIC or protocol != PROTOCOL:
        raise _Refusal("it is not a PyTorch file of the old format (protocol 1001)")
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise _Refusal("it was not written on a little-endian machine")
    state = _interpret(stream)
    keys = _interpret(stream)
    if not isinstance(state, dict) or not isinstance(keys, list):
        raise _Refusal("it does not hold a dictionary of tensors (a state_dict)")
    storages = _storages(data, stream.tell(), keys, state)
    arrays: OrderedDict[str, StoredArray] = OrderedDict()
    for name, tensor in state.items():
        if not isinstance(tensor, _Tensor):
            raise _Refusal(f"entry {name!r} is not a tensor")
        arrays[name] = _stored(name, tensor, storages)
    return arrays


def _storages(
    data: bytes, position: int, keys: list[Any], state: dict[Any, Any]
) -> dict[str, np.ndarray]:
    """The storages behind the pickles, as views of the file's bytes."""
    declared = {
        tensor.storage.key: tensor.storage
        for tensor in state.values()
        if isinstance(tensor, _Tensor)
    }
    found: dict[str, np.ndarray] = {}
    for key in keys:
        storage = declared.get(_expect(key, str))
        if storage is None or key in found:
            raise _Refusal(f"storage {key!r} belongs to no tensor, or is listed twice")
        elements = int.from_bytes(data[position : position + 8], "little", signed=True)
        position += 8
        end = position + elements * storage.dtype.itemsize
        if elements != storage.elements or end > len(data):
            raise _Refusal(f"storage {key!r} is cut short or of another size than declared")
        found[key] = np.frombuffer(data, storage.dtype, elements, position)
        position = end
    if position != len(data):
        raise _Refusal(f"it has {len(data) - position:,} bytes behind its last storage")
    return found


def _stored(name: str, tensor: _Tensor, storages: dict[str, np.ndarray]) -> StoredArray:
    storage = storages.get(tensor.storage.key)
    last = tensor.offset + sum(
        (extent - 1) * stride for extent, stride in zip(tensor.shape, tensor.strides)
    )
    # No extent may step nowhere: a stride of 0 would make a huge tensor of one number.
    steps_well = all(stride > 0 for stride in tensor.strides)
    if storage is None or not steps_well or math.prod(tensor.shape) > storage.size:
        raise _Refusal(f"tensor {name!r} does not lie in its storage")
    if math.prod(tensor.shape) and not 0 <= last < storage.size:
        raise _Refusal(f"tensor {name!r} does not lie in its storage")
    dtype = tensor.storage.dtype.newbyteorder("=")

    def read() -> np.ndarray:
        view = np.lib.stride_tricks.as_strided(
            storage[tensor.offset :],
            tensor.shape,
            [stride * storage.itemsize for stride in tensor.strides],
            writeable=False,
        )
        return np.array(view, dtype=dtype, order="C")

    return StoredArray(location=name, shape=tensor.shape, dtype=dtype, read=read)


def _interpret(stream: io.BytesIO) -> Any:
    """Carry out one pickle, up to its STOP, with the few opcodes that tensors need."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count > MAX_OPCODES:
                raise _Refusal(f"a pickle of more than {MAX_OPCODES:,} operations")
            if opcode.name == "STOP":
                return stack.pop()
            _step(opcode.name, argument, stack, memo)
    except _Refusal:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration) as error:
        raise _Refusal(f"its description of the tensors is damaged ({error})") from error
    raise _Refusal("a pickle without an end")


def _step(name: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    if name in _VALUES:
        stack.append(argument)
    elif name in _CONSTANTS:
        stack.append(_CONSTANTS[name])
    elif name in _EMPTY:
        stack.append(_EMPTY[name]())
    elif name == "MARK":
        stack.append(_MARK)
    elif name in ("BINPUT", "LONG_BINPUT"):
        memo[argument] = stack[-1]
    elif name in ("BINGET", "LONG_BINGET"):
        stack.append(memo[argument])
    elif name == "TUPLE":
        stack.append(tuple(_since_mark(stack)))
    elif name in _TUPLES:
        items = [stack.pop() for _ in range(_TUPLES[name])]
        stack.append(tuple(reversed(items)))
    elif name == "APPENDS":
        items = _since_mark(stack)
        _expect(stack[-1], list).extend(items)
    elif name == "SETITEM":
        value, key = stack.pop(), stack.pop()
        _expect(stack[-1], dict)[_expect(key, str)] = value
    elif name == "SETITEMS":
        items = _since_mark(stack)
        keys = [_expect(key, str) for key in items[::2]]
        _expect(stack[-1], dict).update(zip(keys, items[1::2]))
    elif name == "GLOBAL":
        if argument not in _NAMES:
            raise _Refusal(f"it asks for {argument!r}, which a file of tensors does not need")
        stack.append(_Name(sys.intern(argument)))
    elif name == "REDUCE":
        arguments, function = stack.pop(), stack.pop()
        stack.append(_build(function, arguments))
    elif name == "BINPERSID":
        stack.append(_storage(stack.pop()))
    elif name == "BUILD":
        # The dictionary's _metadata, versions of modules: of no use here.
        stack.pop()
        _expect(stack[-1], dict)
    elif name != "PROTO":
        raise _Refusal(f"it uses the pickle operation {name}, which tensors do not need")


def _build(function: Any, arguments: Any) -> Any:
    if function == _Name(_DICTIONARY) and arguments == ():
        return {}
    if function != _Name(_TENSOR):
        raise _Refusal("it makes a call that tensors do not need")
    storage, offset, shape, strides = arguments[:4]
    numbers = (offset, *shape, *strides)
    whole = all(type(number) is int and number >= 0 for number in numbers)
    if not isinstance(storage, _Storage) or not whole or len(shape) != len(strides):
        raise _Refusal("a tensor with an impossible description")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _storage(description: Any) -> _Storage:
    kind, name, key, _, elements, view = description
    dtype = _STORAGES.get(name.text)
    known = kind == "storage" and view is None and type(elements) is int and elements >= 0
    if dtype is None or not known:
        raise _Refusal("a storage of another kind")
    return _Storage(_expect(key, str), dtype, elements)


def _since_mark(stack: list[Any]) -> list[Any]:
    # From the top, or a tall stack with many marks would take for ever.
    start = next(index for index in reversed(range(len(stack))) if stack[index] is _MARK)
    items = stack[start + 1 :]
    del stack[start:]
    return items


def _expect(value: Any, kind: type) -> Any:
    # Keys are texts, too: the hash of tuples in tuples may take for ever, and so may their repr.
    if type(value) is not kind:
        raise _Refusal(f"a {kind.__name__} was expected in it")
    return value
