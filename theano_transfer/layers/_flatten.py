"""Images in other shapes, their numbers in the order in which Keras has them."""

from __future__ import annotations

import math

from lasagne.layers import Layer


class ChannelsLastFlattenLayer(Layer):
    """Images (batch, channel, row, column) as (batch, row * column * channel); sequences likewise.

    ``lasagne.layers.FlattenLayer`` gives the order channel, row, column; networks that were made
    in Keras expect this one.

    Parameters
    ----------
    incoming : Layer or tuple
    name : str, optional
    """

    def __init__(self, incoming, *, name: str | None = None):
        super().__init__(incoming, name=name)
        if len(self.input_shape) < 3:
            raise ValueError(
                "this flattening takes images (batch, channel, row, column) or sequences (batch, "
                f"channel, step); got shape {self.input_shape}"
            )

    def get_output_shape_for(self, input_shape):
        batch, *sizes = input_shape
        return (batch, None if None in sizes else math.prod(sizes))

    def get_output_for(self, input, **kwargs):
        return channels_last(input).flatten(2)


class ChannelsLastReshapeLayer(Layer):
    """Images in another shape, as if their channels, and those of the result, came last.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, ...), all lengths but the batch's known.
    shape : sequence of int
        Of the result without the batch, channels last; of one length or more. One number may be
        -1: what is left.
    name : str, optional
    """

    def __init__(self, incoming, shape, *, name: str | None = None):
        super().__init__(incoming, name=name)
        lengths, shape = self.input_shape[1:], list(shape)
        if None in lengths:
            raise ValueError(f"the input has lengths that are not known: {self.input_shape}")
        if shape.count(-1) == 1:
            others = -math.prod(shape)
            shape[shape.index(-1)] = math.prod(lengths) // others if others > 0 else 0
        if min(shape) < 1 or math.prod(shape) != math.prod(lengths):
            raise ValueError(f"{self.input_shape} cannot be given the shape {tuple(shape)}")
        self.shape = tuple(shape)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.shape[-1], *self.shape[:-1])

    def get_output_for(self, input, **kwargs):
        output = channels_last(input).reshape((input.shape[0], *self.shape))
        return output.dimshuffle(0, output.ndim - 1, *range(1, output.ndim - 1))


def channels_last(x):
    """(batch, channel, ...) as (batch, ..., channel)."""
    return x.dimshuffle(0, *range(2, x.ndim), 1)
