"""MobileNetV3, small and large: inverted bottlenecks found by search, with cheap nonlinearities.

Layer names, padding and rounding are those of ``keras/src/applications/mobilenet_v3.py``, where
preprocessing is part of the network: it takes pixels from 0 to 255. PyTorch's networks
(``torchvision/models/mobilenetv3.py``, ``timm/models/mobilenetv3.py``) pad both sides alike.
"""

from __future__ import annotations

from typing import NamedTuple

from lasagne.init import Initializer
from lasagne.layers import DropoutLayer, ElemwiseSumLayer, FlattenLayer, Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import (
    BatchNormLayer,
    Conv2DLayer,
    DepthwiseConv2DLayer,
    ExciteLayer,
    RescaleLayer,
    SamePad2DLayer,
    SqueezeLayer,
    hard_sigmoid,
    hard_swish,
)
from theano_transfer.zoo._names import AutomaticNames
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import (
    STYLE_ARGUMENT,
    Options,
    check_probability,
    check_style,
    check_width,
)
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._widths import divisible

PAPER = "Howard et al.: Searching for MobileNetV3, ICCV 2019, https://arxiv.org/abs/1905.02244"


class Style(NamedTuple):
    """What Keras, torchvision and timm do differently."""

    epsilon: float
    momentum: float
    symmetric: bool = True


STYLES = {
    "keras": Style(1e-3, 0.999, symmetric=False),
    "torchvision": Style(1e-3, 0.99),
    "timm": Style(1e-5, 0.9),
}
STEM = 16
# What Keras calls a layer of either nonlinearity.
KINDS = {rectify: "re_lu", hard_swish: "activation"}


class Block(NamedTuple):
    """A row of tables 1 and 2 of the paper."""

    kernel: int
    expand: float  # channels inside over those that come in
    channels: int
    squeeze: bool
    swish: bool  # rectified otherwise
    stride: int


class Size(NamedTuple):
    """The small or the large network."""

    blocks: tuple[Block, ...]
    top: int
    parameters: dict[tuple[float, bool], int]  # of what weights are published for


SMALL = Size(
    (
        Block(3, 1, 16, True, False, 2),
        Block(3, 72 / 16, 24, False, False, 2),
        Block(3, 88 / 24, 24, False, False, 1),
        Block(5, 4, 40, True, True, 2),
        Block(5, 6, 40, True, True, 1),
        Block(5, 6, 40, True, True, 1),
        Block(5, 3, 48, True, True, 1),
        Block(5, 3, 48, True, True, 1),
        Block(5, 6, 96, True, True, 2),
        Block(5, 6, 96, True, True, 1),
        Block(5, 6, 96, True, True, 1),
    ),
    1024,
    {(0.75, False): 2_051_552, (1.0, False): 2_554_968, (1.0, True): 2_056_848},
)
LARGE = Size(
    (
        Block(3, 1, 16, False, False, 1),
        Block(3, 4, 24, False, False, 2),
        Block(3, 3, 24, False, False, 1),
        Block(5, 3, 40, True, False, 2),
        Block(5, 3, 40, True, False, 1),
        Block(5, 3, 40, True, False, 1),
        Block(3, 6, 80, False, True, 2),
        Block(3, 2.5, 80, False, True, 1),
        Block(3, 2.3, 80, False, True, 1),
        Block(3, 2.3, 80, False, True, 1),
        Block(3, 6, 112, True, True, 1),
        Block(3, 6, 112, True, True, 1),
        Block(5, 6, 160, True, True, 2),
        Block(5, 6, 160, True, True, 1),
        Block(5, 6, 160, True, True, 1),
    ),
    1280,
    {(0.75, False): 4_012_616, (1.0, False): 5_507_432, (1.0, True): 3_948_688},
)
ARGUMENTS = """
    alpha : float
        Width: the channels of every layer, of those of the paper. Keras publishes weights for
        0.75 and 1.
    minimalistic : bool
        Without squeeze-and-excitation, 5x5 filters and hard swish. Keras publishes weights for
        width 1.
    dropout_rate : float
        Share of the features that training drops in front of the classifier.
    include_preprocessing : bool
        Whether the network takes pixels from 0 to 255; otherwise the ``'tf'`` preprocessing,
        ``x / 127.5 - 1``, is left to the caller. Other styles have no preprocessing inside, and
        take pictures preprocessed the ``'torch'`` way.
    """.rstrip()


