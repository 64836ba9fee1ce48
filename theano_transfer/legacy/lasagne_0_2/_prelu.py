"""``lasagne.layers.special``: rectifiers with a slope below 0 that is learnt or drawn."""

from __future__ import annotations

import theano
import theano.tensor as T
from aesara.tensor.shape import specify_broadcastable
from lasagne.init import Constant
from lasagne.layers import Layer

from theano_transfer.legacy.lasagne_0_2._axes import parameter_shape, resolve_shared, spread
from theano_transfer.legacy.lasagne_0_2._base import taken_nonlinearity
from theano_transfer.legacy.lasagne_0_2._noise import random_streams


class ParametricRectifierLayer(Layer):
    """``max(x, 0) + alpha * min(x, 0)``: He et al., 2015, https://arxiv.org/abs/1502.01852.

    Parameters
    ----------
    incoming : Layer or tuple
    alpha : initialiser, array or variable
        Shape: the input's without the shared axes.
    shared_axes : 'auto', 'all', int or tuple of int
        'auto': all but the second.
    """

    def __init__(self, incoming, alpha=Constant(0.25), shared_axes="auto", **kwargs):  # noqa: B008
        super().__init__(incoming, **kwargs)
        self.shared_axes = resolve_shared(shared_axes, len(self.input_shape))
        shape = parameter_shape(self, self.shared_axes)
        self.alpha = self.add_param(alpha, shape, "alpha", regularizable=False)

    def get_output_for(self, input, **kwargs):
        return T.nnet.relu(input, spread(self.alpha, self.shared_axes, input.ndim))


def prelu(layer, **kwargs):
    """A :class:`ParametricRectifierLayer` behind `layer`, which loses its nonlinearity."""
    taken_nonlinearity(layer)
    return ParametricRectifierLayer(layer, **kwargs)


class RandomizedRectifierLayer(Layer):
    """``x`` above 0, a slope times ``x`` below: Xu et al., 2015, https://arxiv.org/abs/1505.00853.

    In training the slope is drawn between two bounds; with ``deterministic=True`` it is their mean.

    Parameters
    ----------
    incoming : Layer or tuple
    lower, upper : float or scalar variable
    shared_axes : 'auto', 'all', int or tuple of int
        Along which axes one slope serves; 'auto': all but the second.
    """

    def __init__(self, incoming, lower=0.3, upper=0.8, shared_axes="auto", **kwargs):
        super().__init__(incoming, **kwargs)
        self._srng = random_streams()
        self.lower, self.upper = lower, upper
        self._numbers = not any(isinstance(v, theano.Variable) for v in (lower, upper))
        if self._numbers and lower > upper:
            raise ValueError(f"upper must not be less than lower; got {lower} and {upper}")
        self.shared_axes = resolve_shared(shared_axes, len(self.input_shape))

    def get_output_for(self, input, deterministic=False, **kwargs):
        if deterministic or (self._numbers and self.lower == self.upper):
            return T.nnet.relu(input, (self.upper + self.lower) / 2.0)
        lengths = self.input_shape if None not in self.input_shape else input.shape
        shape = [1 if a in self.shared_axes else lengths[a] for a in range(input.ndim)]
        slopes = self._srng.uniform(
            tuple(shape), low=self.lower, high=self.upper, dtype=theano.config.floatX
        )
        return T.nnet.relu(input, specify_broadcastable(slopes, *self.shared_axes))


def rrelu(layer, **kwargs):
    """A :class:`RandomizedRectifierLayer` behind `layer`, which loses its nonlinearity."""
    taken_nonlinearity(layer)
    return RandomizedRectifierLayer(layer, **kwargs)
