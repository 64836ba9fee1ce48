"""The order of a network's layers, which is Keras's.

People pick layers by their place in Keras's list ("freeze the first 249"). It is not the order in
which branches are written down: ``map_graph`` in ``keras/src/ops/function.py`` sorts by the
distance from the output, and layers as far away as each other by when a walk down from the output
meets them.
"""

from __future__ import annotations

from lasagne.layers import Layer

from theano_transfer.zoo._network import Network


def sort_as_keras(net: Network) -> None:
    """Bring the layers of a network, all of which feed its last, into Keras's order."""
    met, distance = _walk(net.output)
    place = {layer: number for number, layer in enumerate(met)}
    order = sorted(net, key=lambda name: (-distance[net[name]], place[net[name]]))
    for name in order:
        net.move_to_end(name)


def _walk(output: Layer) -> tuple[list[Layer], dict[Layer, int]]:
    """Layers as a walk down from `output` first meets them, and each one's longest way up to it."""
    met: dict[Layer, None] = {}
    finished: list[Layer] = []
    pending = [(output, iter(_inputs(output)))]
    met[output] = None
    while pending:  # deeper than Python recurses
        layer, inputs = pending[-1]
        below = next((other for other in inputs if other not in met), None)
        if below is None:
            finished.append(layer)
            pending.pop()
        else:
            met[below] = None
            pending.append((below, iter(_inputs(below))))
    distance = dict.fromkeys(finished, 0)
    for layer in reversed(finished):
        for below in _inputs(layer):
            distance[below] = max(distance[below], distance[layer] + 1)
    return list(met), distance


def _inputs(layer: Layer) -> list[Layer]:
    if hasattr(layer, "input_layers"):
        return list(layer.input_layers)
    below = getattr(layer, "input_layer", None)
    return [] if below is None else [below]
