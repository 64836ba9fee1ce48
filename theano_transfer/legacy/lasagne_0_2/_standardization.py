"""``lasagne.layers.normalization``: each picture by its own statistics."""

from __future__ import annotations

import theano.tensor as T
from lasagne.layers import Layer, NonlinearityLayer

from theano_transfer.legacy.lasagne_0_2._base import drop_bias, taken_nonlinearity
from theano_transfer.legacy.lasagne_0_2._special import BiasLayer, ScaleLayer


class StandardizationLayer(Layer):
    """``(input - mean) / sqrt(variance + epsilon)``, in training and elsewhere.

    Parameters
    ----------
    incoming : Layer or tuple
    axes : 'auto', 'spatial', 'features', int or tuple of int
        What mean and variance are taken over. 'spatial': all behind the second axis; 'features':
        all behind the first; 'auto': 'spatial', or the second for input of two axes.
    epsilon : float
    """

    def __init__(self, incoming, axes="auto", epsilon=1e-4, **kwargs):
        super().__init__(incoming, **kwargs)
        ndim = len(self.input_shape)
        if isinstance(axes, str):
            if axes not in ("auto", "spatial", "features"):
                raise ValueError(f"axes is 'auto', 'spatial', 'features' or axes; got {axes!r}")
            features = axes == "features" or (axes == "auto" and ndim == 2)
            axes = tuple(range(1 if features else 2, ndim))
        self.axes = (axes,) if isinstance(axes, int) else tuple(axes)
        self.epsilon = epsilon

    def get_output_for(self, input, **kwargs):
        mean = input.mean(self.axes, keepdims=True)
        var = input.var(self.axes, keepdims=True)
        return (input - mean) / T.sqrt(var + T.cast(self.epsilon, input.dtype))


def instance_norm(layer, learn_scale=True, learn_bias=True, **kwargs):
    """Each channel of each picture standardised, before `layer`'s nonlinearity.

    Ulyanov, Vedaldi and Lempitsky, 2016, https://arxiv.org/abs/1607.08022. Changes `layer`: it has
    neither bias nor nonlinearity from here on.

    Parameters
    ----------
    learn_scale, learn_bias : bool
        Whether a ``ScaleLayer`` and a ``BiasLayer``, one number per channel, follow.
    **kwargs
        For :class:`StandardizationLayer`.
    """
    kwargs.setdefault("axes", "spatial")
    return _standardised(layer, "_in", learn_scale, learn_bias, kwargs)


def layer_norm(layer, **kwargs):
    """All features of each row standardised, before `layer`'s nonlinearity.

    Ba, Kiros and Hinton, 2016, https://arxiv.org/abs/1607.06450. Scale, bias and the change to
    `layer` are those of :func:`instance_norm`.
    """
    kwargs.setdefault("axes", "features")
    return _standardised(layer, "_ln", True, True, kwargs)


def _standardised(layer, suffix, learn_scale, learn_bias, kwargs):
    nonlinearity = taken_nonlinearity(layer)
    drop_bias(layer)
    own = getattr(layer, "name", None)
    name = kwargs.pop("name", None) or (own and own + suffix)
    layer = StandardizationLayer(layer, name=name, **kwargs)
    if learn_scale:
        layer = ScaleLayer(layer, shared_axes="auto", name=name and name + "_scale")
    if learn_bias:
        layer = BiasLayer(layer, shared_axes="auto", name=name and name + "_bias")
    if nonlinearity is not None:
        layer = NonlinearityLayer(layer, nonlinearity, name=name and name + "_nonlin")
    return layer
