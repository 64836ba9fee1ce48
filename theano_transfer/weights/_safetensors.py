"""safetensors files: a JSON header, and the bytes of the tensors behind it.

Eight bytes say how long the header is; it maps names to dtype, shape and where the bytes begin and
end, counted from the header's end. (Fact: the README of huggingface/safetensors.)
"""

from __future__ import annotations

import json
import math
import os
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from ._errors import WeightsError, WeightsFileError
from ._stored import StoredArray
from ._torch import BFLOAT16, as_native, read_array

MAX_HEADER = 100_000_000
MAX_AXES = 32
_DTYPES: dict[str, np.dtype] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": BFLOAT16,
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
_METADATA = "__metadata__"
OWN_FORMAT = "theano_transfer"  # PyTorch's is "pt"


def is_safetensors(start: bytes) -> bool:
    """Whether a file that begins with `start` looks like one."""
    return 2 <= int.from_bytes(start[:8], "little") <= MAX_HEADER and start[8:9] == b"{"


def read_safetensors(
    file: BinaryIO, path: str, size: int
) -> tuple[OrderedDict[str, StoredArray], dict[str, str]]:
    """The tensors of an open safetensors file, in the order of their bytes, and its metadata.

    Arrays are read while the file is open; bfloat16 becomes float32.

    Raises
    ------
    WeightsFileError
        The header is damaged; tensors overlap, leave gaps, or lie outside the file.
    """
    try:
        return _read(file, size)
    except ValueError as error:
        msg = f"{path!r} is refused: {error}"
        raise WeightsFileError(msg) from error


def own_attributes(metadata: Mapping[str, str], path: str) -> dict[str, Any] | None:
    """The record of a network that this project wrote; None of other projects' files."""
    if metadata.get("format") != OWN_FORMAT:
        return None
    try:
        attributes = json.loads(metadata.get("attributes", "{}"))
    except (ValueError, RecursionError) as error:
        msg = f"{path!r} is refused: its attributes are not JSON text ({error})"
        raise WeightsFileError(msg) from error
    return attributes if isinstance(attributes, dict) else {}


def write_safetensors(
    path: str | os.PathLike[str],
    arrays: Mapping[str, np.ndarray],
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write float arrays under our names; `attributes` mark them as such.

    Raises
    ------
    WeightsError
        An array is neither float16, float32 nor float64.
    """
    codes = {dtype: code for code, dtype in _DTYPES.items() if dtype.kind == "f"}
    header: dict[str, Any] = {}
    if attributes is not None:
        record = json.dumps(attributes, ensure_ascii=False)
        header[_METADATA] = {"format": OWN_FORMAT, "attributes": record}
    end = 0
    for name, array in arrays.items():
        code = codes.get(array.dtype.newbyteorder("<"))
        if code is None or name == _METADATA:
            msg = f"array {name!r} of {array.dtype}: safetensors gets float16, float32 or float64"
            raise WeightsError(msg)
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the bytes of tensors begin at a multiple of 8
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            file.write(little.reshape(-1).view(np.uint8).data)


def _read(file: BinaryIO, size: int) -> tuple[OrderedDict[str, StoredArray], dict[str, str]]:
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(MAX_HEADER, size - 8):
        raise ValueError(f"its header should have {length:,} bytes; the file has {size:,}")
    try:
        header = json.loads(file.read(length).decode(), object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("its header is nested too deep") from error
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError("its metadata are not texts")
    entries = {name: _entry(name, entry) for name, entry in header.items()}
    ordered = OrderedDict(sorted(entries.items(), key=lambda item: item[1][2:]))
    position = 0
    for name, (_, _, begin, end) in ordered.items():
        if begin != position:
            raise ValueError(f"tensor {name!r} does not begin where the one before ends")
        position = end
    if position != size - 8 - length:
        raise ValueError(f"its tensors have {position:,} bytes, the file {size - 8 - length:,}")
    arrays = OrderedDict(
        (name, _stored(name, dtype, shape, 8 + length + begin, file))
        for name, (dtype, shape, begin, _) in ordered.items()
    )
    return arrays, metadata


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is twice in its header")
    return found


def _entry(name: str, entry: Any) -> tuple[np.dtype, tuple[int, ...], int, int]:
    try:
        code, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = all(type(n) is int and n >= 0 for n in (*shape, begin, end))
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"tensor {name!r} is not described") from error
    dtype = _DTYPES.get(code) if isinstance(code, str) else None
    if dtype is None:
        raise ValueError(f"tensor {name!r} is of {code!r}; read are {', '.join(_DTYPES)}")
    if not whole or len(shape) > MAX_AXES or math.prod(shape) * dtype.itemsize != end - begin:
        raise ValueError(f"tensor {name!r} has another shape than its bytes")
    return dtype, tuple(shape), begin, end


def _stored(
    name: str, dtype: np.dtype, shape: tuple[int, ...], start: int, file: BinaryIO
) -> StoredArray:
    def read() -> np.ndarray:
        return as_native(read_array(file, start, dtype, math.prod(shape), name).reshape(shape))

    shown = np.dtype("f4") if dtype == BFLOAT16 else dtype.newbyteorder("=")
    return StoredArray(location=name, shape=shape, dtype=shown, read=read)
