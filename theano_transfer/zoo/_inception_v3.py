"""InceptionV3: modules of parallel convolutions, large ones taken apart into small ones.

Modules, and the names of those layers that have one, are those of
``keras/src/applications/inception_v3.py``; the others are numbered as they are there. In PyTorch's
network (``torchvision/models/inception.py``) normalisation has a scale, and averages count padding.
"""

from __future__ import annotations

from lasagne.layers import Layer

from theano_transfer.zoo._inception import Conv, Inception, Module, Split, Step, average, largest
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import STYLE_ARGUMENT, Options, check_style
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = (
    "Szegedy, Vanhoucke, Ioffe, Shlens and Wojna: Rethinking the Inception Architecture for "
    "Computer Vision, CVPR 2016, https://arxiv.org/abs/1512.00567"
)


def small(pooled: int) -> Module:
    """A module of 1x1, 5x5 and two 3x3 convolutions: figure 5 of the paper."""
    return (
        [Conv(64, 1, 1)],
        [Conv(48, 1, 1), Conv(64, 5, 5)],
        [Conv(64, 1, 1), Conv(96, 3, 3), Conv(96, 3, 3)],
        [average, Conv(pooled, 1, 1)],
    )


def long(channels: int) -> Module:
    """A module whose 7x7 convolutions are rows and columns: figure 6."""
    return (
        [Conv(192, 1, 1)],
        [Conv(channels, 1, 1), Conv(channels, 1, 7), Conv(192, 7, 1)],
        [
            Conv(channels, 1, 1),
            *[Conv(channels, 7, 1), Conv(channels, 1, 7), Conv(channels, 7, 1)],
            Conv(192, 1, 7),
        ],
        [average, Conv(192, 1, 1)],
    )


def wide(first: str | None) -> Module:
    """A module whose 3x3 convolutions are rows beside columns: figure 7."""
    crossed = (Conv(384, 1, 3), Conv(384, 3, 1))
    return (
        [Conv(320, 1, 1)],
        [Conv(384, 1, 1), Split(first, crossed)],
        [Conv(448, 1, 1), Conv(384, 3, 3), Split(None, crossed)],
        [average, Conv(192, 1, 1)],
    )


STEM: list[Step] = [
    Conv(32, 3, 3, 2),
    Conv(32, 3, 3, pad="valid"),
    Conv(64, 3, 3),
    largest,
    Conv(80, 1, 1),
    Conv(192, 3, 3, pad="valid"),
    largest,
]
MODULES: dict[str, Module] = {
    "mixed0": small(32),
    "mixed1": small(64),
    "mixed2": small(64),
    "mixed3": (
        [Conv(384, 3, 3, 2)],
        [Conv(64, 1, 1), Conv(96, 3, 3), Conv(96, 3, 3, 2)],
        [largest],
    ),
    "mixed4": long(128),
    "mixed5": long(160),
    "mixed6": long(160),
    "mixed7": long(192),
    "mixed8": (
        [Conv(192, 1, 1), Conv(320, 3, 3, 2)],
        [Conv(192, 1, 1), Conv(192, 1, 7), Conv(192, 7, 1), Conv(192, 3, 3, 2)],
        [largest],
    ),
    "mixed9": wide("mixed9_0"),
    "mixed10": wide("mixed9_1"),
}
# The first convolution of the longest branch, which Keras's order begins a module with.
FIRST = (8, 15, 22, 27, 34, 44, 54, 64, 72, 80, 89)


def describe(style: str = "keras") -> ModelRecord:
    check_style(style)
    return ModelRecord(
        name="inception_v3",
        title="InceptionV3",
        paper=PAPER,
        num_parameters=23_851_784 if style == "keras" else None,
        feature_layer="mixed10",
        feature_channels=2048,
        blocks=(
            ("stem", "conv2d"),
            *((f"module{i}", f"conv2d_{number}") for i, number in enumerate(FIRST)),
        ),
        top_layers=("avg_pool", "predictions"),
        preprocessing="tf",
        input_size=299,
        min_size=75,
    )


@register(describe, arguments=STYLE_ARGUMENT)
def inception_v3(net: Network, x: Layer, options: Options, *, style: str) -> Layer:
    """InceptionV3: eleven modules, 23.9 million parameters."""
    W = options.initial()
    inception = Inception(net, W, torch=style != "keras")
    x = inception.branch(x, STEM)
    for name, branches in MODULES.items():
        x = inception.module(x, branches, name)

    return classify(net, x, options, W)
