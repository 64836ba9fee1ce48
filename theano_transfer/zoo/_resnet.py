"""ResNet50, 101 and 152: stacks of bottleneck blocks around shortcuts.

Layer names, their order, and the stride on a block's first 1x1 convolution are those of
``keras/src/applications/resnet.py`` (version 1, as in the paper).
"""

from __future__ import annotations

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
EPSILON = 1.001e-5
CHANNELS = (64, 128, 256, 512)  # of the bottlenecks; four times as many leave a block


def resnet(net: Network, x: Layer, options: Options, repeats: tuple[int, ...]) -> Layer:
    """Add the layers of a ResNet whose four stacks have `repeats` blocks."""
    W = options.initial()
    x = net.add(ZeroPad2DLayer(x, 3, name="conv1_pad"))
    x = net.add(Conv2DLayer(x, 64, 7, stride=2, W=W, name="conv1_conv"))
    x = net.add(BatchNormLayer(x, EPSILON, name="conv1_bn"))
    x = net.add(NonlinearityLayer(x, rectify, name="conv1_relu"))
    x = net.add(ZeroPad2DLayer(x, 1, name="pool1_pad"))
    x = net.add(Pool2DLayer(x, 3, stride=2, name="pool1_pool"))

    for stack, (repeat, channels) in enumerate(zip(repeats, CHANNELS), start=2):
        for i in range(1, repeat + 1):
            stride = 2 if i == 1 and stack > 2 else 1
            project = i == 1
            x = bottleneck(net, x, channels, stride, project, W, f"conv{stack}_block{i}")

    return classify(net, x, options, W)


def bottleneck(
    net: Network, x: Layer, channels: int, stride: int, project: bool, W, name: str
) -> Layer:
    """Add a block: 1x1, 3x3 and 1x1 convolutions, and what came in on top of them.

    Where the shortcut is a projection, its layers stand between those of the main path: that
    is Keras's order of layers, by which people pick where to start unfreezing.
    """
    shortcut = x
    x = net.add(Conv2DLayer(x, channels, 1, stride=stride, W=W, name=f"{name}_1_conv"))
    x = net.add(BatchNormLayer(x, EPSILON, name=f"{name}_1_bn"))
    x = net.add(NonlinearityLayer(x, rectify, name=f"{name}_1_relu"))

    x = net.add(Conv2DLayer(x, channels, 3, pad="same", W=W, name=f"{name}_2_conv"))
    x = net.add(BatchNormLayer(x, EPSILON, name=f"{name}_2_bn"))
    x = net.add(NonlinearityLayer(x, rectify, name=f"{name}_2_relu"))

    if project:
        shortcut = net.add(
            Conv2DLayer(shortcut, 4 * channels, 1, stride=stride, W=W, name=f"{name}_0_conv")
        )
    x = net.add(Conv2DLayer(x, 4 * channels, 1, W=W, name=f"{name}_3_conv"))
    if project:
        shortcut = net.add(BatchNormLayer(shortcut, EPSILON, name=f"{name}_0_bn"))
    x = net.add(BatchNormLayer(x, EPSILON, name=f"{name}_3_bn"))

    x = net.add(ElemwiseSumLayer([shortcut, x], name=f"{name}_add"))
    return net.add(NonlinearityLayer(x, rectify, name=f"{name}_out"))


def describe(name: str, repeats: tuple[int, ...], num_parameters: int) -> ModelRecord:
    stacks = range(2, 2 + len(repeats))
    return ModelRecord(
        name=name,
        title=name.replace("resnet", "ResNet"),
        paper=PAPER,
        num_parameters=num_parameters,
        feature_layer=f"conv5_block{repeats[-1]}_out",
        feature_channels=4 * CHANNELS[-1],
        blocks=(
            ("conv1", "conv1_pad"),
            *((f"conv{stack}", f"conv{stack}_block1_1_conv") for stack in stacks),
        ),
        top_layers=("avg_pool", "predictions"),
        preprocessing="caffe",
    )


RESNET50 = (3, 4, 6, 3)
RESNET101 = (3, 4, 23, 3)
RESNET152 = (3, 8, 36, 3)


@register(describe("resnet50", RESNET50, num_parameters=25_636_712))
def resnet50(net, x, options):
    """ResNet50: sixteen bottleneck blocks."""
    return resnet(net, x, options, RESNET50)


@register(describe("resnet101", RESNET101, num_parameters=44_707_176))
def resnet101(net, x, options):
    """ResNet101: thirty-three bottleneck blocks."""
    return resnet(net, x, options, RESNET101)


@register(describe("resnet152", RESNET152, num_parameters=60_419_944))
def resnet152(net, x, options):
    """ResNet152: fifty bottleneck blocks."""
    return resnet(net, x, options, RESNET152)
