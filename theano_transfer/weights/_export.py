"""Parameters of networks into other projects' files."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._files import atomic_write
from ._keras_write import write_keras_3, write_legacy
from ._onnx_write import write_onnx
from ._target import shape_of, target_of
from ._write_arrays import write_tensors, write_values


@dataclass(frozen=True)
class Writer:
    """A kind of file that networks are written to.

    ``write(net, path)`` gets a temporary path and writes all parameters of the network, or raises
    WeightsError where the format cannot hold them. ``endings`` say when it is meant though no
    format is asked for.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    write: Callable[[Any, Path], None]


# An ending that several have is that of the first.
WRITERS = (
    Writer("keras", "Keras 3 weights (.weights.h5)", (".weights.h5",), write_keras_3),
    Writer("keras-h5", "Keras weights in the layout of Keras 2", (".h5", ".hdf5"), write_legacy),
    Writer("npz", "arrays in Lasagne's order (.npz)", (".npz",), write_values),
    Writer("safetensors", "safetensors", (".safetensors",), write_tensors),
    Writer("onnx", "an ONNX graph", (".onnx",), write_onnx),
)


@dataclass(frozen=True)
class ExportReport:
    """What :func:`export` wrote; ``str()`` gives it as text."""

    target: str
    format: str
    num_arrays: int
    num_parameters: int

    def __str__(self) -> str:
        numbers = f"{self.num_arrays} arrays, {self.num_parameters:,} parameters"
        return f"{self.target} written: {self.format}, {numbers}"


def export(net: Any, path: str | os.PathLike[str], *, format: str | None = None) -> ExportReport:
    """Write the parameters of a network for another project, as a whole or not at all.

    Parameters
    ----------
    net
        As for :func:`load`.
    path
        File to write; replaced in one step at the end.
    format
        A name in ``WRITERS``; if None, the ending of `path` tells.

    Raises
    ------
    ValueError
        There is no such format, or the ending tells none.
    WeightsError
        The format cannot hold the network.
    """
    writer = writer_for(path, format)
    with atomic_write(path) as temporary:
        writer.write(net, temporary)
    shapes = [shape_of(param) for param in target_of(net).params.values()]
    numbers = sum(math.prod(shape) for shape in shapes)
    return ExportReport(os.fspath(path), writer.title, len(shapes), numbers)


def writer_for(path: str | os.PathLike[str], format: str | None = None) -> Writer:
    """The writer of a format by its name, or by the ending of a path.

    Raises
    ------
    ValueError
        There is none.
    """
    names = ", ".join(writer.name for writer in WRITERS)
    if format is not None:
        named = [writer for writer in WRITERS if writer.name == format]
        if not named:
            raise ValueError(f"format is one of {names}; received {format!r}")
        return named[0]
    name = os.fspath(path)
    for writer in WRITERS:
        if name.endswith(writer.endings):
            return writer
    endings = ", ".join(ending for writer in WRITERS for ending in writer.endings)
    msg = f"the ending of {name!r} tells no format ({endings}); give format=, one of {names}"
    raise ValueError(msg)
