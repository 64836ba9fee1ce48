"""What a layer name means to a Model: the layer with all below it, or with all above it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from lasagne.layers import Layer, get_all_layers

from theano_transfer.tuning._errors import UnknownLayerError
from theano_transfer.tuning._select import match_names, no_such_layer

ALL = "all"


def below(net, names: Iterable[str], base_names) -> list[Layer]:
    """What to freeze for `names`: each layer and all that feeds it, in the network's order.

    Parameters
    ----------
    net : Network
    names : iterable of str
        Layers (with all that feeds them), blocks of the record (with all in front of them),
        patterns (exactly what matches), or 'all' (the base).
    base_names : sequence of str
    """
    order = list(net)
    chosen: set[Layer] = set()
    for name in names:
        if name == ALL:
            chosen.update(net[base] for base in base_names)
        elif name in net:
            chosen.update(get_all_layers(net[name]))
        elif name in blocks_of(net):
            firsts = [order.index(first) for first in blocks_of(net).values()]
            start = order.index(blocks_of(net)[name])
            later = [first for first in firsts if first > start]
            end = min(later) if later else len(base_names)
            chosen.update(net[other] for other in order[:end])
        else:
            chosen.update(_matching(net, name))
    return [layer for layer in net.values() if layer in chosen]


def above(net, names: Iterable[str | float]) -> list[Layer]:
    """What to unfreeze for `names`: each layer and all after it, in the network's order.

    The network's order is that in which it was built, so that both branches of a residual block
    are above its first layer.
    """
    order = list(net)
    chosen: set[Layer] = set()
    for name in names:
        if isinstance(name, float):
            chosen.update(upper_part(net, name))
        elif name == ALL:
            chosen.update(net.values())
        elif name in net or name in blocks_of(net):
            start = order.index(name if name in net else blocks_of(net)[name])
            chosen.update(net[other] for other in order[start:])
        else:
            chosen.update(_matching(net, name))
    return [layer for layer in net.values() if layer in chosen]


def blocks_of(net) -> dict[str, str]:
    """Block name -> name of its first layer, for the blocks that the network has."""
    blocks = () if net.record is None else net.record.blocks
    return {block: first for block, first in blocks if first in net}


def upper_part(net, share: float) -> list[Layer]:
    """The upper `share` of a network's blocks (of its layers with parameters, without blocks),
    and all above them; a part of a block counts as the whole.

    Raises
    ------
    ValueError
        Unless ``0 < share <= 1``.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of the blocks lies above 0 and is at most 1; got {share!r}")
    order = list(net)
    starts = [order.index(first) for first in blocks_of(net).values()]
    if not starts:
        starts = [number for number, name in enumerate(order) if net[name].params]
    start = sorted(starts)[len(starts) - math.ceil(share * len(starts) - 1e-9)]
    # What lies below the first block has no block of its own: it goes with that.
    return [net[name] for name in (order if start == min(starts) else order[start:])]


def _matching(net, pattern) -> list[Layer]:
    if not isinstance(pattern, str):
        raise TypeError(
            "a layer is given by its name, a share of the blocks by a fraction such as 0.5; "
            f"got {pattern!r}"
        )
    if not any(sign in pattern for sign in "*?["):
        raise UnknownLayerError(no_such_layer(pattern, [*net, *blocks_of(net), ALL]))
    return match_names(list(net.items()), [pattern])
