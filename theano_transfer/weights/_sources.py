"""What any readable weights file comes down to: named arrays."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from ._stored import StoredArray

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
        ``'theano'``, ``'keras'`` or ``'torch'``: which order the axes of kernels have. In the last
        case ``arrays`` have PyTorch's names, ``'module.parameter'``.
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
