"""Where a network has maps of which size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lasagne.layers import InputLayer, get_all_layers, get_output_shape

if TYPE_CHECKING:
    from theano_transfer.zoo._network import Network

# Rows and columns, and as many more as every stride that there is divides: then what padding adds
# or takes away is the same in both.
SIZE = 1 << 9
MORE = 2**5 * 3**2


class FeatureMap(NamedTuple):
    """The last maps of one size.

    Attributes
    ----------
    layer : str
        Name of the layer that makes them.
    channels : int
    stride : int
        Pixels of the picture, along an axis, for each of the maps.
    """

    layer: str
    channels: int
    stride: int


def feature_maps(net: Network) -> list[FeatureMap]:
    """For each stride, the last block of a network's record that ends in it, from fine to coarse.

    Raises
    ------
    ValueError
        If the network has no record that says which blocks it has.
    """
    if net.record is None:
        raise ValueError("only architectures of the zoo know their blocks; this network has none")
    order = list(net)
    starts = [order.index(first) for _, first in net.record.blocks]
    ends = [order[start - 1] for start in starts[1:]] + [net.record.feature_layer]
    found = {}
    for name in ends:
        layer = net[name]
        entry = next(x for x in get_all_layers(layer) if isinstance(x, InputLayer))
        channels = entry.shape[1]
        small, large = (
            get_output_shape(layer, {entry: (1, channels, size, size)})
            for size in (SIZE, SIZE + MORE)
        )
        stride = MORE // (large[2] - small[2])
        found[stride] = FeatureMap(name, small[1], stride)
    return [found[stride] for stride in sorted(found)]
