"""Layers of images at work on sequences."""

from __future__ import annotations

from lasagne.layers import Layer

from theano_transfer.layers._shared import as_if_on


class SequenceLayer(Layer):
    """A layer of images on sequences (batch, channel, step), which are images of one column.

    Parameters
    ----------
    incoming : Layer or tuple
        Its output has 3 axes.
    make : callable
        Gives the layer for the shape (batch, channel, step, 1): windows of one column.
    name : str, optional

    Attributes
    ----------
    layer : Layer
        The layer of images, whose parameters (under its attributes' names) are those of this one.
    """

    def __init__(self, incoming, make, *, name: str | None = None):
        super().__init__(incoming, name=name)
        if len(self.input_shape) != 3:
            raise ValueError(
                f"sequences (batch, channel, step) were expected; got shape {self.input_shape}"
            )
        self.layer = make((*self.input_shape, 1))
        self.params = self.layer.params
        for role in ("W", "pointwise", "b"):
            if getattr(self.layer, role, None) is not None:
                setattr(self, role, getattr(self.layer, role))

    def get_output_shape_for(self, input_shape):
        return self.layer.get_output_shape_for((*input_shape, 1))[:3]

    def get_output_for(self, input, **kwargs):
        layer = as_if_on(self.layer, [(*self.input_shape, 1)])
        return layer.get_output_for(input.dimshuffle(0, 1, 2, "x"), **kwargs)[:, :, :, 0]
