"""EfficientNet-Lite0: inverted bottlenecks for small processors.

EfficientNet-B0 without squeeze-and-excitation and with relu6 for swish. Layer names are those
of EfficientNet-B0 in ``keras/src/applications/efficientnet.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from lasagne.init import Initializer, Normal, Uniform
from lasagne.layers import (
    DenseLayer,
    DropoutLayer,
    ElemwiseSumLayer,
    GlobalPoolLayer,
    Layer,
    NonlinearityLayer,
)

from theano_transfer.layers import BatchNormLayer, Conv2DLayer, DepthwiseConv2DLayer, relu6
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register

PAPER = (
    "Tan and Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, "
    "ICML 2019, https://arxiv.org/abs/1905.11946; the Lite variants: "
    "https://blog.tensorflow.org/2020/03/"
    "higher-accuracy-on-vision-models-with-efficientnet-lite.html"
)


class Stage(NamedTuple):
    """A row of table 1 of the paper."""

    repeats: int
    kernel: int
    stride: int  # of the first block; 1 for the others
    expand: int
    channels: int


STEM = 32
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
TOP = 1280
DROPOUT = 0.2


class FanOutNormal(Initializer):
    """Normal with variance 2 / (filters * rows * columns), which EfficientNet starts from."""

    def sample(self, shape):
        # A depthwise filter feeds one channel, however many there are: shape (C, 1, r, c).
        filters = 1 if shape[1] == 1 else shape[0]
        return Normal(np.sqrt(2 / (filters * shape[2] * shape[3]))).sample(shape)


def efficientnet_lite(net: Network, x: Layer, options: Options) -> Layer:
    """Add the layers of EfficientNet-Lite0."""
    W = options.initial(FanOutNormal())
    x = net.add(Conv2DLayer(x, STEM, 3, stride=2, pad="same", W=W, b=None, name="stem_conv"))
    x = normalise(net, x, "stem")

    for number, stage in enumerate(STAGES, start=1):
        for i in range(stage.repeats):
            stride = stage.stride if i == 0 else 1
            x = inverted_bottleneck(net, x, stage, stride, W, f"block{number}{'abcd'[i]}_")

    x = net.add(Conv2DLayer(x, TOP, 1, W=W, b=None, name="top_conv"))
    x = normalise(net, x, "top")

    if options.include_top:
        x = net.add(GlobalPoolLayer(x, name="avg_pool"))
        x = net.add(DropoutLayer(x, DROPOUT, name="top_dropout"))
        W = options.initial(Uniform(1 / np.sqrt(options.classes)))
        x = net.add(
            DenseLayer(
                x, options.classes, W=W, nonlinearity=options.nonlinearity, name="predictions"
            )
        )
    return x


def inverted_bottleneck(
    net: Network, x: Layer, stage: Stage, stride: int, W: Initializer, name: str
) -> Layer:
    """Add a block: widen by a 1x1 convolution, filter every channel by itself, narrow again."""
    shortcut, channels = x, x.output_shape[1]
    if stage.expand != 1:
        x = net.add(
            Conv2DLayer(x, stage.expand * channels, 1, W=W, b=None, name=f"{name}expand_conv")
        )
        x = normalise(net, x, f"{name}expand")

    x = net.add(
        DepthwiseConv2DLayer(x, stage.kernel, stride, pad="same", W=W, b=None, name=f"{name}dwconv")
    )
    x = normalise(net, x, name.rstrip("_"))

    x = net.add(Conv2DLayer(x, stage.channels, 1, W=W, b=None, name=f"{name}project_conv"))
    x = net.add(BatchNormLayer(x, name=f"{name}project_bn"))

    if stride == 1 and channels == stage.channels:
        x = net.add(ElemwiseSumLayer([x, shortcut], name=f"{name}add"))
    return x


def normalise(net: Network, x: Layer, name: str) -> Layer:
    """Add batch normalisation and relu6."""
    x = net.add(BatchNormLayer(x, name=f"{name}_bn"))
    return net.add(NonlinearityLayer(x, relu6, name=f"{name}_activation"))


RECORD = ModelRecord(
    name="efficientnet_lite0",
    title="EfficientNet-Lite0",
    paper=PAPER,
    num_parameters=4_694_024,
    feature_layer="top_activation",
    feature_channels=TOP,
    blocks=(
        ("stem", "stem_conv"),
        ("block1", "block1a_dwconv"),
        *((f"block{i}", f"block{i}a_expand_conv") for i in range(2, len(STAGES) + 1)),
        ("top", "top_conv"),
    ),
    top_layers=("avg_pool", "top_dropout", "predictions"),
    preprocessing="lite",
)


@register(RECORD)
def efficientnet_lite0(net, x, options):
    """EfficientNet-Lite0: sixteen inverted bottlenecks, 4.7 million parameters."""
    return efficientnet_lite(net, x, options)
