"""Squeeze and excitation: a number for each channel, from the whole picture.

Hu, Shen and Sun, 2018, https://arxiv.org/abs/1709.01507.
"""

from __future__ import annotations

import theano.tensor as T
from lasagne.layers import Layer, MergeLayer


class SqueezeLayer(Layer):
    """The average, or another function, of each channel's rows and columns, which stay as axes.

    Parameters
    ----------
    incoming : Layer or tuple
        Images (batch, channel, row, column).
    pool_function : callable
        Called with the images and ``axis``.
    name : str, optional

    Notes
    -----
    (batch, channel, 1, 1) comes out, where ``lasagne.layers.GlobalPoolLayer`` gives
    (batch, channel): something to go on convolving.
    """

    def __init__(self, incoming, pool_function=T.mean, *, name: str | None = None):
        super().__init__(incoming, name=name)
        self.pool_function = pool_function
        if len(self.input_shape) != 4:
            raise ValueError(
                "squeezing takes images (batch, channel, row, column); "
                f"got shape {self.input_shape}"
            )

    def get_output_shape_for(self, input_shape):
        return (*input_shape[:2], 1, 1)

    def get_output_for(self, input, **kwargs):
        return self.pool_function(input, axis=(2, 3)).dimshuffle(0, 1, "x", "x")


class ExciteLayer(MergeLayer):
    """Images with every channel multiplied by a number of its own.

    Parameters
    ----------
    incomings : pair of Layer or tuple
        Images (batch, channel, row, column), and for each of them (batch, channel, 1, 1).
    name : str, optional
    """

    def __init__(self, incomings, *, name: str | None = None):
        super().__init__(incomings, name=name)
        images, numbers = self.input_shapes
        if len(images) != 4 or tuple(numbers[1:]) != (images[1], 1, 1):
            raise ValueError(
                "excitation takes images (batch, channel, row, column) and numbers "
                f"(batch, channel, 1, 1); got shapes {images} and {numbers}"
            )

    def get_output_shape_for(self, input_shapes):
        return input_shapes[0]

    def get_output_for(self, inputs, **kwargs):
        images, numbers = inputs
        return images * numbers[:, :, 0, 0].dimshuffle(0, 1, "x", "x")
