"""What a weights file holds, without a network."""

from __future__ import annotations

import json
import math
import os
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from ._formats import open_source


@dataclass(frozen=True)
class FileSummary:
    """What :func:`inspect` found; ``str()`` gives it as text.

    Attributes
    ----------
    path, kind : str
        The file, and what it is.
    arrays : OrderedDict
        ``'layer.role' -> (shape, dtype)``, as they lie in the file.
    attributes : dict
        The model's record, in files of our own layout.
    """

    path: str
    kind: str
    arrays: OrderedDict[str, tuple[tuple[int, ...], str]]
    attributes: dict[str, Any]

    @property
    def num_parameters(self) -> int:
        """How many numbers the arrays hold together."""
        return sum(math.prod(shape) for shape, _ in self.arrays.values())

    def __str__(self) -> str:
        lines = [f"{self.path}: {self.kind}"]
        for name, value in self.attributes.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append(_printable(f"  {name}: {text if len(text) <= 100 else text[:97] + '...'}"))
        width = max((len(name) for name in self.arrays), default=0)
        for name, (shape, dtype) in self.arrays.items():
            lines.append(f"  {name:<{width}}  {dtype}  {' x '.join(map(str, shape)) or 'scalar'}")
        lines.append(f"  {len(self.arrays)} arrays, {self.num_parameters:,} numbers")
        return "\n".join(lines)


def inspect(path: str | os.PathLike[str]) -> FileSummary:
    """Look into a weights file of any kind that is read; arrays are not read.

    Raises
    ------
    WeightsFileError
        The file is damaged, unsafe, or of a kind that is not read.
    """
    with open_source(path) as source:
        arrays = OrderedDict(
            (name, (array.shape, array.dtype.name)) for name, array in source.arrays.items()
        )
        return FileSummary(os.fspath(path), source.kind, arrays, dict(source.attributes))


def _printable(text: str) -> str:
    """Control characters spelled out; a file's texts should not command the terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
