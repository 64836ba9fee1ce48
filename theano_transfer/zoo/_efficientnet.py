"""EfficientNet B0 to B7: inverted bottlenecks with squeeze-and-excitation, in eight sizes.

Layer names, padding and rounding are those of ``keras/src/applications/efficientnet.py``, where
preprocessing is part of the network: it takes pixels from 0 to 255. PyTorch's networks
(``torchvision/models/efficientnet.py``, ``timm/models/efficientnet.py``) pad both sides alike.
"""

from __future__ import annotations

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
    SamePad2DLayer,
    StandardizeLayer,
    StochasticDepthLayer,
    swish,
)
from theano_transfer.zoo._efficientnet_stages import (
    KERAS,
    STAGES,
    STEM,
    TOP,
    TORCH,
    FanOutNormal,
    Stage,
    Style,
    colours,
    letter,
)
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import STYLE_ARGUMENT, Options, check_style
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._squeeze import squeeze_and_excite
from theano_transfer.zoo._top import classify
from theano_transfer.zoo._widths import divisible

PAPER = (
    "Tan and Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, "
    "ICML 2019, https://arxiv.org/abs/1905.11946"
)
# How often the last block is left out in training; the others less, in proportion.
LEFT_OUT = 0.2


class Scale(NamedTuple):
    """How a variant differs from B0."""

    width: float
    depth: float
    size: int
    dropout: float
    num_parameters: int


B0 = Scale(1.0, 1.0, 224, 0.2, 5_330_571)
B1 = Scale(1.0, 1.1, 240, 0.2, 7_856_239)
B2 = Scale(1.1, 1.2, 260, 0.3, 9_177_569)
B3 = Scale(1.2, 1.4, 300, 0.3, 12_320_535)
B4 = Scale(1.4, 1.8, 380, 0.4, 19_466_823)
B5 = Scale(1.6, 2.2, 456, 0.4, 30_562_527)
B6 = Scale(1.8, 2.6, 528, 0.5, 43_265_143)
B7 = Scale(2.0, 3.1, 600, 0.5, 66_658_687)
LARGE = ("efficientnet_b5", "efficientnet_b6", "efficientnet_b7")  # torchvision normalises as Keras


def style_of(style: str, name: str) -> Style:
    """What is different in a style of a network."""
    if style == "torchvision" and name in LARGE:
        return TORCH._replace(epsilon=1e-3, momentum=0.99)
    return KERAS if style == "keras" else TORCH


def efficientnet(net: Network, x: Layer, options: Options, scale: Scale, called: str) -> Layer:
    """Add the layers of an EfficientNet."""
    W = options.initial(FanOutNormal())
    assert net.record is not None
    style = style_of(called, net.record.name)
    pad: str | int = 1
    if style is KERAS:
        x = net.add(RescaleLayer(x, 1 / 255, name="rescaling"))
        mean, deviation = colours(x.output_shape[1])
        x = net.add(StandardizeLayer(x, mean, deviation**2, name="normalization"))
        x, pad = net.add(SamePad2DLayer(x, 3, 2, name="stem_conv_pad")), "valid"

    stem = divisible(scale.width * STEM)
    x = net.add(Conv2DLayer(x, stem, 3, stride=2, pad=pad, W=W, b=None, name="stem_conv"))
    x = normalise(net, x, style, "stem_")

    stages = [stage.scaled(scale.width, scale.depth) for stage in STAGES]
    blocks, done = sum(stage.repeats for stage in stages), 0
    for number, stage in enumerate(stages, start=1):
        for i in range(stage.repeats):
            name = f"block{number}{letter(i)}_"
            stride = stage.stride if i == 0 else 1
            x = inverted_bottleneck(net, x, stage, stride, LEFT_OUT * done / blocks, W, name, style)
            done += 1

    x = net.add(Conv2DLayer(x, divisible(scale.width * TOP), 1, W=W, b=None, name="top_conv"))
    x = normalise(net, x, style, "top_")

    W = options.initial(Uniform(1 / np.sqrt(options.classes)))
    return classify(net, x, options, W, dropout=("top_dropout", scale.dropout))


