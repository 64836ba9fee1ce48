"""What the layers of a file are called in the network: by name, by rank, by position."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ._arrange import Shape
from ._keras import UNNAMED
from ._sources import Source
from ._stored import StoredArray

_AUTOMATIC = re.compile(
    r"(conv2d|depthwise_conv2d|separable_conv2d|batch_normalization|normalization)(?:_(\d+))?"
)
_KERAS_1 = re.compile(
    r"(convolution2d|depthwiseconvolution2d|separableconvolution2d|batchnormalization|dense)_(\d+)"
)


def match_layers(
    source: Source,
    shapes: Mapping[str, Shape],
    created: Mapping[str, list[str]],
    listed: Mapping[str, list[str]],
    optional: frozenset[str],
) -> tuple[dict[str, str], str]:
    """Find out which layer of the network each layer of a file is.

    In this order: the same name, or what a known naming makes of it; the same number among those
    of a class that Keras named by itself; the same place among those of a class, in files that
    do not name layers. Where nothing but the order is left, position, with equal roles.

    Parameters
    ----------
    source
    shapes
        ``'layer.role' -> shape`` of the network.
    created, listed, optional
        As in :class:`Target`.

    Returns
    -------
    names : dict
        Layer of the file -> layer of the network, where these differ.
    how : str
        By what they were matched; empty for names alone.
    """
    wanted = layers_of(shapes)
    names, how = {}, []
    if source.naming is not None:
        known = {layer: source.naming.rename(layer) for layer in layers_of(source.arrays)}
        here = wanted | optional
        names = {layer: name for layer, name in known.items() if name != layer and name in here}
        how = [f"by the names of {source.naming.title}"] if names else []
    numbered = _by_number(source.arrays, shapes, created)
    if any(layer != name for layer, name in numbered.items()):
        how.append("those that Keras named by itself, by number")
    names = {**numbered, **names}
    found = layers_of(source.arrays)
    if any(layer.startswith(UNNAMED) for layer in found) or not (
        wanted & {names.get(layer, layer) for layer in found}
    ):
        ranked = _by_rank(source.ranked, listed, optional)
        if ranked:
            names.update(ranked)
            how.append("by the order of layers of a class")
        elif source.ordered:
            placed = _by_position(source.arrays, shapes)
            names.update(placed)
            how += ["by position"] if placed else []
    return names, "; ".join(how)


def layers_of(names: Iterable[str]) -> set[str]:
    """Layers of ``'layer.role'``."""
    return {name.rpartition(".")[0] for name in names}


def _by_number(
    arrays: Mapping[str, StoredArray],
    shapes: Mapping[str, Shape],
    created: Mapping[str, list[str]],
) -> dict[str, str]:
    """Layers that Keras named by itself.

    It numbers them through a session: 'conv2d' to 'conv2d_93' in one file are 'conv2d_1' to
    'conv2d_94' or 'conv2d_131' to 'conv2d_224' in another. Their order is that of creation. In
    files of Keras 1, 'convolution2d_1' is the first convolution made, though it has a name now.
    """
    here = {**_numbered(shapes, _AUTOMATIC), **created}
    there = {**_numbered(arrays, _AUTOMATIC), **_numbered(arrays, _KERAS_1)}
    names: dict[str, str] = {}
    for kind, layers in there.items():
        if len(layers) == len(here.get(kind, ())):
            names.update(zip(layers, here[kind]))
    return names


def _numbered(names: Iterable[str], pattern: re.Pattern[str]) -> dict[str, list[str]]:
    """Kind -> layers of that kind that Keras named by itself, by number."""
    numbers: dict[str, dict[str, int]] = {}
    for name in names:
        layer = name.rpartition(".")[0]
        match = pattern.fullmatch(layer)
        if match:
            numbers.setdefault(match[1], {})[layer] = int(match[2] or 0)
    return {kind: sorted(layers, key=layers.__getitem__) for kind, layers in numbers.items()}


def _by_rank(
    ranked: Mapping[str, list[str]], listed: Mapping[str, list[str]], optional: frozenset[str]
) -> dict[str, str]:
    """The first convolution of the file is the first of the network, and so on.

    Only a top that the network was built without may be missing: its layers are the last.
    """
    names: dict[str, str] = {}
    for kind, layers in ranked.items():
        here = listed.get(kind, [])
        if len(layers) == len(here) or (optional and len(layers) > len(here)):
            names.update(zip(layers, here))
    return names


def _by_position(arrays: Mapping[str, StoredArray], shapes: Mapping[str, Shape]) -> dict[str, str]:
    """The first layer of the file is the first of the network, if all have the same roles."""
    there, here = _with_their_roles(arrays), _with_their_roles(shapes)
    if [set(roles) for roles in there.values()] != [set(roles) for roles in here.values()]:
        return {}
    return dict(zip(there, here))


def _with_their_roles(names: Iterable[str]) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for name in names:
        layer, _, role = name.rpartition(".")
        roles.setdefault(layer, []).append(role)
    return roles
