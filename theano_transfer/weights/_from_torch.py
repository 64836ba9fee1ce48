"""Arrays under PyTorch's names, for a network: our names, and Theano's order of axes.

Kernels are (out, in, row, column) in PyTorch too. Matrices are (out, in) there and (in, out) here;
a classifier may be a matrix there and a 1x1 convolution here, or the other way round.
"""

from __future__ import annotations

import math
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
        The network's own: its style decides what its outputs are.

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
        _check_style(source, str(model), way, arguments, modules)
        names = {module: layer for layer, module in known[way].items()}
    kind = f"{source.kind}, {way} names" if way else source.kind
    found: OrderedDict[str, StoredArray] = OrderedDict()
    for name, array in arrays.items():
        module, _, parameter = name.rpartition(".")
        if parameter == "num_batches_tracked" or name.startswith(_AUXILIARY):
            continue
        normalises = f"{module}.running_mean" in arrays
        roles = _NORMALISATION if normalises else _WEIGHTED
        found[f"{names.get(module, module)}.{roles.get(parameter, parameter)}"] = array
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


def looks_torchvision(source: Source, model: str, layers: Iterable[str]) -> bool:
    """Whether the names are torchvision's for a network and not, or not as well, another's."""
    modules = {name.rpartition(".")[0] for name in _unwrapped(source.arrays)}
    hits = {
        way: len(modules & set(names.values())) for way, names in namings(model, layers).items()
    }
    return max(hits, key=lambda way: hits[way], default=None) == "torchvision"


def _unwrapped(arrays: Mapping[str, StoredArray]) -> Mapping[str, StoredArray]:
    """Without the names of wrappers around the whole network."""
    while True:
        prefix = next((p for p in _PREFIXES if all(name.startswith(p) for name in arrays)), None)
        if prefix is None or not arrays:
            return arrays
        arrays = OrderedDict((name[len(prefix) :], array) for name, array in arrays.items())


def _check_style(
    source: Source, model: str, way: str, arguments: Mapping[str, object], modules: set[str]
) -> None:
    # timm's names say nothing: its 'tf_' networks are called as the others are, and compute as
    # Keras's do. Where both libraries use torchvision's names, they compute alike.
    style = arguments.get("style")
    if way == "torchvision" and style == "keras":
        msg = (
            f"{source.path!r} ({source.kind}) has torchvision's names, and this {model} computes "
            "as Keras's does, where the same parameters give other outputs; build it with "
            f"style='torchvision': theano_transfer.zoo.{model}(style='torchvision')"
        )
        raise WeightsMismatchError(msg)
    if way == "efficientnet_pytorch" and style in _STYLED:
        msg = (
            f"{source.path!r} ({source.kind}) has efficientnet_pytorch's names, and that package "
            f"computes as Keras does; build the network with style='keras', not {style!r}"
        )
        raise WeightsMismatchError(msg)
