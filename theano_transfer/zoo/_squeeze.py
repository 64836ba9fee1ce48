"""Squeeze-and-excitation as EfficientNets have it.

Hu, Shen and Sun, 2018, https://arxiv.org/abs/1709.01507.
"""

from __future__ import annotations

from lasagne.init import Initializer
from lasagne.layers import GlobalPoolLayer, Layer, ReshapeLayer
from lasagne.nonlinearities import sigmoid

from theano_transfer.layers import Conv2DLayer, ExciteLayer, swish
from theano_transfer.zoo._network import Network


def squeeze_and_excite(net: Network, x: Layer, squeezed: int, W: Initializer, name: str) -> Layer:
    """Add weights for channels, between 0 and 1, from their averages, through `squeezed` units."""
    channels = x.output_shape[1]
    weights = net.add(GlobalPoolLayer(x, name=f"{name}se_squeeze"))
    weights = net.add(ReshapeLayer(weights, ([0], channels, 1, 1), name=f"{name}se_reshape"))
    weights = net.add(
        Conv2DLayer(weights, squeezed, 1, W=W, nonlinearity=swish, name=f"{name}se_reduce")
    )
    weights = net.add(
        Conv2DLayer(weights, channels, 1, W=W, nonlinearity=sigmoid, name=f"{name}se_expand")
    )
    return net.add(ExciteLayer([x, weights], name=f"{name}se_excite"))
