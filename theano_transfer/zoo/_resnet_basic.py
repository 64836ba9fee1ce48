"""ResNet18 and 34: residual blocks of two 3x3 convolutions.

The stride on a block's first convolution, padding and normalisation are those of torchvision
(``torchvision/models/resnet.py``), which trained the weights that are in use; layer names are made
like Keras's for the deeper ResNets.
"""

from __future__ import annotations

from lasagne.init import Initializer
from lasagne.layers import ElemwiseSumLayer, Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import BatchNormLayer, Conv2DLayer, Pool2DLayer, ZeroPad2DLayer
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = (
    "He, Zhang, Ren and Sun: Deep Residual Learning for Image Recognition, CVPR 2016, "
    "https://arxiv.org/abs/1512.03385"
)
EPSILON, MOMENTUM = 1e-5, 0.9
CHANNELS = (64, 128, 256, 512)


def basic_resnet(net: Network, x: Layer, options: Options, repeats: tuple[int, ...]) -> Layer:
    """Add the layers of a ResNet whose four stacks have `repeats` blocks."""
    W = options.initial()
    x = net.add(ZeroPad2DLayer(x, 3, name="conv1_pad"))
    x = net.add(Conv2DLayer(x, 64, 7, stride=2, W=W, b=None, name="conv1_conv"))
    x = normalise(net, x, "conv1")
    x = net.add(NonlinearityLayer(x, rectify, name="conv1_relu"))
    x = net.add(ZeroPad2DLayer(x, 1, name="pool1_pad"))
    x = net.add(Pool2DLayer(x, 3, stride=2, name="pool1_pool"))

    for stack, (repeat, channels) in enumerate(zip(repeats, CHANNELS), start=2):
        for i in range(1, repeat + 1):
            stride = 2 if i == 1 and stack > 2 else 1
            x = basic_block(net, x, channels, stride, W, f"conv{stack}_block{i}")

    return classify(net, x, options, W)


def basic_block(
    net: Network, x: Layer, channels: int, stride: int, W: Initializer, name: str
) -> Layer:
    """Add two 3x3 convolutions, and what came in on top of them."""
    shortcut = x
    pad = "same"
    if stride > 1:
        x, pad = net.add(ZeroPad2DLayer(x, 1, name=f"{name}_1_pad")), "valid"
    x = net.add(Conv2DLayer(x, channels, 3, stride, pad=pad, W=W, b=None, name=f"{name}_1_conv"))
    x = normalise(net, x, f"{name}_1")
    x = net.add(NonlinearityLayer(x, rectify, name=f"{name}_1_relu"))
    x = net.add(Conv2DLayer(x, channels, 3, pad="same", W=W, b=None, name=f"{name}_2_conv"))
    x = normalise(net, x, f"{name}_2")

    if stride > 1:
        shortcut = net.add(
            Conv2DLayer(shortcut, channels, 1, stride, W=W, b=None, name=f"{name}_0_conv")
        )
        shortcut = normalise(net, shortcut, f"{name}_0")
    x = net.add(ElemwiseSumLayer([shortcut, x], name=f"{name}_add"))
    return net.add(NonlinearityLayer(x, rectify, name=f"{name}_out"))


def normalise(net: Network, x: Layer, name: str) -> Layer:
    return net.add(BatchNormLayer(x, EPSILON, MOMENTUM, name=f"{name}_bn"))


def describe(name: str, repeats: tuple[int, ...], num_parameters: int) -> ModelRecord:
    return ModelRecord(
        name=name,
        title=name.replace("resnet", "ResNet"),
        paper=PAPER,
        num_parameters=num_parameters,
        feature_layer=f"conv5_block{repeats[-1]}_out",
        feature_channels=CHANNELS[-1],
        blocks=(
            ("conv1", "conv1_pad"),
            ("conv2", "conv2_block1_1_conv"),
            *((f"conv{stack}", f"conv{stack}_block1_1_pad") for stack in (3, 4, 5)),
        ),
        top_layers=("avg_pool", "predictions"),
        preprocessing="torch",
    )


RESNET18 = (2, 2, 2, 2)
RESNET34 = (3, 4, 6, 3)


@register(describe("resnet18", RESNET18, num_parameters=11_699_112))
def resnet18(net, x, options):
    """ResNet18: eight blocks of two convolutions."""
    return basic_resnet(net, x, options, RESNET18)


@register(describe("resnet34", RESNET34, num_parameters=21_814_696))
def resnet34(net, x, options):
    """ResNet34: sixteen blocks of two convolutions."""
    return basic_resnet(net, x, options, RESNET34)
