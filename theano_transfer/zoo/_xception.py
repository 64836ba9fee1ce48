"""Xception: Inception taken to its extreme, separable convolutions around shortcuts.

Layer names are those of ``keras/src/applications/xception.py``; the shortcuts have none there.
timm's network (``timm/models/xception.py``), whose weights are Keras's of old, pads both sides of
what it pools and adds another number to variances.
"""

from __future__ import annotations

from typing import NamedTuple

from lasagne.init import Initializer
from lasagne.layers import ElemwiseSumLayer, Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import (
    BatchNormLayer,
    Conv2DLayer,
    Pool2DLayer,
    SeparableConv2DLayer,
)
from theano_transfer.zoo._names import AutomaticNames
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import STYLE_ARGUMENT, Options, check_style
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = (
    "Chollet: Xception: Deep Learning with Depthwise Separable Convolutions, CVPR 2017, "
    "https://arxiv.org/abs/1610.02357"
)
# Figure 5 of the paper: channels of the separable convolutions of each block.
ENTRY = {2: (128, 128), 3: (256, 256), 4: (728, 728)}
MIDDLE = {block: (728, 728, 728) for block in range(5, 13)}
EXIT = {13: (728, 1024)}
TOP = {14: (1536, 2048)}


class Style(NamedTuple):
    """What Keras and timm do differently: normalisation, and the padding of pooled maps."""

    epsilon: float
    momentum: float
    pad: str | int


KERAS, TIMM = Style(1e-3, 0.99, "same"), Style(1e-5, 0.9, 1)


def describe(style: str = "keras") -> ModelRecord:
    check_style(style)
    return ModelRecord(
        name="xception",
        title="Xception",
        paper=PAPER,
        num_parameters=22_910_480,
        feature_layer="block14_sepconv2_act",
        feature_channels=2048,
        blocks=(
            ("block1", "block1_conv1"),
            ("block2", "block2_sepconv1"),
            *((f"block{i}", f"block{i}_sepconv1_act") for i in range(3, 14)),
            ("block14", "block14_sepconv1"),
        ),
        top_layers=("avg_pool", "predictions"),
        preprocessing="tf",
        input_size=299,
        min_size=71,
    )


@register(describe, arguments=STYLE_ARGUMENT)
def xception(net: Network, x: Layer, options: Options, *, style: str) -> Layer:
    """Xception: thirty-six convolutions, nearly all of them separable."""
    W, called = options.initial(), KERAS if style == "keras" else TIMM
    names = AutomaticNames()
    x = net.add(Conv2DLayer(x, 32, 3, stride=2, W=W, b=None, name="block1_conv1"))
    x = normalise(net, x, called, "block1_conv1_bn")
    x = net.add(NonlinearityLayer(x, rectify, name="block1_conv1_act"))
    x = net.add(Conv2DLayer(x, 64, 3, W=W, b=None, name="block1_conv2"))
    x = normalise(net, x, called, "block1_conv2_bn")
    x = net.add(NonlinearityLayer(x, rectify, name="block1_conv2_act"))

    for block, channels in {**ENTRY, **MIDDLE, **EXIT}.items():
        shortcut, shrinks = x, block not in MIDDLE
        if shrinks:
            shortcut = net.add(
                Conv2DLayer(x, channels[-1], 1, stride=2, W=W, b=None, name=names("conv2d"))
            )
            shortcut = normalise(net, shortcut, called, names("batch_normalization"))
        for i, width in enumerate(channels, start=1):
            name = f"block{block}_sepconv{i}"
            if name != "block2_sepconv1":  # what it gets is rectified already
                x = net.add(NonlinearityLayer(x, rectify, name=f"{name}_act"))
            x = separable(net, x, width, W, called, name)
        if shrinks:
            x = net.add(Pool2DLayer(x, 3, stride=2, pad=called.pad, name=f"block{block}_pool"))
        x = net.add(ElemwiseSumLayer([x, shortcut], name=names("add")))

    for block, channels in TOP.items():
        for i, width in enumerate(channels, start=1):
            name = f"block{block}_sepconv{i}"
            x = separable(net, x, width, W, called, name)
            x = net.add(NonlinearityLayer(x, rectify, name=f"{name}_act"))

    return classify(net, x, options, W)


def separable(
    net: Network, x: Layer, channels: int, W: Initializer, style: Style, name: str
) -> Layer:
    """Add a separable 3x3 convolution and its normalisation."""
    x = net.add(
        SeparableConv2DLayer(x, channels, 3, pad="same", W=W, pointwise=W, b=None, name=name)
    )
    return normalise(net, x, style, f"{name}_bn")


def normalise(net: Network, x: Layer, style: Style, name: str) -> Layer:
    return net.add(BatchNormLayer(x, style.epsilon, style.momentum, name=name))
