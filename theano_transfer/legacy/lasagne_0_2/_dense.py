"""``lasagne.layers.dense``."""

from __future__ import annotations

import numpy as np
import theano.tensor as T
from lasagne.init import Constant, GlorotUniform
from lasagne.layers import Layer
from lasagne.nonlinearities import identity, rectify


class DenseLayer(Layer):
    """``nonlinearity(dot(input, W) + b)``.

    Parameters
    ----------
    incoming : Layer or tuple
    num_units : int
    W : initialiser, array or variable
        Shape (inputs, num_units).
    b : initialiser, array, variable or None
        Shape (num_units,). None: no bias.
    nonlinearity : callable or None
    num_leading_axes : int
        How many axes stay; those after them are flattened into one. Negative: counted from the
        end.
    """

    def __init__(
        self,
        incoming,
        num_units,
        W=GlorotUniform(),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
        num_leading_axes=1,
        **kwargs,
    ):
        super().__init__(incoming, **kwargs)
        self.nonlinearity = identity if nonlinearity is None else nonlinearity
        self.num_units = num_units
        ndim = len(self.input_shape)
        if not -ndim <= num_leading_axes < ndim:
            raise ValueError(
                f"num_leading_axes lies between {-ndim} and {ndim - 1} for input of shape "
                f"{self.input_shape}; got {num_leading_axes}"
            )
        self.num_leading_axes = num_leading_axes
        flattened = self.input_shape[num_leading_axes:]
        if None in flattened:
            raise ValueError(
                "a dense layer needs to know the length of the axes it flattens; got shape "
                f"{self.input_shape} with num_leading_axes={num_leading_axes}"
            )
        num_inputs = int(np.prod(flattened))
        self.W = self.add_param(W, (num_inputs, num_units), name="W")
        self.b = None
        if b is not None:
            self.b = self.add_param(b, (num_units,), name="b", regularizable=False)

    def get_output_shape_for(self, input_shape):
        return (*input_shape[: self.num_leading_axes], self.num_units)

    def get_output_for(self, input, **kwargs):
        leading = self.num_leading_axes % input.ndim
        if input.ndim > leading + 1:
            input = input.flatten(leading + 1)
        activation = T.dot(input, self.W)
        if self.b is not None:
            activation = activation + self.b
        return self.nonlinearity(activation)