def mobilenet_v3(
    net: Network,
    x: Layer,
    options: Options,
    size: Size,
    *,
    alpha: float,
    minimalistic: bool,
    dropout_rate: float,
    include_preprocessing: bool,
    style: str,
) -> Layer:
    """Add the layers of a MobileNetV3."""
    W = options.initial()
    names = AutomaticNames()
    blocks = [simplified(block) for block in size.blocks] if minimalistic else size.blocks
    nonlinearity = rectify if minimalistic else hard_swish

    normalisation = STYLES[style]

    def activate(x, nonlinearity):
        return net.add(NonlinearityLayer(x, nonlinearity, name=names(KINDS[nonlinearity])))

    if include_preprocessing and style == "keras":
        x = net.add(RescaleLayer(x, 1 / 127.5, -1, name="rescaling"))
    pad = 1 if normalisation.symmetric else "same"
    x = net.add(Conv2DLayer(x, STEM, 3, stride=2, pad=pad, W=W, b=None, name="conv"))
    x = normalise(net, x, normalisation, "conv_bn")
    x = activate(x, nonlinearity)

    for number, block in enumerate(blocks):
        x = inverted_bottleneck(net, x, block, alpha, W, names, activate, number, normalisation)

    x = net.add(Conv2DLayer(x, divisible(6 * x.output_shape[1]), 1, W=W, b=None, name="conv_1"))
    x = normalise(net, x, normalisation, "conv_1_bn")
    x = activate(x, nonlinearity)

    if options.include_top:
        x = net.add(SqueezeLayer(x, name="global_average_pooling2d"))
        x = net.add(Conv2DLayer(x, divisible(size.top * max(alpha, 1.0)), 1, W=W, name="conv_2"))
        x = activate(x, nonlinearity)
        if dropout_rate:
            x = net.add(DropoutLayer(x, dropout_rate, name="dropout"))
        x = net.add(Conv2DLayer(x, options.classes, 1, W=W, name="logits"))
        x = net.add(FlattenLayer(x, name="flatten"))
        x = net.add(NonlinearityLayer(x, options.nonlinearity, name="predictions"))
    return x


def inverted_bottleneck(
    net: Network,
    x: Layer,
    block: Block,
    alpha: float,
    W: Initializer,
    names: AutomaticNames,
    activate,
    number: int,
    style: Style,
) -> Layer:
    """Add a block: widen, filter every channel by itself, weigh channels, narrow again."""
    name = f"expanded_conv_{number}_" if number else "expanded_conv_"
    nonlinearity = hard_swish if block.swish else rectify
    shortcut, narrow = x, x.output_shape[1]
    wide, channels = divisible(narrow * block.expand), divisible(block.channels * alpha)
    if number:
        x = net.add(Conv2DLayer(x, wide, 1, W=W, b=None, name=f"{name}expand"))
        x = normalise(net, x, style, f"{name}expand_bn")
        x = activate(x, nonlinearity)

    pad: str | int = block.kernel // 2
    if block.stride > 1 and not style.symmetric:
        pad = "valid"
        x = net.add(SamePad2DLayer(x, block.kernel, block.stride, name=f"{name}depthwise_pad"))
    x = net.add(
        DepthwiseConv2DLayer(
            x,
            block.kernel,
            block.stride,
            pad=pad,
            W=W,
            b=None,
            name=f"{name}depthwise",
        )
    )
    x = normalise(net, x, style, f"{name}depthwise_bn")
    x = activate(x, nonlinearity)

    if block.squeeze:
        x = squeeze_and_excite(net, x, divisible(wide / 4), W, names, f"{name}squeeze_excite_")

    x = net.add(Conv2DLayer(x, channels, 1, W=W, b=None, name=f"{name}project"))
    x = normalise(net, x, style, f"{name}project_bn")
    if block.stride == 1 and channels == narrow:
        x = net.add(ElemwiseSumLayer([shortcut, x], name=f"{name}add"))
    return x


