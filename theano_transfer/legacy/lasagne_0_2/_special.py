"""``lasagne.layers.special``: biases, scales, expressions, inverses."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import theano
import theano.tensor as T
from lasagne.init import Constant
from lasagne.layers import Layer, MergeLayer
from lasagne.layers import NonlinearityLayer as NonlinearityLayer
from lasagne.utils import floatX

from theano_transfer.legacy.lasagne_0_2._axes import parameter_shape, resolve_shared, spread


class BiasLayer(Layer):
    """``input + b``.

    Parameters
    ----------
    incoming : Layer or tuple
    b : initialiser, array, variable or None
        Shape: the input's without the shared axes. None: the input itself.
    shared_axes : 'auto', int or tuple of int
        'auto': all but the second.
    """

    def __init__(self, incoming, b=Constant(0), shared_axes="auto", **kwargs):  # noqa: B008
        super().__init__(incoming, **kwargs)
        self.shared_axes = resolve_shared(shared_axes, len(self.input_shape))
        self.b = None
        if b is not None:
            shape = parameter_shape(self, self.shared_axes)
            self.b = self.add_param(b, shape, "b", regularizable=False)

    def get_output_for(self, input, **kwargs):
        return input if self.b is None else input + spread(self.b, self.shared_axes, input.ndim)


class ScaleLayer(Layer):
    """``input * scales``.

    Parameters
    ----------
    incoming : Layer or tuple
    scales : initialiser, array or variable
        Shape: the input's without the shared axes.
    shared_axes : 'auto', int or tuple of int
        'auto': all but the second.
    """

    def __init__(self, incoming, scales=Constant(1), shared_axes="auto", **kwargs):  # noqa: B008
        super().__init__(incoming, **kwargs)
        self.shared_axes = resolve_shared(shared_axes, len(self.input_shape))
        shape = parameter_shape(self, self.shared_axes)
        self.scales = self.add_param(scales, shape, "scales", regularizable=False)

    def get_output_for(self, input, **kwargs):
        return input * spread(self.scales, self.shared_axes, input.ndim)


def standardize(layer, offset, scale, shared_axes="auto"):
    """``(input - offset) / scale`` by numbers that are not trained.

    Parameters
    ----------
    layer : Layer or tuple
    offset, scale : array or variable
        Shape: the input's without the shared axes.
    shared_axes : 'auto', int or tuple of int

    Returns
    -------
    ScaleLayer
        Behind a BiasLayer.
    """
    if isinstance(offset, (np.ndarray, list)):
        offset = floatX(offset)
    inverse = 1 / floatX(scale) if isinstance(scale, (np.ndarray, list)) else 1 / scale
    layer = BiasLayer(layer, -offset, shared_axes)
    layer.params[layer.b].remove("trainable")
    layer = ScaleLayer(layer, inverse, shared_axes)
    layer.params[layer.scales].remove("trainable")
    return layer


class ExpressionLayer(Layer):
    """``function(input)``.

    Parameters
    ----------
    incoming : Layer or tuple
    function : callable
        Of an expression.
    output_shape : None, tuple, callable or 'auto'
        None: the input's. A callable gets that. 'auto': found out by `function`, lengths that are
        not known tried as 0.
    """

    def __init__(self, incoming, function, output_shape=None, **kwargs):
        super().__init__(incoming, **kwargs)
        if isinstance(output_shape, str) and output_shape != "auto":
            raise ValueError(
                f"output_shape is None, a tuple, a callable or 'auto'; got {output_shape!r}"
            )
        named = output_shape is None or callable(output_shape) or output_shape == "auto"
        self._output_shape = output_shape if named else tuple(output_shape)
        self.function = function

    def get_output_shape_for(self, input_shape):
        if self._output_shape is None:
            return input_shape
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        if self._output_shape != "auto":
            return self._output_shape
        lengths = (0 if n is None else n for n in input_shape)
        probe = T.alloc(np.zeros((), theano.config.floatX), *lengths)
        return tuple(int(n) or None for n in self.function(probe).shape.eval())

    def get_output_for(self, input, **kwargs):
        return self.function(input)


class InverseLayer(MergeLayer):
    """What the backward pass through a layer makes of `incoming`.

    For a dense layer or a convolution that is their transpose, for max-pooling an unpooling to
    where the largest values were. Nonlinearity and bias of the layer take part.

    Parameters
    ----------
    incoming : Layer
        Of the shape that `layer` puts out.
    layer : Layer
        With one input.
    """

    def __init__(self, incoming, layer, **kwargs):
        super().__init__([incoming, layer, layer.input_layer], **kwargs)

    def get_output_shape_for(self, input_shapes):
        return input_shapes[2]

    def get_output_for(self, inputs, **kwargs):
        input, output, source = inputs
        return theano.grad(None, wrt=source, known_grads=OrderedDict([(output, input)]))
