"""MobileNet: depthwise convolutions, each followed by a 1x1 convolution across channels.

Layer names and padding are those of ``keras/src/applications/mobilenet.py``. There, a strided
depthwise convolution has its zeros at the bottom and at the right, whatever the size.
"""

from __future__ import annotations

import numbers

from lasagne.init import Initializer
from lasagne.layers import DropoutLayer, FlattenLayer, Layer, NonlinearityLayer

from theano_transfer.layers import (
    BatchNormLayer,
    Conv2DLayer,
    DepthwiseConv2DLayer,
    SqueezeLayer,
    ZeroPad2DLayer,
    relu6,
)
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options, check_probability, check_width
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register

PAPER = (
    "Howard et al.: MobileNets: Efficient Convolutional Neural Networks for Mobile Vision "
    "Applications, 2017, https://arxiv.org/abs/1704.04861"
)
STEM = 32
# Channels of the 1x1 convolutions and strides of the depthwise ones, table 1 of the paper.
BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *5 * ((512, 1),),
    (1024, 2),
    (1024, 1),
)
# Keras publishes weights for these widths.
PARAMETERS = {0.25: 475_544, 0.5: 1_342_536, 0.75: 2_601_976, 1.0: 4_253_864}


def describe(alpha: float = 1.0, depth_multiplier: int = 1, dropout: float = 0.001) -> ModelRecord:
    check_width(alpha)
    check_probability(dropout)
    if not isinstance(depth_multiplier, numbers.Integral) or depth_multiplier < 1:
        raise ValueError(
            f"depth_multiplier must be a whole number above 0; got {depth_multiplier!r}"
        )
    return ModelRecord(
        name="mobilenet",
        title="MobileNet",
        paper=PAPER,
        num_parameters=PARAMETERS.get(alpha) if depth_multiplier == 1 else None,
        feature_layer=f"conv_pw_{len(BLOCKS)}_relu",
        feature_channels=int(BLOCKS[-1][0] * alpha),
        blocks=(
            ("stem", "conv1"),
            *(
                (f"block_{i}", f"conv_pad_{i}" if stride > 1 else f"conv_dw_{i}")
                for i, (_, stride) in enumerate(BLOCKS, start=1)
            ),
        ),
        top_layers=(
            "global_average_pooling2d",
            "dropout",
            "conv_preds",
            "reshape_2",
            "predictions",
        ),
        preprocessing="tf",
    )


@register(
    describe,
    arguments="""
    alpha : float
        Width: the channels of every layer, of those of the paper. Keras publishes weights for
        0.25, 0.5, 0.75 and 1.
    depth_multiplier : int
        Filters per channel of the depthwise convolutions.
    dropout : float
        Share of the features that training drops in front of the classifier.
    """,
    variants=[{"alpha": alpha} for alpha in PARAMETERS if alpha != 1],
)
def mobilenet(
    net: Network,
    x: Layer,
    options: Options,
    *,
    alpha: float,
    depth_multiplier: int,
    dropout: float,
) -> Layer:
    """MobileNet: thirteen depthwise blocks, 4.3 million parameters at width 1."""
    W = options.initial()
    x = net.add(
        Conv2DLayer(x, int(STEM * alpha), 3, stride=2, pad="same", W=W, b=None, name="conv1")
    )
    x = normalise(net, x, "conv1")

    for number, (channels, stride) in enumerate(BLOCKS, start=1):
        x = block(net, x, int(channels * alpha), stride, depth_multiplier, W, number)

    if options.include_top:
        x = net.add(SqueezeLayer(x, name="global_average_pooling2d"))
        x = net.add(DropoutLayer(x, dropout, name="dropout"))
        x = net.add(Conv2DLayer(x, options.classes, 1, W=W, name="conv_preds"))
        x = net.add(FlattenLayer(x, name="reshape_2"))
        x = net.add(NonlinearityLayer(x, options.nonlinearity, name="predictions"))
    return x


def block(
    net: Network,
    x: Layer,
    channels: int,
    stride: int,
    multiplier: int,
    W: Initializer,
    number: int,
) -> Layer:
    """Add a depthwise convolution and the 1x1 convolution across its channels."""
    if stride > 1:
        x = net.add(ZeroPad2DLayer(x, ((0, 1), (0, 1)), name=f"conv_pad_{number}"))
    name, pad = f"conv_dw_{number}", "valid" if stride > 1 else "same"
    x = net.add(
        DepthwiseConv2DLayer(x, 3, stride, multiplier=multiplier, pad=pad, W=W, b=None, name=name)
    )
    x = normalise(net, x, name)

    name = f"conv_pw_{number}"
    x = net.add(Conv2DLayer(x, channels, 1, W=W, b=None, name=name))
    return normalise(net, x, name)


def normalise(net: Network, x: Layer, name: str) -> Layer:
    """Add batch normalisation and relu6."""
    x = net.add(BatchNormLayer(x, name=f"{name}_bn"))
    return net.add(NonlinearityLayer(x, relu6, name=f"{name}_relu"))
