"""SqueezeNet 1.0 and 1.1: few 1x1 filters feed many 1x1 and 3x3 ones, and nothing is dense.

Numbers and poolings, whose last window may hang over, are those of the authors
(https://github.com/forresti/SqueezeNet) and of torchvision; layers have the authors' names with
underscores for slashes.
"""

from __future__ import annotations

from typing import NamedTuple

from lasagne.init import Initializer
from lasagne.layers import DropoutLayer, GlobalPoolLayer, Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import ConcatChannelsLayer, Conv2DLayer, Pool2DLayer
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register

PAPER = (
    "Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer: SqueezeNet: AlexNet-level accuracy with "
    "50x fewer parameters and <0.5MB model size, 2016, https://arxiv.org/abs/1602.07360"
)
DROPOUT = 0.5


class Version(NamedTuple):
    """The first convolution, and filters that squeeze between one pooling and the next."""

    channels: int
    window: int
    fires: tuple[tuple[int, ...], ...]
    num_parameters: int


V1_0 = Version(96, 7, ((16, 16, 32), (32, 48, 48, 64), (64,)), 1_248_424)
V1_1 = Version(64, 3, ((16, 16), (32, 32), (48, 48, 64, 64)), 1_235_496)


def squeezenet(net: Network, x: Layer, options: Options, version: Version) -> Layer:
    """Add the layers of a SqueezeNet."""
    W = options.initial()
    x = net.add(
        Conv2DLayer(x, version.channels, version.window, 2, W=W, nonlinearity=rectify, name="conv1")
    )
    number = 2
    for stage, fires in enumerate(version.fires, start=1):
        x = net.add(Pool2DLayer(x, 3, 2, pad="ceil", name=f"pool{stage}"))
        for squeezed in fires:
            x = fire(net, x, squeezed, W, f"fire{number}_")
            number += 1

    if options.include_top:
        x = net.add(DropoutLayer(x, DROPOUT, name="dropout"))
        x = net.add(Conv2DLayer(x, options.classes, 1, W=W, nonlinearity=rectify, name="conv10"))
        x = net.add(GlobalPoolLayer(x, name="avg_pool"))
        x = net.add(NonlinearityLayer(x, options.nonlinearity, name="predictions"))
    return x


def fire(net: Network, x: Layer, squeezed: int, W: Initializer, name: str) -> Layer:
    """Add a module: squeeze channels, then four times as many by 1x1 and as many by 3x3."""
    x = net.add(Conv2DLayer(x, squeezed, 1, W=W, nonlinearity=rectify, name=f"{name}squeeze1x1"))
    made = [
        net.add(
            Conv2DLayer(
                x,
                4 * squeezed,
                size,
                pad="same",
                W=W,
                nonlinearity=rectify,
                name=f"{name}expand{size}x{size}",
            )
        )
        for size in (1, 3)
    ]
    return net.add(ConcatChannelsLayer(made, name=f"{name}concat"))


def describe(name: str, version: Version) -> ModelRecord:
    starts = [2 + sum(map(len, version.fires[:stage])) for stage in range(len(version.fires))]
    return ModelRecord(
        name=name,
        title=name.replace("squeezenet", "SqueezeNet ").replace("_", "."),
        paper=PAPER,
        num_parameters=version.num_parameters,
        feature_layer="fire9_concat",
        feature_channels=8 * version.fires[-1][-1],
        blocks=(
            ("conv1", "conv1"),
            *((f"stage{i}", f"fire{first}_squeeze1x1") for i, first in enumerate(starts, start=1)),
        ),
        top_layers=("dropout", "conv10", "avg_pool", "predictions"),
        preprocessing="torch",
    )


@register(describe("squeezenet1_0", V1_0))
def squeezenet1_0(net, x, options):
    """SqueezeNet 1.0: eight fire modules, as in the paper."""
    return squeezenet(net, x, options, V1_0)


@register(describe("squeezenet1_1", V1_1))
def squeezenet1_1(net, x, options):
    """SqueezeNet 1.1: eight fire modules, 2.4 times less to compute than in the paper."""
    return squeezenet(net, x, options, V1_1)
