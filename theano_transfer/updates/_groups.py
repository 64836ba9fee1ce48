"""Trainable parameters in groups, from the input of a network to its output."""

from __future__ import annotations

from collections import OrderedDict

from theano_transfer.tuning._freeze import params_of, trainable_params
from theano_transfer.tuning._names import blocks_of
from theano_transfer.tuning._select import named_layers

HEAD = "head"


def depth_groups(layers) -> OrderedDict[str, list]:
    """Groups of trainable parameters, the lowest first.

    Parameters
    ----------
    layers : Network, mapping of str to Layer, Layer, or list of Layer
        Of a network of the zoo, a group is a block of the architecture (``net.record.blocks``);
        what lies below the first block goes with it, and what was put on top of the base is the
        last group. Of anything else, every layer is a group.

    Returns
    -------
    OrderedDict
        Name of the block or layer -> shared variables. Groups without trainable parameters are
        left out; a parameter that several layers share belongs to the lowest.
    """
    trainable = set(trainable_params(layers))
    groups: OrderedDict[str, list] = OrderedDict()
    taken: set = set()
    for group, layer in _named_groups(layers):
        for param in params_of([layer]):
            if param in trainable and param not in taken:
                taken.add(param)
                groups.setdefault(group, []).append(param)
    return groups


def _named_groups(layers):
    """(group, layer) for every layer, in the network's order."""
    named = named_layers(layers)
    record = getattr(layers, "record", None)
    if record is None or not blocks_of(layers):
        for number, (name, layer) in enumerate(named, start=1):
            yield name or f"layer {number}", layer
        return
    firsts = {first: block for block, first in blocks_of(layers).items()}
    group = next(iter(firsts.values()))
    for name, layer in named:
        group = firsts.get(name or "", group)
        yield group, layer
        if name == record.feature_layer:
            group = HEAD
