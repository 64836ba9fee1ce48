"""GoogLeNet: nine modules of parallel convolutions.

Layers and their names, with underscores for slashes, are those of Caffe's ``bvlc_googlenet`` and of
``modelzoo/googlenet.py`` in Lasagne's Recipes, without the auxiliary classifiers. PyTorch's network
(``torchvision/models/googlenet.py``) has batch normalisation and no filters of 5x5.
"""

from __future__ import annotations

from typing import NamedTuple

from lasagne.init import Initializer
from lasagne.layers import Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import (
    BatchNormLayer,
    ConcatChannelsLayer,
    Conv2DLayer,
    LocalResponseNormLayer,
    Pool2DLayer,
    ZeroPad2DLayer,
)
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options, check_style
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = "Szegedy et al.: Going Deeper with Convolutions, CVPR 2015, https://arxiv.org/abs/1409.4842"
ARGUMENTS = """
    style : 'caffe' or 'torchvision'
        Whose network: as in the paper; or with batch normalisation, 3x3 filters in place of 5x5,
        and pictures preprocessed the ``'tf'`` way.
    """


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
ALPHA = 1e-4 / 5  # of the normalisation of responses


class Style(NamedTuple):
    """What Caffe and torchvision do differently."""

    normalised: bool  # batches behind convolutions, rather than responses across channels
    five: int  # rows and columns of filters that are 5x5 in the paper
    window: int  # of the fourth pooling
    dropout: float
    preprocessing: str
    num_parameters: int


STYLES = {
    "caffe": Style(False, 5, 3, 0.4, "caffe", 6_998_552),
    "torchvision": Style(True, 3, 2, 0.2, "tf", 6_639_464),
}


def describe(style: str = "caffe") -> ModelRecord:
    check_style(style, tuple(STYLES))
    return ModelRecord(
        name="googlenet",
        title="GoogLeNet",
        paper=PAPER,
        num_parameters=STYLES[style].num_parameters,
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
        preprocessing=STYLES[style].preprocessing,
    )


@register(describe, arguments=ARGUMENTS)
def googlenet(net: Network, x: Layer, options: Options, *, style: str) -> Layer:
    """GoogLeNet: nine Inception modules, 7 million parameters."""
    called = STYLES[style]
    builder = Builder(net, options.initial(), called)
    x = net.add(ZeroPad2DLayer(x, 3, name="conv1_pad"))
    x = builder.convolve(x, 64, 7, "conv1_7x7_s2", stride=2, pad="valid")
    x = builder.pool(x, "pool1_3x3_s2")
    x = builder.normalise(x, "pool1_norm1")
    x = builder.convolve(x, 64, 1, "conv2_3x3_reduce")
    x = builder.convolve(x, 192, 3, "conv2_3x3")
    x = builder.normalise(x, "conv2_norm2")
    x = builder.pool(x, "pool2_3x3_s2")

    for name, module in MODULES.items():
        x = inception(builder, x, module, f"inception_{name}_")
        if name in POOLED_AFTER:
            x = builder.pool(x, POOLED_AFTER[name], called.window if name == "4e" else 3)

    dropout = ("pool5_drop_7x7_s1", called.dropout)
    return classify(net, x, options, builder.W, pool="pool5_7x7_s1", dropout=dropout)


def inception(builder: Builder, x: Layer, module: Module, name: str) -> Layer:
    """Add 1x1, 3x3 and 5x5 convolutions and a pooling side by side: figure 2b."""
    net, convolve = builder.net, builder.convolve
    one = convolve(x, module.one, 1, f"{name}1x1")
    three = convolve(x, module.reduce_three, 1, f"{name}3x3_reduce")
    three = convolve(three, module.three, 3, f"{name}3x3")
    five = convolve(x, module.reduce_five, 1, f"{name}5x5_reduce")
    five = convolve(five, module.five, builder.style.five, f"{name}5x5")
    pooled = net.add(Pool2DLayer(x, 3, 1, pad=1, name=f"{name}pool"))
    pooled = convolve(pooled, module.pooled, 1, f"{name}pool_proj")
    return net.add(ConcatChannelsLayer([one, three, five, pooled], name=f"{name}output"))


class Builder:
    """Adds convolutions, poolings and normalisation to a network, in a style."""

    def __init__(self, net: Network, W: Initializer, style: Style):
        self.net, self.W, self.style = net, W, style

    def convolve(
        self, x: Layer, channels: int, size: int, name: str, *, stride: int = 1, pad: str = "same"
    ) -> Layer:
        """Add a convolution and relu, with batch normalisation between them if the style has it."""
        if not self.style.normalised:
            return self.net.add(
                Conv2DLayer(
                    x, channels, size, stride, pad=pad, W=self.W, nonlinearity=rectify, name=name
                )
            )
        x = self.net.add(
            Conv2DLayer(x, channels, size, stride, pad=pad, W=self.W, b=None, name=name)
        )
        x = self.net.add(BatchNormLayer(x, momentum=0.9, name=f"{name}_bn"))
        return self.net.add(NonlinearityLayer(x, rectify, name=f"{name}_relu"))

    def pool(self, x: Layer, name: str, window: int = 3) -> Layer:
        return self.net.add(Pool2DLayer(x, window, 2, pad="ceil", name=name))

    def normalise(self, x: Layer, name: str) -> Layer:
        """Normalise responses across channels, if the style does."""
        if self.style.normalised:
            return x
        return self.net.add(LocalResponseNormLayer(x, ALPHA, k=1.0, name=name))
