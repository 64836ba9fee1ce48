"""Two bases side by side under one head."""

from __future__ import annotations

from lasagne.layers import ConcatLayer, GlobalPoolLayer, InputLayer, Layer

from theano_transfer.zoo import Network

JOINED = "joined"


def join_bases(first: Network, second: Network, *, prefix: str = "second_") -> Network:
    """One network whose output is the pooled features of both, side by side.

    Both see the same pictures, prepared in the same way. The layers are those of the networks
    given, which share the input of the first from then on; :func:`freeze` and the rest go by their
    names as usual.

    Parameters
    ----------
    first, second : Network
        Built with ``include_top=False``, for the same size of pictures, and with the same
        preprocessing.
    prefix : str
        In front of the names of the layers of `second`.

    Returns
    -------
    Network
        For ``Model(net, preprocessing=...)``. Output (batch, channels of both).

    Raises
    ------
    ValueError
        If the networks are for different pictures, or share a name all the same.
    """
    keys = [net.record.preprocessing if net.record else None for net in (first, second)]
    if keys[0] != keys[1]:
        raise ValueError(f"the networks prepare pictures differently: {keys[0]!r} and {keys[1]!r}")
    entries = [_entry(net) for net in (first, second)]
    if entries[0].shape[1:] != entries[1].shape[1:]:
        raise ValueError(
            f"the networks are for pictures of {entries[0].shape[1:]} and {entries[1].shape[1:]}; "
            "build both with the same input_shape"
        )
    layers = list(first.items())
    for name, layer in second.items():
        if layer is entries[1]:
            continue
        if prefix + name in first:
            raise ValueError(f"both networks have a layer called {prefix + name!r}; other prefix?")
        _use_instead(layer, entries[1], entries[0])
        layer.name = prefix + name
        layers.append((layer.name, layer))
    ends = [
        layer if len(layer.output_shape) == 2 else GlobalPoolLayer(layer, name=f"{JOINED}_{number}")
        for number, layer in enumerate((first.output, second.output), start=1)
    ]
    new = [layer for layer in ends if layer not in (first.output, second.output)]
    new.append(ConcatLayer(ends, name=JOINED))
    return Network([*layers, *((layer.name, layer) for layer in new)])


def _entry(net) -> InputLayer:
    return next(layer for layer in net.values() if isinstance(layer, InputLayer))


def _use_instead(layer: Layer, old: Layer, new: Layer) -> None:
    if getattr(layer, "input_layer", None) is old:
        layer.input_layer = new
    if hasattr(layer, "input_layers"):
        layer.input_layers = [new if one is old else one for one in layer.input_layers]
