"""EfficientNetV2 B0 to B3 and S: EfficientNets whose early blocks do not filter channels apart.

Layer names and rounding are those of ``keras/src/applications/efficientnet_v2.py``, where
preprocessing is part of the network unless left out: it takes pixels from 0 to 255.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from lasagne.init import Initializer, Uniform
from lasagne.layers import (
    ElemwiseSumLayer,
    Layer,
    NonlinearityLayer,
)

from theano_transfer.layers import (
    BatchNormLayer,
    Conv2DLayer,
    DepthwiseConv2DLayer,
    RescaleLayer,
    StochasticDepthLayer,
    swish,
)
from theano_transfer.zoo._efficientnet_stages import FanOutNormal, colours, letter
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._squeeze import squeeze_and_excite
from theano_transfer.zoo._top import classify

PAPER = (
    "Tan and Le: EfficientNetV2: Smaller Models and Faster Training, ICML 2021, "
    "https://arxiv.org/abs/2104.00298"
)
ARGUMENTS = """
    include_preprocessing : bool
        Whether the network takes pixels from 0 to 255; otherwise preprocessing, ``'torch'`` and
        for S ``'tf'``, is left to the caller.
    """
MOMENTUM = 0.9
TOP = 1280
DROPOUT = 0.2
# How often the last block is left out in training; the others less, in proportion.
LEFT_OUT = 0.2


class Stage(NamedTuple):
    """A row of table 4 of the paper. All filters are 3x3."""

    fused: bool  # one 3x3 convolution in place of a 1x1 and a depthwise one
    repeats: int
    stride: int  # of the first block; 1 for the others
    expand: int
    channels: int


SMALL = (
    Stage(True, 2, 1, 1, 24),
    Stage(True, 4, 2, 4, 48),
    Stage(True, 4, 2, 4, 64),
    Stage(False, 6, 2, 4, 128),
    Stage(False, 9, 1, 6, 160),
    Stage(False, 15, 2, 6, 256),
)
BASE = (
    Stage(True, 1, 1, 1, 16),
    Stage(True, 2, 2, 4, 32),
    Stage(True, 2, 2, 4, 48),
    Stage(False, 3, 2, 4, 96),
    Stage(False, 5, 1, 6, 112),
    Stage(False, 8, 2, 6, 192),
)


class Scale(NamedTuple):
    """A variant: its stages, and how they grow."""

    stem: int
    stages: tuple[Stage, ...]
    width: float
    depth: float
    size: int
    num_parameters: int

    def channels(self, channels: int) -> int:
        """Channels of this width: the nearest multiple of 8."""
        return max(8, int(self.width * channels + 4) // 8 * 8)


B0 = Scale(32, BASE, 1.0, 1.0, 224, 7_200_312)
B1 = Scale(32, BASE, 1.0, 1.1, 240, 8_212_124)
B2 = Scale(32, BASE, 1.1, 1.2, 260, 10_178_374)
B3 = Scale(32, BASE, 1.2, 1.4, 300, 14_467_622)
S = Scale(24, SMALL, 1.0, 1.0, 384, 21_612_360)


def efficientnet_v2(
    net: Network, x: Layer, options: Options, scale: Scale, include_preprocessing: bool
) -> Layer:
    """Add the layers of an EfficientNetV2."""
    W = options.initial(FanOutNormal())
    if include_preprocessing:
        x = standardise(net, x, scale)
    stem = scale.channels(scale.stem)
    x = net.add(Conv2DLayer(x, stem, 3, stride=2, pad="same", W=W, b=None, name="stem_conv"))
    x = normalise(net, x, "stem_")

    blocks, done = sum(stage.repeats for stage in scale.stages), 0
    for number, stage in enumerate(scale.stages, start=1):
        for i in range(math.ceil(scale.depth * stage.repeats)):
            name = f"block{number}{letter(i)}_"
            stride = stage.stride if i == 0 else 1
            channels = scale.channels(stage.channels)
            left_out = LEFT_OUT * done / blocks
            block = fused_bottleneck if stage.fused else inverted_bottleneck
            made = block(net, x, stage.expand, channels, stride, W, name)
            if stride == 1 and channels == x.output_shape[1]:
                if left_out:
                    made = net.add(StochasticDepthLayer(made, left_out, name=f"{name}drop"))
                made = net.add(ElemwiseSumLayer([made, x], name=f"{name}add"))
            x = made
            done += 1

    x = net.add(Conv2DLayer(x, scale.channels(TOP), 1, W=W, b=None, name="top_conv"))
    x = normalise(net, x, "top_")

    W = options.initial(Uniform(1 / np.sqrt(options.classes)))
    return classify(net, x, options, W, dropout=("top_dropout", DROPOUT))


def standardise(net: Network, x: Layer, scale: Scale) -> Layer:
    """Pixels from 0 to 255 as the variant was trained with them."""
    if scale.stages is SMALL:
        return net.add(RescaleLayer(x, 1 / 128, -1, name="rescaling"))
    mean, deviation = colours(x.output_shape[1])
    x = net.add(RescaleLayer(x, 1 / 255, name="rescaling"))
    return net.add(RescaleLayer(x, 1 / deviation, -mean / deviation, name="normalization"))


def fused_bottleneck(
    net: Network, x: Layer, expand: int, channels: int, stride: int, W: Initializer, name: str
) -> Layer:
    """Add a 3x3 convolution that widens, and a 1x1 convolution that narrows again."""
    size = 3
    if expand != 1:
        wide = expand * x.output_shape[1]
        x = net.add(
            Conv2DLayer(x, wide, 3, stride, pad="same", W=W, b=None, name=f"{name}expand_conv")
        )
        x = normalise(net, x, f"{name}expand_")
        size = stride = 1
    x = net.add(
        Conv2DLayer(x, channels, size, stride, pad="same", W=W, b=None, name=f"{name}project_conv")
    )
    x = net.add(BatchNormLayer(x, momentum=MOMENTUM, name=f"{name}project_bn"))
    if expand == 1:  # the only one
        x = net.add(NonlinearityLayer(x, swish, name=f"{name}project_activation"))
    return x


def inverted_bottleneck(
    net: Network, x: Layer, expand: int, channels: int, stride: int, W: Initializer, name: str
) -> Layer:
    """Add a block: widen, filter every channel by itself, weigh channels, narrow again."""
    narrow = x.output_shape[1]
    x = net.add(Conv2DLayer(x, expand * narrow, 1, W=W, b=None, name=f"{name}expand_conv"))
    x = normalise(net, x, f"{name}expand_")
    x = net.add(DepthwiseConv2DLayer(x, 3, stride, pad="same", W=W, b=None, name=f"{name}dwconv2"))
    x = normalise(net, x, name)
    x = squeeze_and_excite(net, x, narrow // 4, W, name)
    x = net.add(Conv2DLayer(x, channels, 1, W=W, b=None, name=f"{name}project_conv"))
    return net.add(BatchNormLayer(x, momentum=MOMENTUM, name=f"{name}project_bn"))


def normalise(net: Network, x: Layer, name: str) -> Layer:
    """Add batch normalisation and swish."""
    x = net.add(BatchNormLayer(x, momentum=MOMENTUM, name=f"{name}bn"))
    return net.add(NonlinearityLayer(x, swish, name=f"{name}activation"))


def describing(name: str, scale: Scale) -> Callable[..., ModelRecord]:
    """What makes the record of a variant."""

    def describe(include_preprocessing: bool = True) -> ModelRecord:
        return make_record(name, scale, include_preprocessing)

    return describe


def make_record(name: str, scale: Scale, include_preprocessing: bool) -> ModelRecord:
    outside = "tf" if scale.stages is SMALL else "torch"
    return ModelRecord(
        name=name,
        title="EfficientNetV2" + name.rpartition("_")[2].upper(),
        paper=PAPER,
        num_parameters=scale.num_parameters,
        feature_layer="top_activation",
        feature_channels=scale.channels(TOP),
        blocks=(
            ("stem", "rescaling" if include_preprocessing else "stem_conv"),
            ("block1", "block1a_project_conv"),
            *((f"block{i}", f"block{i}a_expand_conv") for i in range(2, len(scale.stages) + 1)),
            ("top", "top_conv"),
        ),
        top_layers=("avg_pool", "top_dropout", "predictions"),
        preprocessing="identity" if include_preprocessing else outside,
        input_size=scale.size,
    )


@register(describing("efficientnet_v2_b0", B0), arguments=ARGUMENTS)
def efficientnet_v2_b0(net, x, options, **own):
    """EfficientNetV2B0: 21 blocks, 7.2 million parameters."""
    return efficientnet_v2(net, x, options, B0, **own)


@register(describing("efficientnet_v2_b1", B1), arguments=ARGUMENTS)
def efficientnet_v2_b1(net, x, options, **own):
    """EfficientNetV2B1: 27 blocks, 8.2 million parameters."""
    return efficientnet_v2(net, x, options, B1, **own)


@register(describing("efficientnet_v2_b2", B2), arguments=ARGUMENTS)
def efficientnet_v2_b2(net, x, options, **own):
    """EfficientNetV2B2: 28 blocks, 10.2 million parameters."""
    return efficientnet_v2(net, x, options, B2, **own)


@register(describing("efficientnet_v2_b3", B3), arguments=ARGUMENTS)
def efficientnet_v2_b3(net, x, options, **own):
    """EfficientNetV2B3: 33 blocks, 14.5 million parameters."""
    return efficientnet_v2(net, x, options, B3, **own)


@register(describing("efficientnet_v2_s", S), arguments=ARGUMENTS)
def efficientnet_v2_s(net, x, options, **own):
    """EfficientNetV2S: 40 blocks, 21.6 million parameters."""
    return efficientnet_v2(net, x, options, S, **own)
