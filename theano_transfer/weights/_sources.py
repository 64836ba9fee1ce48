"""What any readable weights file comes down to: named arrays."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from ._naming import Naming
from ._stored import StoredArray

ROLES = ("W", "pointwise", "b", "gamma", "beta", "mean", "var", "count", "alpha")


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
        case ``arrays`` have PyTorch's names, ``'module.parameter'``. Or one of ``BY_PLACE``: they
        are just numbered, '0', '1'...
    flipped
        The kernels were trained as true convolutions (Keras on its Theano backend).
    attributes
        The model's record, for files that carry one.
    version, backend
        Of the Keras that wrote the file, where it says so.
    ranked
        Layers of Keras 3's files by Keras's name of their class in small letters (``'conv2d'``), in
        the model's order; classes of which layers lie in several models are left out.
    ordered
        Whether the order of `arrays` is the model's order of layers.
    naming
        The known way of naming layers that a file follows, if not that of the zoo.
    epsilon
        What batch normalisation adds to the variance, by layer of the file, where it says so.
    deviations
        Whether the statistics of a standardising layer may be deviations in place of variances.
    whole
        Whether the file says how the model is built.
    channels_first
        Whether Keras's model had the channels in front, which numbers for each place follow.
    """

    kind: str
    path: str
    arrays: OrderedDict[str, StoredArray] = field(repr=False)
    axes: str = "theano"
    flipped: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    backend: str = ""
    ranked: dict[str, list[str]] = field(default_factory=dict, repr=False)
    ordered: bool = False
    naming: Naming | None = None
    epsilon: dict[str, float] = field(default_factory=dict, repr=False)
    deviations: bool = True
    whole: bool = False
    channels_first: bool = False
