"""GoogLeNet: nine modules of parallel convolutions, without batch normalisation.

Layers and their names, with underscores for slashes, are those of Caffe's ``bvlc_googlenet`` and of
``modelzoo/googlenet.py`` in Lasagne's Recipes, without the auxiliary classifiers.
"""

from __future__ import annotations

from typing import NamedTuple

from lasagne.init import Initializer
from lasagne.layers import Layer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import (
    ConcatChannelsLayer,
    Conv2DLayer,
    LocalResponseNormLayer,
    Pool2DLayer,
    ZeroPad2DLayer,
)
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = "Szegedy et al.: Going Deeper with Convolutions, CVPR 2015, https://arxiv.org/abs/1409.4842"


class Module(NamedTuple):
    """A row of table 1 of the paper: channels of the convolutions."""

    one: int
    reduce_three: int
    three: int
    reduce_five: int
    five: int
    pooled: int


MODULES = {
    "3a": Module(64, 96, 128, 16, 32, 32),
    "3b": Module(128, 128, 192, 32, 96, 64),
    "4a": Module(192, 96, 208, 16, 48, 64),
    "4b": Module(160, 112, 224, 24, 64, 64),
    "4c": Module(128, 128, 256, 24, 64, 64),
    "4d": Module(112, 144, 288, 32, 64, 64),
    "4e": Module(256, 160, 320, 32, 128, 128),
    "5a": Module(256, 160, 320, 32, 128, 128),
    "5b": Module(384, 192, 384, 48, 128, 128),
}
POOLED_AFTER = {"3b": "pool3_3x3_s2", "4e": "pool4_3x3_s2"}
ALPHA = 1e-4 / 5  # of the normalisation
DROPOUT = 0.4

RECORD = ModelRecord(
    name="googlenet",
    title="GoogLeNet",
    paper=PAPER,
    num_parameters=6_998_552,
    feature_layer="inception_5b_output",
    feature_channels=1024,
    blocks=(
        ("conv1", "conv1_pad"),
        ("conv2", "conv2_3x3_reduce"),
        ("inception_3", "inception_3a_3x3_reduce"),
        ("inception_4", "inception_4a_3x3_reduce"),
        ("inception_5", "inception_5a_3x3_reduce"),
    ),
    top_layers=("pool5_7x7_s1", "pool5_drop_7x7_s1", "predictions"),
    preprocessing="caffe",
)


@register(RECORD)
def googlenet(net: Network, x: Layer, options: Options) -> Layer:
    """GoogLeNet: nine Inception modules, 7 million parameters."""
    W = options.initial()
    x = net.add(ZeroPad2DLayer(x, 3, name="conv1_pad"))
    x = convolve(net, x, 64, 7, W, "conv1_7x7_s2", stride=2, pad="valid")
    x = net.add(Pool2DLayer(x, 3, 2, pad="ceil", name="pool1_3x3_s2"))
    x = net.add(LocalResponseNormLayer(x, ALPHA, k=1.0, name="pool1_norm1"))
    x = convolve(net, x, 64, 1, W, "conv2_3x3_reduce")
    x = convolve(net, x, 192, 3, W, "conv2_3x3")
    x = net.add(LocalResponseNormLayer(x, ALPHA, k=1.0, name="conv2_norm2"))
    x = net.add(Pool2DLayer(x, 3, 2, pad="ceil", name="pool2_3x3_s2"))

    for name, module in MODULES.items():
        x = inception(net, x, module, W, f"inception_{name}_")
        if name in POOLED_AFTER:
            x = net.add(Pool2DLayer(x, 3, 2, pad="ceil", name=POOLED_AFTER[name]))

    return classify(net, x, options, W, pool="pool5_7x7_s1", dropout=("pool5_drop_7x7_s1", DROPOUT))


def inception(net: Network, x: Layer, module: Module, W: Initializer, name: str) -> Layer:
    """Add 1x1, 3x3 and 5x5 convolutions and a pooling side by side: figure 2b."""
    one = convolve(net, x, module.one, 1, W, f"{name}1x1")
    three = convolve(net, x, module.reduce_three, 1, W, f"{name}3x3_reduce")
    three = convolve(net, three, module.three, 3, W, f"{name}3x3")
    five = convolve(net, x, module.reduce_five, 1, W, f"{name}5x5_reduce")
    five = convolve(net, five, module.five, 5, W, f"{name}5x5")
    pooled = net.add(Pool2DLayer(x, 3, 1, pad=1, name=f"{name}pool"))
    pooled = convolve(net, pooled, module.pooled, 1, W, f"{name}pool_proj")
    return net.add(ConcatChannelsLayer([one, three, five, pooled], name=f"{name}output"))


def convolve(
    net: Network,
    x: Layer,
    channels: int,
    size: int,
    W: Initializer,
    name: str,
    *,
    stride: int = 1,
    pad: str = "same",
) -> Layer:
    """Add a convolution and relu."""
    return net.add(
        Conv2DLayer(x, channels, size, stride, pad=pad, W=W, nonlinearity=rectify, name=name)
    )
