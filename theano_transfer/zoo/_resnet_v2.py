"""ResNet50V2, 101V2 and 152V2: normalisation and relu come before a block's convolutions.

Layer names, and the stride on the last block of a stack, are those of
``keras/src/applications/resnet_v2.py``.
"""

from __future__ import annotations

from lasagne.init import Initializer
from lasagne.layers import ElemwiseSumLayer, Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import BatchNormLayer, Conv2DLayer, Pool2DLayer, ZeroPad2DLayer
from theano_transfer.zoo._names import AutomaticNames
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._resnet import CHANNELS, KERAS, RESNET50, RESNET101, RESNET152
from theano_transfer.zoo._top import classify

PAPER = (
    "He, Zhang, Ren and Sun: Identity Mappings in Deep Residual Networks, ECCV 2016, "
    "https://arxiv.org/abs/1603.05027"
)
EPSILON = KERAS.epsilon


def resnet_v2(net: Network, x: Layer, options: Options, repeats: tuple[int, ...]) -> Layer:
    """Add the layers of a ResNet of version 2 whose four stacks have `repeats` blocks."""
    W = options.initial()
    names = AutomaticNames()
    x = net.add(ZeroPad2DLayer(x, 3, name="conv1_pad"))
    x = net.add(Conv2DLayer(x, 64, 7, stride=2, W=W, name="conv1_conv"))
    # Nothing has been rectified yet: here zeros are not the least of numbers.
    x = net.add(ZeroPad2DLayer(x, 1, name="pool1_pad"))
    x = net.add(Pool2DLayer(x, 3, stride=2, name="pool1_pool"))

    for stack, (repeat, channels) in enumerate(zip(repeats, CHANNELS), start=2):
        for i in range(1, repeat + 1):
            stride = 2 if i == repeat and stack < 5 else 1
            name = f"conv{stack}_block{i}"
            x = preactivated_bottleneck(net, x, channels, stride, i == 1, W, name, names)

    x = net.add(BatchNormLayer(x, EPSILON, name="post_bn"))
    x = net.add(NonlinearityLayer(x, rectify, name="post_relu"))

    return classify(net, x, options, W)


def preactivated_bottleneck(
    net: Network,
    x: Layer,
    channels: int,
    stride: int,
    project: bool,
    W: Initializer,
    name: str,
    names: AutomaticNames,
) -> Layer:
    """Add a block; nothing but the sum itself comes after what came in is added."""
    shortcut = x
    x = net.add(BatchNormLayer(x, EPSILON, name=f"{name}_preact_bn"))
    x = net.add(NonlinearityLayer(x, rectify, name=f"{name}_preact_relu"))

    if project:
        shortcut = net.add(
            Conv2DLayer(x, 4 * channels, 1, stride=stride, W=W, name=f"{name}_0_conv")
        )
    elif stride > 1:
        shortcut = net.add(Pool2DLayer(shortcut, 1, stride=stride, name=names("max_pooling2d")))

    x = net.add(Conv2DLayer(x, channels, 1, W=W, b=None, name=f"{name}_1_conv"))
    x = net.add(BatchNormLayer(x, EPSILON, name=f"{name}_1_bn"))
    x = net.add(NonlinearityLayer(x, rectify, name=f"{name}_1_relu"))

    x = net.add(ZeroPad2DLayer(x, 1, name=f"{name}_2_pad"))
    x = net.add(Conv2DLayer(x, channels, 3, stride=stride, W=W, b=None, name=f"{name}_2_conv"))
    x = net.add(BatchNormLayer(x, EPSILON, name=f"{name}_2_bn"))
    x = net.add(NonlinearityLayer(x, rectify, name=f"{name}_2_relu"))

    x = net.add(Conv2DLayer(x, 4 * channels, 1, W=W, name=f"{name}_3_conv"))
    return net.add(ElemwiseSumLayer([shortcut, x], name=f"{name}_out"))


def describe(name: str, repeats: tuple[int, ...], num_parameters: int) -> ModelRecord:
    stacks = range(2, 2 + len(repeats))
    return ModelRecord(
        name=name,
        title=name.replace("resnet", "ResNet").replace("_v", "V"),
        paper=PAPER,
        num_parameters=num_parameters,
        feature_layer="post_relu",
        feature_channels=4 * CHANNELS[-1],
        blocks=(
            ("conv1", "conv1_pad"),
            *((f"conv{stack}", f"conv{stack}_block1_preact_bn") for stack in stacks),
        ),
        top_layers=("avg_pool", "predictions"),
        preprocessing="tf",
    )


@register(describe("resnet50_v2", RESNET50, num_parameters=25_613_800))
def resnet50_v2(net, x, options):
    """ResNet50V2: sixteen preactivated bottleneck blocks."""
    return resnet_v2(net, x, options, RESNET50)


@register(describe("resnet101_v2", RESNET101, num_parameters=44_675_560))
def resnet101_v2(net, x, options):
    """ResNet101V2: thirty-three preactivated bottleneck blocks."""
    return resnet_v2(net, x, options, RESNET101)


@register(describe("resnet152_v2", RESNET152, num_parameters=60_380_648))
def resnet152_v2(net, x, options):
    """ResNet152V2: fifty preactivated bottleneck blocks."""
    return resnet_v2(net, x, options, RESNET152)