def squeeze_and_excite(
    net: Network, x: Layer, squeezed: int, W: Initializer, names: AutomaticNames, name: str
) -> Layer:
    """Add weights for channels, between 0 and 1, from their averages, through `squeezed` units."""
    weights = net.add(SqueezeLayer(x, name=f"{name}avg_pool"))
    weights = net.add(Conv2DLayer(weights, squeezed, 1, W=W, name=f"{name}conv"))
    weights = net.add(NonlinearityLayer(weights, rectify, name=f"{name}relu"))
    weights = net.add(Conv2DLayer(weights, x.output_shape[1], 1, W=W, name=f"{name}conv_1"))
    weights = net.add(NonlinearityLayer(weights, hard_sigmoid, name=names("re_lu")))
    return net.add(ExciteLayer([x, weights], name=f"{name}mul"))


def normalise(net: Network, x: Layer, style: Style, name: str) -> Layer:
    return net.add(BatchNormLayer(x, style.epsilon, style.momentum, name=name))


def simplified(block: Block) -> Block:
    """The block of a minimalistic network."""
    return block._replace(kernel=3, squeeze=False, swish=False)


def describe(
    size: Size,
    which: str,
    alpha: float,
    minimalistic: bool,
    dropout_rate: float,
    include_preprocessing: bool,
    style: str,
) -> ModelRecord:
    check_width(alpha)
    check_style(style)
    padded, inside = style == "keras", include_preprocessing and style == "keras"
    check_probability(dropout_rate, "dropout_rate")
    blocks = [simplified(block) for block in size.blocks] if minimalistic else size.blocks
    # The names that Keras numbers up to the last nonlinearity of the features, and behind it.
    used = {"re_lu": 0, "activation": 0}
    for number, block in enumerate(blocks):
        used["activation" if block.swish else "re_lu"] += 2 if number else 1
        used["re_lu"] += block.squeeze
    kind = "re_lu" if minimalistic else "activation"
    last = used[kind] + 1
    return ModelRecord(
        name=f"mobilenet_v3_{which}",
        title=f"MobileNetV3{which.title()}",
        paper=PAPER,
        num_parameters=size.parameters.get((alpha, bool(minimalistic))),
        feature_layer=f"{kind}_{last}",
        feature_channels=divisible(6 * divisible(blocks[-1].channels * alpha)),
        blocks=(
            ("stem", "rescaling" if inside else "conv"),
            (
                "block_0",
                f"expanded_conv_depthwise{'_pad' if padded and blocks[0].stride > 1 else ''}",
            ),
            *((f"block_{i}", f"expanded_conv_{i}_expand") for i in range(1, len(blocks))),
            ("top", "conv_1"),
        ),
        top_layers=(
            "global_average_pooling2d",
            "conv_2",
            f"{kind}_{last + 1}",
            *(["dropout"] if dropout_rate else []),
            "logits",
            "flatten",
            "predictions",
        ),
        preprocessing="identity" if inside else "tf" if style == "keras" else "torch",
    )


def describe_small(
    alpha: float = 1.0,
    minimalistic: bool = False,
    dropout_rate: float = 0.2,
    include_preprocessing: bool = True,
    style: str = "keras",
) -> ModelRecord:
    return describe(SMALL, "small", alpha, minimalistic, dropout_rate, include_preprocessing, style)


def describe_large(
    alpha: float = 1.0,
    minimalistic: bool = False,
    dropout_rate: float = 0.2,
    include_preprocessing: bool = True,
    style: str = "keras",
) -> ModelRecord:
    return describe(LARGE, "large", alpha, minimalistic, dropout_rate, include_preprocessing, style)


VARIANTS = ({"alpha": 0.75}, {"minimalistic": True})


@register(describe_small, arguments=ARGUMENTS + STYLE_ARGUMENT, variants=VARIANTS)
def mobilenet_v3_small(net, x, options, **own):
    """MobileNetV3Small: eleven inverted bottlenecks, 2.6 million parameters at width 1."""
    return mobilenet_v3(net, x, options, SMALL, **own)


@register(describe_large, arguments=ARGUMENTS + STYLE_ARGUMENT, variants=VARIANTS)
def mobilenet_v3_large(net, x, options, **own):
    """MobileNetV3Large: fifteen inverted bottlenecks, 5.5 million parameters at width 1."""
    return mobilenet_v3(net, x, options, LARGE, **own)
