"""DenseNet121, 169 and 201: every layer of a block gets what all before it have made.

Layer names are those of ``keras/src/applications/densenet.py``. PyTorch's network
(``torchvision/models/densenet.py``) adds another number to variances.
"""

from __future__ import annotations

from lasagne.init import Initializer
from lasagne.layers import Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import (
    BatchNormLayer,
    ConcatChannelsLayer,
    Conv2DLayer,
    Pool2DLayer,
    ZeroPad2DLayer,
)
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import STYLE_ARGUMENT, Options, check_style
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = (
    "Huang, Liu, van der Maaten and Weinberger: Densely Connected Convolutional Networks, "
    "CVPR 2017, https://arxiv.org/abs/1608.06993"
)
EPSILON = {"keras": 1.001e-5, "torchvision": 1e-5, "timm": 1e-5}
GROWTH = 32  # channels that a layer adds


def densenet(
    net: Network, x: Layer, options: Options, repeats: tuple[int, ...], style: str
) -> Layer:
    """Add the layers of a DenseNet whose four blocks have `repeats` layers."""
    W, epsilon = options.initial(), EPSILON[style]
    x = net.add(ZeroPad2DLayer(x, 3, name="zero_padding2d"))
    x = net.add(Conv2DLayer(x, 64, 7, stride=2, W=W, b=None, name="conv1_conv"))
    x = normalise(net, x, epsilon, "conv1_")
    x = net.add(ZeroPad2DLayer(x, 1, name="zero_padding2d_1"))
    x = net.add(Pool2DLayer(x, 3, stride=2, name="pool1"))

    for block, repeat in enumerate(repeats, start=2):
        for i in range(1, repeat + 1):
            x = dense_layer(net, x, epsilon, W, f"conv{block}_block{i}_")
        if block < len(repeats) + 1:
            x = transition(net, x, epsilon, W, f"pool{block}_")

    x = net.add(BatchNormLayer(x, epsilon, name="bn"))
    x = net.add(NonlinearityLayer(x, rectify, name="relu"))

    return classify(net, x, options, W)


def dense_layer(net: Network, x: Layer, epsilon: float, W: Initializer, name: str) -> Layer:
    """Add 1x1 and 3x3 convolutions, and what came in beside what they make."""
    made = normalise(net, x, epsilon, f"{name}0_")
    made = net.add(Conv2DLayer(made, 4 * GROWTH, 1, W=W, b=None, name=f"{name}1_conv"))
    made = normalise(net, made, epsilon, f"{name}1_")
    made = net.add(Conv2DLayer(made, GROWTH, 3, pad="same", W=W, b=None, name=f"{name}2_conv"))
    return net.add(ConcatChannelsLayer([x, made], name=f"{name}concat"))


def transition(net: Network, x: Layer, epsilon: float, W: Initializer, name: str) -> Layer:
    """Halve the channels, the rows and the columns."""
    x = normalise(net, x, epsilon, name)
    x = net.add(Conv2DLayer(x, x.output_shape[1] // 2, 1, W=W, b=None, name=f"{name}conv"))
    return net.add(Pool2DLayer(x, 2, mode="average_exc_pad", name=f"{name}pool"))


def normalise(net: Network, x: Layer, epsilon: float, name: str) -> Layer:
    """Add batch normalisation and relu."""
    x = net.add(BatchNormLayer(x, epsilon, name=f"{name}bn"))
    return net.add(NonlinearityLayer(x, rectify, name=f"{name}relu"))


def describe(
    name: str, repeats: tuple[int, ...], channels: int, num_parameters: int, style: str
) -> ModelRecord:
    check_style(style)
    blocks = range(2, 2 + len(repeats))
    return ModelRecord(
        name=name,
        title=name.replace("densenet", "DenseNet"),
        paper=PAPER,
        num_parameters=num_parameters,
        feature_layer="relu",
        feature_channels=channels,
        blocks=(
            ("conv1", "zero_padding2d"),
            *((f"conv{block}", f"conv{block}_block1_0_bn") for block in blocks),
        ),
        top_layers=("avg_pool", "predictions"),
        preprocessing="torch",
    )


DENSENET121 = (6, 12, 24, 16)
DENSENET169 = (6, 12, 32, 32)
DENSENET201 = (6, 12, 48, 32)


def describe121(style: str = "keras") -> ModelRecord:
    return describe("densenet121", DENSENET121, 1024, 8_062_504, style)


def describe169(style: str = "keras") -> ModelRecord:
    return describe("densenet169", DENSENET169, 1664, 14_307_880, style)


def describe201(style: str = "keras") -> ModelRecord:
    return describe("densenet201", DENSENET201, 1920, 20_242_984, style)


@register(describe121, arguments=STYLE_ARGUMENT)
def densenet121(net, x, options, *, style):
    """DenseNet121: 58 pairs of convolutions in four blocks."""
    return densenet(net, x, options, DENSENET121, style)


@register(describe169, arguments=STYLE_ARGUMENT)
def densenet169(net, x, options, *, style):
    """DenseNet169: 82 pairs of convolutions in four blocks."""
    return densenet(net, x, options, DENSENET169, style)


@register(describe201, arguments=STYLE_ARGUMENT)
def densenet201(net, x, options, *, style):
    """DenseNet201: 98 pairs of convolutions in four blocks."""
    return densenet(net, x, options, DENSENET201, style)
