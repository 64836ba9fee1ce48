"""A dense layer at every place."""

from __future__ import annotations

import theano.tensor as T
from lasagne.init import Constant, GlorotUniform
from lasagne.layers import Layer
from lasagne.nonlinearities import identity


class PositionDenseLayer(Layer):
    """``nonlinearity(input . W + b)`` along one axis, the same at every place of the others.

    Parameters
    ----------
    incoming : Layer or tuple
        Of 3 or more axes, the length of `axis` known.
    num_units : int
        Length of `axis` in the output.
    axis : int
        Along which it sums; 1, the channels, makes a 1x1 convolution of it.
    W : initialiser, array or shared variable
        Shape (length of the axis, num_units).
    b : initialiser, array, shared variable or None
        Shape (num_units,). None: no bias.
    nonlinearity : callable or None
        None: none.
    name : str, optional
    """

    def __init__(
        self,
        incoming,
        num_units: int,
        axis: int = 1,
        *,
        W=GlorotUniform(),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        b=Constant(0.0),  # noqa: B008
        nonlinearity=None,
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        self.num_units, self.axis = num_units, axis
        self.nonlinearity = identity if nonlinearity is None else nonlinearity
        if self.input_shape[axis] is None:
            raise ValueError(f"axis {axis} has no known length in {self.input_shape}")
        self.W = self.add_param(W, (self.input_shape[axis], num_units), name="W")
        self.b = None
        if b is not None:
            self.b = self.add_param(b, (num_units,), name="b", regularizable=False)

    def get_output_shape_for(self, input_shape):
        shape = list(input_shape)
        shape[self.axis] = self.num_units
        return tuple(shape)

    def get_output_for(self, input, **kwargs):
        others = [axis for axis in range(input.ndim) if axis != self.axis]
        output = T.dot(input.dimshuffle(*others, self.axis), self.W)
        if self.b is not None:
            output = output + self.b
        back = [*range(self.axis), input.ndim - 1, *range(self.axis, input.ndim - 1)]
        return self.nonlinearity(output.dimshuffle(*back))