def inverted_bottleneck(
    net: Network,
    x: Layer,
    stage: Stage,
    stride: int,
    left_out: float,
    W: Initializer,
    name: str,
    style: Style,
) -> Layer:
    """Add a block: widen, filter every channel by itself, weigh channels, narrow again."""
    shortcut, channels = x, x.output_shape[1]
    if stage.expand != 1:
        x = net.add(
            Conv2DLayer(x, stage.expand * channels, 1, W=W, b=None, name=f"{name}expand_conv")
        )
        x = normalise(net, x, style, f"{name}expand_")

    pad: str | int = stage.kernel // 2
    if stride > 1 and not style.symmetric:
        pad = "valid"
        x = net.add(SamePad2DLayer(x, stage.kernel, stride, name=f"{name}dwconv_pad"))
    x = net.add(
        DepthwiseConv2DLayer(x, stage.kernel, stride, pad=pad, W=W, b=None, name=f"{name}dwconv")
    )
    x = normalise(net, x, style, name)

    x = squeeze_and_excite(net, x, channels // 4, W, name)

    x = net.add(Conv2DLayer(x, stage.channels, 1, W=W, b=None, name=f"{name}project_conv"))
    x = net.add(BatchNormLayer(x, style.epsilon, style.momentum, name=f"{name}project_bn"))

    if stride == 1 and channels == stage.channels:
        if left_out:
            x = net.add(StochasticDepthLayer(x, left_out, name=f"{name}drop"))
        x = net.add(ElemwiseSumLayer([x, shortcut], name=f"{name}add"))
    return x


def normalise(net: Network, x: Layer, style: Style, name: str) -> Layer:
    """Add batch normalisation and swish."""
    x = net.add(BatchNormLayer(x, style.epsilon, style.momentum, name=f"{name}bn"))
    return net.add(NonlinearityLayer(x, swish, name=f"{name}activation"))


def describe(name: str, scale: Scale, style: str) -> ModelRecord:
    check_style(style)
    return ModelRecord(
        name=name,
        title=name.replace("efficientnet_b", "EfficientNetB"),
        paper=PAPER,
        num_parameters=scale.num_parameters if style == "keras" else None,
        feature_layer="top_activation",
        feature_channels=divisible(scale.width * TOP),
        blocks=(
            ("stem", "rescaling" if style == "keras" else "stem_conv"),
            ("block1", "block1a_dwconv"),
            *((f"block{i}", f"block{i}a_expand_conv") for i in range(2, len(STAGES) + 1)),
            ("top", "top_conv"),
        ),
        top_layers=("avg_pool", "top_dropout", "predictions"),
        preprocessing="identity" if style == "keras" else "torch",
        input_size=scale.size,
    )


def describe_b0(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_b0", B0, style)


def describe_b1(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_b1", B1, style)


def describe_b2(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_b2", B2, style)


def describe_b3(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_b3", B3, style)


def describe_b4(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_b4", B4, style)


def describe_b5(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_b5", B5, style)


def describe_b6(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_b6", B6, style)


def describe_b7(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_b7", B7, style)


@register(describe_b0, arguments=STYLE_ARGUMENT)
def efficientnet_b0(net, x, options, *, style):
    """EfficientNetB0: 16 inverted bottlenecks, 5.3 million parameters."""
    return efficientnet(net, x, options, B0, style)


@register(describe_b1, arguments=STYLE_ARGUMENT)
def efficientnet_b1(net, x, options, *, style):
    """EfficientNetB1: 23 inverted bottlenecks, 7.9 million parameters."""
    return efficientnet(net, x, options, B1, style)


@register(describe_b2, arguments=STYLE_ARGUMENT)
def efficientnet_b2(net, x, options, *, style):
    """EfficientNetB2: 23 inverted bottlenecks, 9.2 million parameters."""
    return efficientnet(net, x, options, B2, style)


@register(describe_b3, arguments=STYLE_ARGUMENT)
def efficientnet_b3(net, x, options, *, style):
    """EfficientNetB3: 26 inverted bottlenecks, 12.3 million parameters."""
    return efficientnet(net, x, options, B3, style)


@register(describe_b4, arguments=STYLE_ARGUMENT)
def efficientnet_b4(net, x, options, *, style):
    """EfficientNetB4: 32 inverted bottlenecks, 19.5 million parameters."""
    return efficientnet(net, x, options, B4, style)


@register(describe_b5, arguments=STYLE_ARGUMENT)
def efficientnet_b5(net, x, options, *, style):
    """EfficientNetB5: 39 inverted bottlenecks, 30.6 million parameters."""
    return efficientnet(net, x, options, B5, style)


@register(describe_b6, arguments=STYLE_ARGUMENT)
def efficientnet_b6(net, x, options, *, style):
    """EfficientNetB6: 45 inverted bottlenecks, 43.3 million parameters."""
    return efficientnet(net, x, options, B6, style)


@register(describe_b7, arguments=STYLE_ARGUMENT)
def efficientnet_b7(net, x, options, *, style):
    """EfficientNetB7: 55 inverted bottlenecks, 66.7 million parameters."""
    return efficientnet(net, x, options, B7, style)
