"""Arrays that are known by their place alone, for a network.

The places are those of ``lasagne.layers.get_all_params``. Kernels keep their orientation: a file
made of a network with ``flip_filters=False``, as all of Lasagne's model zoo are, fits one like it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ._arrange import Shape
from ._errors import WeightsMismatchError
from ._sources import Source
from ._stored import StoredArray

BY_PLACE = ("positions", "lasagne", "lasagne zoo")
_OWN = ("gamma", "beta", "mean", "var")
_LASAGNE = ("beta", "gamma", "mean", "inv_std")


def placed_for(
    source: Source,
    names: tuple[str, ...],
    shapes: Mapping[str, Shape],
    epsilons: Mapping[str, float],
) -> Source:
    """The source with its arrays named ``'layer.role'``, by their order.

    Parameters
    ----------
    source
        With arrays named '0', '1' and so on; its ``axes`` say whose order it is: 'positions' is
        this project's, 'lasagne zoo' that of Lasagne's layers, and 'lasagne' either.
    names
        Of the network's parameters, in Lasagne's order.
    shapes
        Of these.
    epsilons
        Layers of batch normalisation, and what each adds to a variance.

    Raises
    ------
    WeightsMismatchError
        There are more or fewer arrays than parameters, or shapes differ; or the order of a batch
        normalisation's arrays cannot be known.
    """
    arrays = list(source.arrays.values())
    if source.axes == "lasagne" and epsilons:
        msg = (
            f"{source.path!r} ({source.kind}) does not say whose batch normalisation it is from: "
            "Lasagne keeps beta, gamma, mean and inverse deviation, theano_transfer gamma, beta, "
            "mean and variance, all of the same shape. If the values are of a network of this "
            "library, lasagne.layers.set_all_param_values(net.output, values) sets them"
        )
        raise WeightsMismatchError(msg)
    zoo = source.axes == "lasagne zoo"
    order = _as_lasagne(names, epsilons) if zoo else names
    if len(order) != len(arrays):
        msg = (
            f"{source.path!r} ({source.kind}) has {len(arrays)} arrays, the network has "
            f"{len(order)} parameters; they are matched by place, so it must be the same network"
        )
        raise WeightsMismatchError(msg)
    wrong = [
        f"{place}: {name} expected {shapes[_own(name)]}, received {array.shape}"
        for place, (name, array) in enumerate(zip(order, arrays))
        if shapes[_own(name)] != array.shape
    ]
    if wrong:
        lines = [f"{source.path!r} ({source.kind}) does not fit the network, place by place:"]
        raise WeightsMismatchError("\n    ".join([*lines, *wrong]), misshapen=tuple(wrong))
    found = OrderedDict()
    for name, array in zip(order, arrays):
        if name.endswith(".inv_std"):
            array = _as_variance(array, epsilons[name.rpartition(".")[0]])
        found[_own(name)] = array
    return replace(source, arrays=found, axes="theano")


def _own(name: str) -> str:
    return name[: -len("inv_std")] + "var" if name.endswith(".inv_std") else name


def _as_lasagne(names: tuple[str, ...], epsilons: Mapping[str, float]) -> tuple[str, ...]:
    """The names in the order that Lasagne's own batch normalisation would have them in."""
    ordered = []
    for name in names:
        layer, _, role = name.rpartition(".")
        if layer in epsilons and role in _OWN:
            role = _LASAGNE[_OWN.index(role)]
        ordered.append(f"{layer}.{role}")
    return tuple(ordered)


def _as_variance(array: StoredArray, epsilon: float) -> StoredArray:
    """From 1 / sqrt(variance + epsilon), so that a layer with `epsilon` computes the same."""

    def read() -> np.ndarray:
        values = array.read().astype(np.float64)
        return (values**-2 - epsilon).astype(array.dtype)

    return replace(array, read=read)
