"""Arrays under PyTorch's names, for a network: our names, and Theano's order of axes.

Kernels are (out, in, row, column) in PyTorch too. Matrices are (out, in) there and (in, out) here;
a classifier may be a matrix there and a 1x1 convolution here, or the other way round.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ._arrange import Arrangement, Shape
from ._errors import WeightsMismatchError
from ._sources import Source
from ._stored import StoredArray
from ._torch_names import Names, namings

_NORMALISATION = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "var"}
_WEIGHTED = {"weight": "W", "bias": "b"}
# Of wrappers: data parallelism, compilation, Lightning.
_PREFIXES = ("module.", "_orig_mod.", "model.")
# Of classifiers in the middle of a network, which help training only.
_AUXILIARY = ("AuxLogits.", "aux1.", "aux2.")
_STYLED = ("torchvision", "timm")
# Networks of which timm has none that computes, and takes pictures, as Keras's does. Its 'tf_...'
# networks do, and are called as the others of their family are.
_TIMMS_OWN = re.compile(r"vgg\d+|xception")


def named_for(
    source: Source, model: str | None, layers: Iterable[str], arguments: Mapping[str, object]
) -> Source:
    """The source with its arrays named after a network's layers.

    Parameters
    ----------
    source
        With arrays under PyTorch's names, ``'features.0.weight'``.
    model
        Name of the network in the zoo; None of another network, whose layers must be called as
        the modules are.
    layers
        Of the network, as they are made, those of the top included.
    arguments
        The network's own: its style decides what its outputs are, and for which pictures.

    Raises
    ------
    WeightsMismatchError
        The names are those of another style than the network's.
    """
    arrays = _unwrapped(source.arrays)
    known = namings(model, layers) if model else {}
    modules = {name.rpartition(".")[0] for name in arrays}
    way = max(known, key=lambda way: len(modules & set(known[way].values())), default=None)
    names: Names = {}
    if way is not None:
        _check_style(source, str(model), way, arguments)
        names = {module: place for place, module in known[way].items()}
    kind = f"{source.kind}, {way} names" if way else source.kind
    found: OrderedDict[str, StoredArray] = OrderedDict()
    for name, array in arrays.items():
        module, _, parameter = name.rpartition(".")
        if parameter == "num_batches_tracked" or name.startswith(_AUXILIARY):
            continue
        normalises = f"{module}.running_mean" in arrays
        roles = _NORMALISATION if normalises else _WEIGHTED
        place = names.get(module, module)
        whole = module in names and "." in place  # a layer's role
        found[place if whole else f"{place}.{roles.get(parameter, parameter)}"] = array
    return replace(source, kind=kind, arrays=found)


def arrange_torch(stored: Shape, wanted: Shape) -> Arrangement:
    """Decide how an array of PyTorch's becomes one of shape `wanted`; see :mod:`._arrange`."""
    if len(stored) == 2 and len(wanted) == 2:
        return Arrangement(stored[::-1], lambda a: a.T, "matrix (out, in) -> (in, out)")
    if len(stored) == 4 and len(wanted) == 2:
        rows = stored[0]
        shape = (math.prod(stored[1:]), rows)
        note = "kernel (out, in, r, c) -> matrix (in, out)"
        return Arrangement(shape, lambda a: a.reshape(rows, -1).T, note)
    if len(stored) == 2 and len(wanted) == 4:
        kernel = (*stored, 1, 1)
        return Arrangement(kernel, lambda a: a.reshape(kernel), "matrix (out, in) -> 1x1 kernel")
    return Arrangement(stored, lambda a: a)


def style_of(source: Source, model: str, layers: Iterable[str]) -> str | None:
    """The style that the names in a file show a network to need; None where they do not tell."""
    modules = {name.rpartition(".")[0] for name in _unwrapped(source.arrays)}
    hits = {
        way: len(modules & set(names.values())) for way, names in namings(model, layers).items()
    }
    way = max(hits, key=lambda way: hits[way], default=None)
    return way if _tells(model, way) else None


def _unwrapped(arrays: Mapping[str, StoredArray]) -> Mapping[str, StoredArray]:
    """Without the names of wrappers around the whole network."""
    while True:
        prefix = next((p for p in _PREFIXES if all(name.startswith(p) for name in arrays)), None)
        if prefix is None or not arrays:
            return arrays
        arrays = OrderedDict((name[len(prefix) :], array) for name, array in arrays.items())


def _tells(model: str, way: str | None) -> bool:
    """Whether names of this kind show which style a network needs."""
    # Where both libraries use torchvision's names, they compute alike.
    return way == "torchvision" or (way == "timm" and bool(_TIMMS_OWN.fullmatch(model)))


def _check_style(source: Source, model: str, way: str, arguments: Mapping[str, object]) -> None:
    style = arguments.get("style")
    if style is not None and style not in _STYLED and _tells(model, way):
        msg = (
            f"{source.path!r} ({source.kind}) has {way}'s names, and this {model} is of the style "
            f"{style!r}, where the same parameters give other outputs; build it with "
            f"style={way!r}: theano_transfer.zoo.{model}(style={way!r})"
        )
        raise WeightsMismatchError(msg)
    if way == "efficientnet_pytorch" and style in _STYLED:
        msg = (
            f"{source.path!r} ({source.kind}) has efficientnet_pytorch's names, and that package "
            f"computes as Keras does; build the network with style='keras', not {style!r}"
        )
        raise WeightsMismatchError(msg)
