"""MobileNetV2: inverted bottlenecks whose narrow ends are linear.

Layer names, padding and the rounding of widths are those of
``keras/src/applications/mobilenet_v2.py``. PyTorch's (``torchvision/models/mobilenetv2.py``)
pads both sides alike, and normalises as PyTorch does.
"""

from __future__ import annotations

from typing import NamedTuple

from lasagne.init import Initializer
from lasagne.layers import ElemwiseSumLayer, Layer, NonlinearityLayer

from theano_transfer.layers import (
    BatchNormLayer,
    Conv2DLayer,
    DepthwiseConv2DLayer,
    SamePad2DLayer,
    relu6,
)
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import STYLE_ARGUMENT, Options, check_style, check_width
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify
from theano_transfer.zoo._widths import divisible

PAPER = (
    "Sandler, Howard, Zhu, Zhmoginov and Chen: MobileNetV2: Inverted Residuals and Linear "
    "Bottlenecks, CVPR 2018, https://arxiv.org/abs/1801.04381"
)


class Stage(NamedTuple):
    """A row of table 2 of the paper."""

    expand: int
    channels: int
    repeats: int
    stride: int  # of the first block; 1 for the others


STEM = 32
STAGES = (
    Stage(1, 16, 1, 1),
    Stage(6, 24, 2, 2),
    Stage(6, 32, 3, 2),
    Stage(6, 64, 4, 2),
    Stage(6, 96, 3, 1),
    Stage(6, 160, 3, 2),
    Stage(6, 320, 1, 1),
)
TOP = 1280


class Normalisation(NamedTuple):
    """What is added to variances, and how much of an average stays with every batch."""

    epsilon: float
    momentum: float


KERAS, TORCH = Normalisation(1e-3, 0.999), Normalisation(1e-5, 0.9)
# Keras publishes weights for these widths.
PARAMETERS = {
    0.35: 1_691_208,
    0.5: 1_987_224,
    0.75: 2_663_064,
    1.0: 3_538_984,
    1.3: 5_431_048,
    1.4: 6_156_712,
}


def top_channels(alpha: float) -> int:
    """Channels of the last convolution: never fewer than those of width 1."""
    return divisible(TOP * max(alpha, 1.0))


def describe(alpha: float = 1.0, style: str = "keras") -> ModelRecord:
    check_width(alpha)
    check_style(style)
    blocks = range(1, sum(stage.repeats for stage in STAGES))
    return ModelRecord(
        name="mobilenet_v2",
        title="MobileNetV2",
        paper=PAPER,
        num_parameters=PARAMETERS.get(alpha),
        feature_layer="out_relu",
        feature_channels=top_channels(alpha),
        blocks=(
            ("stem", "Conv1"),
            ("block_0", "expanded_conv_depthwise"),
            *((f"block_{i}", f"block_{i}_expand") for i in blocks),
            ("top", "Conv_1"),
        ),
        top_layers=("global_average_pooling2d", "predictions"),
        preprocessing="tf" if style == "keras" else "torch",
    )


@register(
    describe,
    arguments="""
    alpha : float
        Width: the channels of every layer, of those of the paper. Keras publishes weights for
        0.35, 0.5, 0.75, 1, 1.3 and 1.4.
    """.rstrip()
    + STYLE_ARGUMENT,
    variants=[{"alpha": alpha} for alpha in PARAMETERS if alpha != 1],
)
def mobilenet_v2(net: Network, x: Layer, options: Options, *, alpha: float, style: str) -> Layer:
    """MobileNetV2: seventeen inverted bottlenecks, 3.5 million parameters at width 1."""
    W = options.initial()
    normalisation = KERAS if style == "keras" else TORCH
    stem = divisible(STEM * alpha)
    pad = "same" if style == "keras" else 1
    x = net.add(Conv2DLayer(x, stem, 3, stride=2, pad=pad, W=W, b=None, name="Conv1"))
    x = net.add(BatchNormLayer(x, *normalisation, name="bn_Conv1"))
    x = net.add(NonlinearityLayer(x, relu6, name="Conv1_relu"))

    block = 0
    for stage in STAGES:
        for i in range(stage.repeats):
            stride = stage.stride if i == 0 else 1
            channels = divisible(int(stage.channels * alpha))
            name = f"block_{block}_" if block else "expanded_conv_"
            x = inverted_bottleneck(net, x, stage.expand, channels, stride, W, name, normalisation)
            block += 1

    x = net.add(Conv2DLayer(x, top_channels(alpha), 1, W=W, b=None, name="Conv_1"))
    x = net.add(BatchNormLayer(x, *normalisation, name="Conv_1_bn"))
    x = net.add(NonlinearityLayer(x, relu6, name="out_relu"))

    return classify(net, x, options, W, pool="global_average_pooling2d")


def inverted_bottleneck(
    net: Network,
    x: Layer,
    expand: int,
    channels: int,
    stride: int,
    W: Initializer,
    name: str,
    normalisation: Normalisation,
) -> Layer:
    """Add a block: widen by a 1x1 convolution, filter every channel by itself, narrow again."""
    shortcut, narrow = x, x.output_shape[1]
    if expand > 1:
        x = net.add(Conv2DLayer(x, expand * narrow, 1, W=W, b=None, name=f"{name}expand"))
        x = net.add(BatchNormLayer(x, *normalisation, name=f"{name}expand_BN"))
        x = net.add(NonlinearityLayer(x, relu6, name=f"{name}expand_relu"))

    pad: str | int = 1
    if stride > 1 and normalisation is KERAS:
        x, pad = net.add(SamePad2DLayer(x, 3, stride, name=f"{name}pad")), "valid"
    x = net.add(DepthwiseConv2DLayer(x, 3, stride, pad=pad, W=W, b=None, name=f"{name}depthwise"))
    x = net.add(BatchNormLayer(x, *normalisation, name=f"{name}depthwise_BN"))
    x = net.add(NonlinearityLayer(x, relu6, name=f"{name}depthwise_relu"))

    x = net.add(Conv2DLayer(x, channels, 1, W=W, b=None, name=f"{name}project"))
    x = net.add(BatchNormLayer(x, *normalisation, name=f"{name}project_BN"))

    if stride == 1 and channels == narrow:
        x = net.add(ElemwiseSumLayer([shortcut, x], name=f"{name}add"))
    return x
