"""EfficientNet-Lite0 to 4: inverted bottlenecks for small processors.

EfficientNets without squeeze-and-excitation, with relu6 for swish, and with a stem, first and last
stage that do not grow. Layer names are those of EfficientNet in
``keras/src/applications/efficientnet.py``. The numbers are those of
``models/official/efficientnet/lite/efficientnet_lite_builder.py`` in tensorflow/tpu.
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

from theano_transfer.layers import BatchNormLayer, Conv2DLayer, DepthwiseConv2DLayer, relu6
from theano_transfer.zoo._efficientnet_stages import (
    KERAS,
    STAGES,
    STEM,
    TOP,
    TORCH,
    FanOutNormal,
    Stage,
    Style,
    letter,
)
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import STYLE_ARGUMENT, Options, check_style
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = (
    "Tan and Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, "
    "ICML 2019, https://arxiv.org/abs/1905.11946; the Lite variants: "
    "https://blog.tensorflow.org/2020/03/"
    "higher-accuracy-on-vision-models-with-efficientnet-lite.html"
)


class Scale(NamedTuple):
    """How a variant differs from Lite0."""

    width: float
    depth: float
    size: int
    dropout: float
    num_parameters: int


LITE0 = Scale(1.0, 1.0, 224, 0.2, 4_694_024)
LITE1 = Scale(1.0, 1.1, 240, 0.2, 5_470_344)
LITE2 = Scale(1.1, 1.2, 260, 0.3, 6_150_168)
LITE3 = Scale(1.2, 1.4, 280, 0.3, 8_273_768)
LITE4 = Scale(1.4, 1.8, 300, 0.3, 13_118_936)


def stages_of(scale: Scale) -> list[Stage]:
    """The stages of a variant: its first and last are as deep as those of Lite0."""
    stages = [stage.scaled(scale.width, scale.depth) for stage in STAGES]
    for end in (0, -1):
        stages[end] = STAGES[end].scaled(scale.width, 1.0)
    return stages


def efficientnet_lite(net: Network, x: Layer, options: Options, scale: Scale, called: str) -> Layer:
    """Add the layers of an EfficientNet-Lite."""
    W = options.initial(FanOutNormal())
    style = KERAS if called == "keras" else TORCH
    pad = 1 if style.symmetric else "same"
    x = net.add(Conv2DLayer(x, STEM, 3, stride=2, pad=pad, W=W, b=None, name="stem_conv"))
    x = normalise(net, x, style, "stem")

    for number, stage in enumerate(stages_of(scale), start=1):
        for i in range(stage.repeats):
            stride = stage.stride if i == 0 else 1
            x = inverted_bottleneck(net, x, stage, stride, W, f"block{number}{letter(i)}_", style)

    x = net.add(Conv2DLayer(x, TOP, 1, W=W, b=None, name="top_conv"))
    x = normalise(net, x, style, "top")

    W = options.initial(Uniform(1 / np.sqrt(options.classes)))
    return classify(net, x, options, W, dropout=("top_dropout", scale.dropout))


def inverted_bottleneck(
    net: Network, x: Layer, stage: Stage, stride: int, W: Initializer, name: str, style: Style
) -> Layer:
    """Add a block: widen by a 1x1 convolution, filter every channel by itself, narrow again."""
    shortcut, channels = x, x.output_shape[1]
    if stage.expand != 1:
        x = net.add(
            Conv2DLayer(x, stage.expand * channels, 1, W=W, b=None, name=f"{name}expand_conv")
        )
        x = normalise(net, x, style, f"{name}expand")

    pad = stage.kernel // 2 if style.symmetric else "same"
    x = net.add(
        DepthwiseConv2DLayer(x, stage.kernel, stride, pad=pad, W=W, b=None, name=f"{name}dwconv")
    )
    x = normalise(net, x, style, name.rstrip("_"))

    x = net.add(Conv2DLayer(x, stage.channels, 1, W=W, b=None, name=f"{name}project_conv"))
    x = net.add(BatchNormLayer(x, style.epsilon, style.momentum, name=f"{name}project_bn"))

    if stride == 1 and channels == stage.channels:
        x = net.add(ElemwiseSumLayer([x, shortcut], name=f"{name}add"))
    return x


def normalise(net: Network, x: Layer, style: Style, name: str) -> Layer:
    """Add batch normalisation and relu6."""
    x = net.add(BatchNormLayer(x, style.epsilon, style.momentum, name=f"{name}_bn"))
    return net.add(NonlinearityLayer(x, relu6, name=f"{name}_activation"))


def describe(name: str, scale: Scale, style: str) -> ModelRecord:
    check_style(style)
    return ModelRecord(
        name=name,
        title=name.replace("efficientnet_lite", "EfficientNet-Lite"),
        paper=PAPER,
        num_parameters=scale.num_parameters,
        feature_layer="top_activation",
        feature_channels=TOP,
        blocks=(
            ("stem", "stem_conv"),
            ("block1", "block1a_dwconv"),
            *((f"block{i}", f"block{i}a_expand_conv") for i in range(2, len(STAGES) + 1)),
            ("top", "top_conv"),
        ),
        top_layers=("avg_pool", "top_dropout", "predictions"),
        preprocessing="lite" if style == "keras" else "torch",
        input_size=scale.size,
    )


def describe_lite0(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_lite0", LITE0, style)


def describe_lite1(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_lite1", LITE1, style)


def describe_lite2(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_lite2", LITE2, style)


def describe_lite3(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_lite3", LITE3, style)


def describe_lite4(style: str = "keras") -> ModelRecord:
    return describe("efficientnet_lite4", LITE4, style)


@register(describe_lite0, arguments=STYLE_ARGUMENT)
def efficientnet_lite0(net, x, options, *, style):
    """EfficientNet-Lite0: sixteen inverted bottlenecks, 4.7 million parameters."""
    return efficientnet_lite(net, x, options, LITE0, style)


@register(describe_lite1, arguments=STYLE_ARGUMENT)
def efficientnet_lite1(net, x, options, *, style):
    """EfficientNet-Lite1: 21 inverted bottlenecks, 5.5 million parameters."""
    return efficientnet_lite(net, x, options, LITE1, style)


@register(describe_lite2, arguments=STYLE_ARGUMENT)
def efficientnet_lite2(net, x, options, *, style):
    """EfficientNet-Lite2: 21 inverted bottlenecks, 6.1 million parameters."""
    return efficientnet_lite(net, x, options, LITE2, style)


@register(describe_lite3, arguments=STYLE_ARGUMENT)
def efficientnet_lite3(net, x, options, *, style):
    """EfficientNet-Lite3: 24 inverted bottlenecks, 8.3 million parameters."""
    return efficientnet_lite(net, x, options, LITE3, style)


@register(describe_lite4, arguments=STYLE_ARGUMENT)
def efficientnet_lite4(net, x, options, *, style):
    """EfficientNet-Lite4: 30 inverted bottlenecks, 13 million parameters."""
    return efficientnet_lite(net, x, options, LITE4, style)
