"""EfficientNetV2 B0 to B3 and S: EfficientNets whose early blocks do not filter channels apart.

Layer names and rounding are those of ``keras/src/applications/efficientnet_v2.py``, where
preprocessing is part of the network unless left out: it takes pixels from 0 to 255. PyTorch's
networks (``torchvision/models/efficientnet.py``, ``timm/models/efficientnet.py``) pad both sides
alike.
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
from theano_transfer.zoo._options import STYLE_ARGUMENT, Options, check_style
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
        for S ``'tf'``, is left to the caller. Other styles have no preprocessing inside, and
        take pictures preprocessed the ``'torch'`` way.
    """.rstrip()
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


class Style(NamedTuple):
    """What Keras, torchvision and timm do differently: strided padding, normalisation."""

    pad: str | int  # of 3x3 filters
    epsilon: float
    momentum: float


STYLES = {
    "keras": Style("same", 1e-3, 0.9),
    "torchvision": Style(1, 1e-3, 0.99),
    "timm": Style(1, 1e-5, 0.9),
}
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
    net: Network,
    x: Layer,
    options: Options,
    scale: Scale,
    *,
    include_preprocessing: bool,
    style: str,
) -> Layer:
    """Add the layers of an EfficientNetV2."""
    builder = Builder(net, options.initial(FanOutNormal()), STYLES[style])
    if include_preprocessing and style == "keras":
        x = standardise(net, x, scale)
    x = builder.convolve(x, scale.channels(scale.stem), 3, "stem_conv", stride=2)
    x = builder.activate(builder.normalise(x, "stem_bn"), "stem_activation")

    blocks, done = sum(stage.repeats for stage in scale.stages), 0
    for number, stage in enumerate(scale.stages, start=1):
        for i in range(math.ceil(scale.depth * stage.repeats)):
            name = f"block{number}{letter(i)}_"
            stride = stage.stride if i == 0 else 1
            channels = scale.channels(stage.channels)
            left_out = LEFT_OUT * done / blocks
            block = fused_bottleneck if stage.fused else inverted_bottleneck
            made = block(builder, x, stage.expand, channels, stride, name)
            if stride == 1 and channels == x.output_shape[1]:
                if left_out:
                    made = net.add(StochasticDepthLayer(made, left_out, name=f"{name}drop"))
                made = net.add(ElemwiseSumLayer([made, x], name=f"{name}add"))
            x = made
            done += 1

    x = builder.convolve(x, scale.channels(TOP), 1, "top_conv")
    x = builder.activate(builder.normalise(x, "top_bn"), "top_activation")

    W = options.initial(Uniform(1 / np.sqrt(options.classes)))
    return classify(net, x, options, W, dropout=("top_dropout", DROPOUT))


def standardise(net: Network, x: Layer, scale: Scale) -> Layer:
    """Pixels from 0 to 255 as the variant was trained with them."""
    if scale.stages is SMALL:
        return net.add(RescaleLayer(x, 1 / 128, -1, name="rescaling"))
    mean, deviation = colours(x.output_shape[1])
    x = net.add(RescaleLayer(x, 1 / 255, name="rescaling"))
    return net.add(RescaleLayer(x, 1 / deviation, -mean / deviation, name="normalization"))


class Builder:
    """Adds convolutions, their normalisation and swish to a network, in a style."""

    def __init__(self, net: Network, W: Initializer, style: Style):
        self.net, self.W, self.style = net, W, style

    def convolve(self, x: Layer, channels: int, size: int, name: str, *, stride: int = 1) -> Layer:
        pad = self.style.pad if size == 3 else 0
        return self.net.add(
            Conv2DLayer(x, channels, size, stride, pad=pad, W=self.W, b=None, name=name)
        )

    def filter(self, x: Layer, stride: int, name: str) -> Layer:
        """Add a 3x3 filter for every channel by itself."""
        return self.net.add(
            DepthwiseConv2DLayer(x, 3, stride, pad=self.style.pad, W=self.W, b=None, name=name)
        )

    def normalise(self, x: Layer, name: str) -> Layer:
        epsilon, momentum = self.style.epsilon, self.style.momentum
        return self.net.add(BatchNormLayer(x, epsilon, momentum, name=name))

    def activate(self, x: Layer, name: str) -> Layer:
        return self.net.add(NonlinearityLayer(x, swish, name=name))


