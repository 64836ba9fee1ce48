"""ONNX files: opened through the onnx package, checked before anything is made of them.

An ONNX file is a protocol buffer: a graph of operators, and constants, the initialisers.
(Fact: ``onnx/onnx.proto``.)
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from typing import Any, BinaryIO

import numpy as np

from ._errors import WeightsError, WeightsFileError
from ._sources import Source
from ._stored import StoredArray
from ._untrusted import describe_start

MAX_BYTES = 2 << 30  # a protocol buffer cannot be larger
MAX_NODES = 100_000
MAX_AXES = 32
PRODUCER = "theano_transfer"
_ATTRIBUTES = "theano_transfer"
# Version of the representation, then producer, producer's version, domain, model's version, text
# about it, graph, or operator sets: what a model begins with, by the numbers of their fields.
_VERSION, _NEXT = b"\x08", (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42)
LARGEST_VERSION = 64


def is_onnx(start: bytes) -> bool:
    """Whether a file that begins with `start` looks like a model of ONNX."""
    if len(start) < 3 or start[:1] != _VERSION or not 0 < start[1] <= LARGEST_VERSION:
        return False
    return start[2] in _NEXT


def import_onnx() -> Any:
    """The package onnx.

    Raises
    ------
    WeightsError
        It is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        msg = "ONNX files need the package onnx: pip install 'theano-transfer[onnx]'"
        raise WeightsError(msg) from error
    return onnx


def open_model(file: BinaryIO, path: str, size: int) -> Any:
    """A model from an open file, its graph checked.

    Raises
    ------
    WeightsFileError
        It is damaged or too large, has data in other files, or has nothing but functions of its
        own.
    """
    onnx = import_onnx()
    if size > MAX_BYTES:
        msg = f"{path!r} is refused: it has {size:,} bytes; ONNX files have at most {MAX_BYTES:,}"
        raise WeightsFileError(msg)
    file.seek(0)
    start = file.read(512)
    said = "its structure is broken" if is_onnx(start) else describe_start(start)
    file.seek(0)
    try:
        model = onnx.ModelProto.FromString(file.read(size))
    except Exception as error:  # of protobuf, whose errors have no common class to name
        raise WeightsFileError(f"{path!r} is damaged or no ONNX file: {said}") from error
    graph = model.graph
    if not graph.node and not is_onnx(start):  # some other files are messages that say nothing
        raise WeightsFileError(f"{path!r} is no ONNX file: {said}")
    if not graph.node or len(graph.node) > MAX_NODES:
        msg = f"{path!r} is refused: its graph has {len(graph.node):,} operators"
        raise WeightsFileError(msg)
    if not model.opset_import:  # which stands behind the graph
        msg = f"{path!r} is damaged or cut short: it does not say which operators it has"
        raise WeightsFileError(msg)
    for tensor in graph.initializer:
        _check(tensor, path)
    if graph.sparse_initializer:
        msg = f"{path!r} is refused: it has sparse constants, which are not read"
        raise WeightsFileError(msg)
    return model


def read_onnx(file: BinaryIO, path: str, size: int) -> Source:
    """The initialisers by their names; those of convolutions and matrices in ONNX's order.

    Exporters keep names of parameters ('layer1.0.conv1.weight'), or not: those that fold batch
    normalisation into convolutions make up others. Then the graph as a whole is what can be read.
    """
    model = open_model(file, path, size)
    arrays = OrderedDict((tensor.name, stored(tensor, path)) for tensor in model.graph.initializer)
    if len(arrays) != len(model.graph.initializer):
        raise WeightsFileError(f"{path!r} is refused: two of its constants have the same name")
    if model.producer_name != PRODUCER:
        return Source("ONNX", path, arrays, axes="torch")
    attributes = own_attributes(model, path)
    named = OrderedDict((name, array) for name, array in arrays.items() if "/" not in name)
    return Source("ONNX of theano_transfer", path, named, attributes=attributes)


def own_attributes(model: Any, path: str) -> dict[str, Any]:
    """The record that this project wrote into a model."""
    texts = [entry.value for entry in model.metadata_props if entry.key == _ATTRIBUTES]
    try:
        attributes = json.loads(texts[0]) if texts else {}
    except (ValueError, RecursionError) as error:
        msg = f"{path!r} is refused: its attributes are not JSON text ({error})"
        raise WeightsFileError(msg) from error
    return attributes if isinstance(attributes, dict) else {}


def set_attributes(model: Any, attributes: dict[str, Any]) -> None:
    """Write the record into a model."""
    entry = model.metadata_props.add()
    entry.key, entry.value = _ATTRIBUTES, json.dumps(attributes, ensure_ascii=False)


def stored(tensor: Any, path: str) -> StoredArray:
    """A constant, checked, not yet made an array."""
    onnx = import_onnx()
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    bfloat16 = tensor.data_type == onnx.TensorProto.BFLOAT16
    shown = np.dtype("f4") if bfloat16 else dtype

    def read() -> np.ndarray:
        return array_of(tensor, path)

    return StoredArray(tensor.name, tuple(tensor.dims), shown, read)


def array_of(tensor: Any, path: str) -> np.ndarray:
    """A constant as an array; bfloat16 as float32.

    Raises
    ------
    WeightsFileError
        It has another size than its shape says, or lies in another file.
    """
    onnx = import_onnx()
    _check(tensor, path)
    try:
        array = onnx.numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError) as error:
        msg = f"{path!r} is damaged: constant {tensor.name!r} cannot be read ({error})"
        raise WeightsFileError(msg) from error
    return array.astype("f4") if tensor.data_type == onnx.TensorProto.BFLOAT16 else array


def _check(tensor: Any, path: str) -> None:
    onnx = import_onnx()
    if not isinstance(tensor.name, str):  # bytes, where it is no text
        raise WeightsFileError(f"{path!r} is damaged: a constant has the name {tensor.name!r:.80}")
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        msg = (
            f"{path!r} is refused: its constant {tensor.name!r} lies in another file; save the "
            "model in one: onnx.save(onnx.load(path), other, save_as_external_data=False)"
        )
        raise WeightsFileError(msg)
    kinds = (
        onnx.TensorProto.FLOAT,
        onnx.TensorProto.FLOAT16,
        onnx.TensorProto.BFLOAT16,
        onnx.TensorProto.DOUBLE,
        onnx.TensorProto.INT64,
        onnx.TensorProto.INT32,
        onnx.TensorProto.BOOL,
    )
    if tensor.data_type not in kinds:
        kind = onnx.TensorProto.DataType.Name(tensor.data_type) if tensor.data_type else "none"
        msg = f"{path!r} is refused: its constant {tensor.name!r} is of type {kind}"
        raise WeightsFileError(msg)
    if len(tensor.dims) > MAX_AXES or any(extent < 0 for extent in tensor.dims):
        msg = f"{path!r} is refused: its constant {tensor.name!r} has an impossible shape"
        raise WeightsFileError(msg)


def regular_size(file: BinaryIO) -> int:
    """Bytes of an open file."""
    return os.fstat(file.fileno()).st_size
