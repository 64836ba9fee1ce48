"""ResNet50, 101 and 152: stacks of bottleneck blocks around shortcuts.

Layer names, their order, and the stride on a block's first 1x1 convolution are those of
``keras/src/applications/resnet.py`` (version 1, as in the paper). PyTorch's networks stride
in the 3x3 convolution (``torchvision/models/resnet.py``), and no biases.
"""

from __future__ import annotations

from typing import NamedTuple

from lasagne.init import Constant, Initializer
from lasagne.layers import ElemwiseSumLayer, Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import BatchNormLayer, Conv2DLayer, Pool2DLayer, ZeroPad2DLayer
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import STYLE_ARGUMENT, Options, check_style
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = (
    "He, Zhang, Ren and Sun: Deep Residual Learning for Image Recognition, CVPR 2016, "
    "https://arxiv.org/abs/1512.03385"
)


class Style(NamedTuple):
    """What Keras and PyTorch do differently."""

    epsilon: float
    momentum: float
    stride_first: bool  # on a block's first convolution, rather than on its second
    biases: bool
    preprocessing: str


KERAS = Style(1.001e-5, 0.99, True, True, "caffe")
TORCH = Style(1e-5, 0.9, False, False, "torch")
CHANNELS = (64, 128, 256, 512)  # of the bottlenecks; four times as many leave a block


class Builder:
    """Adds convolutions and their normalisation to a network, in a style."""

    def __init__(self, net: Network, W: Initializer, style: Style):
        self.net, self.W, self.style = net, W, style

    def convolve(self, x: Layer, channels: int, size: int, name: str, *, stride=1, pad=0) -> Layer:
        b = Constant(0.0) if self.style.biases else None
        return self.net.add(
            Conv2DLayer(x, channels, size, stride, pad=pad, W=self.W, b=b, name=f"{name}_conv")
        )

    def normalise(self, x: Layer, name: str) -> Layer:
        epsilon, momentum = self.style.epsilon, self.style.momentum
        return self.net.add(BatchNormLayer(x, epsilon, momentum, name=f"{name}_bn"))

    def rectify(self, x: Layer, name: str) -> Layer:
        return self.net.add(NonlinearityLayer(x, rectify, name=name))


def resnet(net: Network, x: Layer, options: Options, repeats: tuple[int, ...], style: str) -> Layer:
    """Add the layers of a ResNet whose four stacks have `repeats` blocks."""
    W = options.initial()
    builder = Builder(net, W, KERAS if style == "keras" else TORCH)
    x = net.add(ZeroPad2DLayer(x, 3, name="conv1_pad"))
    x = builder.convolve(x, 64, 7, "conv1", stride=2)
    x = builder.rectify(builder.normalise(x, "conv1"), "conv1_relu")
    x = net.add(ZeroPad2DLayer(x, 1, name="pool1_pad"))
    x = net.add(Pool2DLayer(x, 3, stride=2, name="pool1_pool"))

    for stack, (repeat, channels) in enumerate(zip(repeats, CHANNELS), start=2):
        for i in range(1, repeat + 1):
            stride = 2 if i == 1 and stack > 2 else 1
            x = bottleneck(builder, x, channels, stride, i == 1, f"conv{stack}_block{i}")

    return classify(net, x, options, W)


def bottleneck(
    builder: Builder, x: Layer, channels: int, stride: int, project: bool, name: str
) -> Layer:
    """Add a block: 1x1, 3x3 and 1x1 convolutions, and what came in on top of them.

    Where the shortcut is a projection, its layers stand between those of the main path: that
    is Keras's order of layers, by which people pick where to start unfreezing.
    """
    shortcut = x
    first, second = (stride, 1) if builder.style.stride_first else (1, stride)
    x = builder.convolve(x, channels, 1, f"{name}_1", stride=first)
    x = builder.rectify(builder.normalise(x, f"{name}_1"), f"{name}_1_relu")

    x = builder.convolve(x, channels, 3, f"{name}_2", stride=second, pad=1)
    x = builder.rectify(builder.normalise(x, f"{name}_2"), f"{name}_2_relu")

    if project:
        shortcut = builder.convolve(shortcut, 4 * channels, 1, f"{name}_0", stride=stride)
    x = builder.convolve(x, 4 * channels, 1, f"{name}_3")
    if project:
        shortcut = builder.normalise(shortcut, f"{name}_0")
    x = builder.normalise(x, f"{name}_3")

    x = builder.net.add(ElemwiseSumLayer([shortcut, x], name=f"{name}_add"))
    return builder.rectify(x, f"{name}_out")


def describe(name: str, repeats: tuple[int, ...], num_parameters: int, style: str) -> ModelRecord:
    check_style(style)
    stacks = range(2, 2 + len(repeats))
    return ModelRecord(
        name=name,
        title=name.replace("resnet", "ResNet"),
        paper=PAPER,
        num_parameters=num_parameters if style == "keras" else None,
        feature_layer=f"conv5_block{repeats[-1]}_out",
        feature_channels=4 * CHANNELS[-1],
        blocks=(
            ("conv1", "conv1_pad"),
            *((f"conv{stack}", f"conv{stack}_block1_1_conv") for stack in stacks),
        ),
        top_layers=("avg_pool", "predictions"),
        preprocessing=(KERAS if style == "keras" else TORCH).preprocessing,
    )


RESNET50 = (3, 4, 6, 3)
RESNET101 = (3, 4, 23, 3)
RESNET152 = (3, 8, 36, 3)


def describe50(style: str = "keras") -> ModelRecord:
    return describe("resnet50", RESNET50, 25_636_712, style)


def describe101(style: str = "keras") -> ModelRecord:
    return describe("resnet101", RESNET101, 44_707_176, style)


def describe152(style: str = "keras") -> ModelRecord:
    return describe("resnet152", RESNET152, 60_419_944, style)


@register(describe50, arguments=STYLE_ARGUMENT)
def resnet50(net, x, options, *, style):
    """ResNet50: sixteen bottleneck blocks."""
    return resnet(net, x, options, RESNET50, style)


@register(describe101, arguments=STYLE_ARGUMENT)
def resnet101(net, x, options, *, style):
    """ResNet101: thirty-three bottleneck blocks."""
    return resnet(net, x, options, RESNET101, style)


@register(describe152, arguments=STYLE_ARGUMENT)
def resnet152(net, x, options, *, style):
    """ResNet152: fifty bottleneck blocks."""
    return resnet(net, x, options, RESNET152, style)