def fused_bottleneck(
    builder: Builder, x: Layer, expand: int, channels: int, stride: int, name: str
) -> Layer:
    """Add a 3x3 convolution that widens, and a 1x1 convolution that narrows again."""
    if expand == 1:  # the only one
        x = builder.convolve(x, channels, 3, f"{name}project_conv", stride=stride)
        x = builder.normalise(x, f"{name}project_bn")
        return builder.activate(x, f"{name}project_activation")
    x = builder.convolve(x, expand * x.output_shape[1], 3, f"{name}expand_conv", stride=stride)
    x = builder.activate(builder.normalise(x, f"{name}expand_bn"), f"{name}expand_activation")
    x = builder.convolve(x, channels, 1, f"{name}project_conv")
    return builder.normalise(x, f"{name}project_bn")


def inverted_bottleneck(
    builder: Builder, x: Layer, expand: int, channels: int, stride: int, name: str
) -> Layer:
    """Add a block: widen, filter every channel by itself, weigh channels, narrow again."""
    narrow = x.output_shape[1]
    x = builder.convolve(x, expand * narrow, 1, f"{name}expand_conv")
    x = builder.activate(builder.normalise(x, f"{name}expand_bn"), f"{name}expand_activation")
    x = builder.filter(x, stride, f"{name}dwconv2")
    x = builder.activate(builder.normalise(x, f"{name}bn"), f"{name}activation")
    x = squeeze_and_excite(builder.net, x, narrow // 4, builder.W, name)
    x = builder.convolve(x, channels, 1, f"{name}project_conv")
    return builder.normalise(x, f"{name}project_bn")


def describing(name: str, scale: Scale) -> Callable[..., ModelRecord]:
    """What makes the record of a variant."""

    def describe(include_preprocessing: bool = True, style: str = "keras") -> ModelRecord:
        check_style(style)
        return make_record(name, scale, include_preprocessing, style == "keras")

    return describe


def make_record(name: str, scale: Scale, include_preprocessing: bool, keras: bool) -> ModelRecord:
    inside = include_preprocessing and keras
    outside = "tf" if keras and scale.stages is SMALL else "torch"
    return ModelRecord(
        name=name,
        title="EfficientNetV2" + name.rpartition("_")[2].upper(),
        paper=PAPER,
        num_parameters=scale.num_parameters,
        feature_layer="top_activation",
        feature_channels=scale.channels(TOP),
        blocks=(
            ("stem", "rescaling" if inside else "stem_conv"),
            ("block1", "block1a_project_conv"),
            *((f"block{i}", f"block{i}a_expand_conv") for i in range(2, len(scale.stages) + 1)),
            ("top", "top_conv"),
        ),
        top_layers=("avg_pool", "top_dropout", "predictions"),
        preprocessing="identity" if inside else outside,
        input_size=scale.size,
    )


@register(describing("efficientnet_v2_b0", B0), arguments=ARGUMENTS + STYLE_ARGUMENT)
def efficientnet_v2_b0(net, x, options, **own):
    """EfficientNetV2B0: 21 blocks, 7.2 million parameters."""
    return efficientnet_v2(net, x, options, B0, **own)


@register(describing("efficientnet_v2_b1", B1), arguments=ARGUMENTS + STYLE_ARGUMENT)
def efficientnet_v2_b1(net, x, options, **own):
    """EfficientNetV2B1: 27 blocks, 8.2 million parameters."""
    return efficientnet_v2(net, x, options, B1, **own)


@register(describing("efficientnet_v2_b2", B2), arguments=ARGUMENTS + STYLE_ARGUMENT)
def efficientnet_v2_b2(net, x, options, **own):
    """EfficientNetV2B2: 28 blocks, 10.2 million parameters."""
    return efficientnet_v2(net, x, options, B2, **own)


@register(describing("efficientnet_v2_b3", B3), arguments=ARGUMENTS + STYLE_ARGUMENT)
def efficientnet_v2_b3(net, x, options, **own):
    """EfficientNetV2B3: 33 blocks, 14.5 million parameters."""
    return efficientnet_v2(net, x, options, B3, **own)


@register(describing("efficientnet_v2_s", S), arguments=ARGUMENTS + STYLE_ARGUMENT)
def efficientnet_v2_s(net, x, options, **own):
    """EfficientNetV2S: 40 blocks, 21.6 million parameters."""
    return efficientnet_v2(net, x, options, S, **own)
