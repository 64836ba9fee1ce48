"""Images as rows of numbers, in the order in which Keras has them."""

from __future__ import annotations

import math

from lasagne.layers import Layer


class ChannelsLastFlattenLayer(Layer):
    """Images (batch, channel, row, column) as (batch, row * column * channel).

    ``lasagne.layers.FlattenLayer`` gives the order channel, row, column; networks that were made
    in Keras expect this one.

    Parameters
    ----------
    incoming : Layer or tuple
    name : str, optional
    """

    def __init__(self, incoming, *, name: str | None = None):
        super().__init__(incoming, name=name)
        if len(self.input_shape) != 4:
            raise ValueError(
                "this flattening takes images (batch, channel, row, column); "
                f"got shape {self.input_shape}"
            )

    def get_output_shape_for(self, input_shape):
        batch, *sizes = input_shape
        return (batch, None if None in sizes else math.prod(sizes))

    def get_output_for(self, input, **kwargs):
        return input.dimshuffle(0, 2, 3, 1).flatten(2)
