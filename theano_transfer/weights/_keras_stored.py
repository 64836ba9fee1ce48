"""What stands for the arrays of a file while a network is built."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from lasagne.init import Initializer

from ._keras_arguments import Arguments


class Stored(Initializer):
    """Zeros in place of arrays that will be read, of sizes that the file has for the layer.

    So a configuration cannot ask for more memory than the file brings numbers.
    """

    def __init__(self, a: Arguments, shapes: Collection[tuple[int, ...]]) -> None:
        self._a = a
        self._sizes = {math.prod(shape) for shape in shapes}

    def sample(self, shape: tuple[int, ...]) -> np.ndarray:
        if math.prod(shape) not in self._sizes:
            found = sorted(self._sizes)
            raise self._a.unsupported(
                f"an array of shape {shape} is configured, the file has arrays of {found} numbers"
            )
        return np.zeros(shape, "float32")

    def where(self, wanted: bool) -> Stored | None:
        """Itself, or None where there is no such array."""
        return self if wanted else None
