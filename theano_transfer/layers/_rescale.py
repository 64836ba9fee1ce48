"""Preprocessing that is part of a network."""

from __future__ import annotations

import numpy as np
import theano.tensor as T
from lasagne.init import Constant
from lasagne.layers import Layer
from lasagne.utils import floatX

# What Keras divides by where a variance is 0.
LEAST_DEVIATION = 1e-7


class RescaleLayer(Layer):
    """``scale * input + offset``.

    Parameters
    ----------
    incoming : Layer or tuple
    scale, offset : float, or a sequence with one for each channel (axis 1)
    name : str, optional
    """

    def __init__(self, incoming, scale, offset=0.0, *, name: str | None = None):
        super().__init__(incoming, name=name)
        self.scale, self.offset = scale, offset

    def get_output_for(self, input, **kwargs):
        scale, offset = (
            np.asarray(numbers, input.dtype).reshape(-1, *(1,) * (input.ndim - 2))
            for numbers in (self.scale, self.offset)
        )
        return input * scale + offset if offset.any() else input * scale


class StandardizeLayer(Layer):
    """``(input - mean) / sqrt(var)`` of each channel (axis 1), with numbers that come with weights.

    Parameters
    ----------
    incoming : Layer or tuple
        Of 2 or more axes; the length of axis 1 is known.
    mean, var : initialiser, array or shared variable
        Shape (channels,). Not trained.
    name : str, optional

    Attributes
    ----------
    count : shared variable
        A number that Keras's layer ``Normalization`` keeps too, of no use here.
    """

    def __init__(
        self,
        incoming,
        mean=Constant(0.0),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        var=Constant(1.0),  # noqa: B008
        *,
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        if len(self.input_shape) < 2 or self.input_shape[1] is None:
            raise ValueError(
                "standardising needs a known number of channels on axis 1; "
                f"got shape {self.input_shape}"
            )
        mean, var = (floatX(x) if isinstance(x, (tuple, np.ndarray)) else x for x in (mean, var))
        tags = {"trainable": False, "regularizable": False}
        self.mean = self.add_param(mean, self.input_shape[1:2], name="mean", **tags)
        self.var = self.add_param(var, self.input_shape[1:2], name="var", **tags)
        self.count = self.add_param(Constant(0), (), name="count", **tags)

    def get_output_for(self, input, **kwargs):
        pattern = ("x", 0, *("x",) * (input.ndim - 2))
        deviation = T.maximum(T.sqrt(self.var), LEAST_DEVIATION)
        return (input - self.mean.dimshuffle(pattern)) / deviation.dimshuffle(pattern)
