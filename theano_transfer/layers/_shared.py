"""A layer used once more, on other inputs."""

from __future__ import annotations

import copy

from lasagne.layers import Layer, MergeLayer


def as_if_on(layer: Layer, input_shapes):
    """`layer` as it would be had it been made on inputs of these shapes.

    It has the same parameters, which are not copied. What was made of them stays with the layer.
    """
    other = copy.copy(layer)
    if isinstance(layer, MergeLayer):
        other.input_layers = [None] * len(input_shapes)
        other.input_shapes = list(input_shapes)
    else:
        other.input_layer, (other.input_shape,) = None, input_shapes
    return other


class SharedLayer(MergeLayer):
    """What another layer makes of other inputs, with the parameters of that layer.

    Parameters
    ----------
    incomings : list of Layer
        What the layer is used on, as many as it has inputs itself.
    layer : Layer
        Whose parameters serve here too. It counts as one more input, so that its parameters are
        among those of a network that it is used in; nothing is computed for it.
    name : str, optional
    """

    def __init__(self, incomings, layer: Layer, *, name: str | None = None):
        self.layer = layer
        super().__init__([*incomings, layer], name=name)

    def get_output_shape_for(self, input_shapes):
        own = list(input_shapes[:-1])
        merges = isinstance(self.layer, MergeLayer)
        return as_if_on(self.layer, own).get_output_shape_for(own if merges else own[0])

    def get_output_for(self, inputs, **kwargs):
        own = inputs[:-1]
        layer = as_if_on(self.layer, self.input_shapes[:-1])
        merges = isinstance(layer, MergeLayer)
        return layer.get_output_for(own if merges else own[0], **kwargs)
