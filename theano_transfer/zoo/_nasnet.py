"""NASNetMobile: cells found by search, each fed by the two before it.

Cells and layer names are those of ``keras/src/applications/nasnet.py``.
"""

from __future__ import annotations

from typing import NamedTuple

from lasagne.init import Initializer
from lasagne.layers import (
    ElemwiseSumLayer,
    Layer,
    NonlinearityLayer,
)
from lasagne.nonlinearities import rectify

from theano_transfer.layers import (
    BatchNormLayer,
    ConcatChannelsLayer,
    Conv2DLayer,
    Crop2DLayer,
    Pool2DLayer,
    SamePad2DLayer,
    SeparableConv2DLayer,
    ZeroPad2DLayer,
)
from theano_transfer.zoo._names import AutomaticNames
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = (
    "Zoph, Vasudevan, Shlens and Le: Learning Transferable Architectures for Scalable Image "
    "Recognition, CVPR 2018, https://arxiv.org/abs/1707.07012"
)
MOMENTUM = 0.9997
STEM = 32
CHANNELS = 44  # of the branches of a cell in the first stack; twice as many in each further one
REPEATS = 4  # normal cells in each of the three stacks
FEATURES = 1056

RECORD = ModelRecord(
    name="nasnet_mobile",
    title="NASNetMobile",
    paper=PAPER,
    num_parameters=5_326_716,
    feature_layer="activation_187",
    feature_channels=FEATURES,
    blocks=(
        ("stem", "stem_conv1"),
        ("stack1", "adjust_avg_pool_1_0"),
        ("stack2", "activation_70"),
        ("stack3", "activation_129"),
    ),
    top_layers=("global_average_pooling2d", "predictions"),
    preprocessing="tf",
)


class Maps(NamedTuple):
    """What a cell makes, and how often it was halved."""

    layer: Layer
    halved: int


@register(RECORD)
def nasnet_mobile(net: Network, x: Layer, options: Options) -> Layer:
    """NASNetMobile: twelve normal and four reducing cells, 5.3 million parameters."""
    cells = Cells(net, options.initial())
    x = net.add(Conv2DLayer(x, STEM, 3, stride=2, W=cells.W, b=None, name="stem_conv1"))
    maps = before = Maps(cells.normalise(x, "stem_bn1"), 0)

    maps, before = cells.reduce(maps, before, CHANNELS // 4, "stem_1"), maps
    maps, before = cells.reduce(maps, before, CHANNELS // 2, "stem_2"), maps
    for stack in range(3):
        channels, done = CHANNELS * 2**stack, stack * REPEATS
        if stack:
            maps, before = cells.reduce(maps, before, channels, f"reduce_{done}"), maps
        for i in range(REPEATS):
            cell = str(done + i + 1 if stack else i)
            maps, before = cells.normal(maps, before, channels, cell), maps

    x = cells.rectify(maps.layer)
    return classify(net, x, options, cells.W, pool="global_average_pooling2d")


class Cells:
    """Adds cells to a network, and names their layers as Keras would.

    Parameters
    ----------
    net : Network
    W : Initializer
    """

    def __init__(self, net: Network, W: Initializer):
        self.net, self.W, self.names = net, W, AutomaticNames()

    def normal(self, maps: Maps, before: Maps, channels: int, cell: str) -> Maps:
        """Add a cell that keeps the size: figure 4 of the paper, left."""
        p = self.adjust(before, maps, channels, cell)
        h = self.project(maps.layer, channels, f"normal_conv_1_{cell}", f"normal_bn_1_{cell}")

        x1 = self.add(
            self.separable(h, channels, 5, f"normal_left1_{cell}"),
            self.separable(p, channels, 3, f"normal_right1_{cell}"),
            f"normal_add_1_{cell}",
        )
        x2 = self.add(
            self.separable(p, channels, 5, f"normal_left2_{cell}"),
            self.separable(p, channels, 3, f"normal_right2_{cell}"),
            f"normal_add_2_{cell}",
        )
        x3 = self.add(self.average(h, f"normal_left3_{cell}"), p, f"normal_add_3_{cell}")
        x4 = self.add(
            self.average(p, f"normal_left4_{cell}"),
            self.average(p, f"normal_right4_{cell}"),
            f"normal_add_4_{cell}",
        )
        x5 = self.add(
            self.separable(h, channels, 3, f"normal_left5_{cell}"), h, f"normal_add_5_{cell}"
        )
        name = f"normal_concat_{cell}"
        return Maps(
            self.net.add(ConcatChannelsLayer([p, x1, x2, x3, x4, x5], name=name)), maps.halved
        )

    def reduce(self, maps: Maps, before: Maps, channels: int, cell: str) -> Maps:
        """Add a cell that halves the size: figure 4, right."""
        p = self.adjust(before, maps, channels, cell)
        h = self.project(maps.layer, channels, f"reduction_conv_1_{cell}", f"reduction_bn_1_{cell}")
        padded = self.net.add(SamePad2DLayer(h, 3, 2, name=f"reduction_pad_1_{cell}"))

        x1 = self.add(
            self.separable(h, channels, 5, f"reduction_left1_{cell}", stride=2),
            self.separable(p, channels, 7, f"reduction_right1_{cell}", stride=2),
            f"reduction_add_1_{cell}",
        )
        x2 = self.add(
            self.net.add(Pool2DLayer(padded, 3, 2, name=f"reduction_left2_{cell}")),
            self.separable(p, channels, 7, f"reduction_right2_{cell}", stride=2),
            f"reduction_add_2_{cell}",
        )
        # The zeros around them count in these averages.
        name = f"reduction_left3_{cell}"
        x3 = self.add(
            self.net.add(Pool2DLayer(padded, 3, 2, mode="average_exc_pad", name=name)),
            self.separable(p, channels, 5, f"reduction_right3_{cell}", stride=2),
            f"reduction_add3_{cell}",
        )
        x4 = self.add(x2, self.average(x1, f"reduction_left4_{cell}"), self.names("add"))
        x5 = self.add(
            self.separable(x1, channels, 3, f"reduction_left4_{cell}"),
            self.net.add(Pool2DLayer(padded, 3, 2, name=f"reduction_right5_{cell}")),
            f"reduction_add4_{cell}",
        )
        name = f"reduction_concat_{cell}"
        x = self.net.add(ConcatChannelsLayer([x2, x3, x4, x5], name=name))
        return Maps(x, maps.halved + 1)

    def adjust(self, before: Maps, maps: Maps, channels: int, cell: str) -> Layer:
        """Bring what the cell before last made to the size of the last, and to `channels`."""
        p = before.layer
        if before.halved != maps.halved:
            p = self.net.add(NonlinearityLayer(p, rectify, name=f"adjust_relu_1_{cell}"))
            shifted = self.net.add(
                ZeroPad2DLayer(p, ((0, 1), (0, 1)), name=self.names("zero_padding2d"))
            )
            shifted = self.net.add(
                Crop2DLayer(shifted, ((1, 0), (1, 0)), name=self.names("cropping2d"))
            )
            halves = []
            for number, pixels in enumerate((p, shifted), start=1):
                name = f"adjust_avg_pool_{number}_{cell}"
                pixels = self.net.add(Pool2DLayer(pixels, 1, 2, mode="average_exc_pad", name=name))
                name = f"adjust_conv_{number}_{cell}"
                halves.append(
                    self.net.add(Conv2DLayer(pixels, channels // 2, 1, W=self.W, b=None, name=name))
                )
            p = self.net.add(ConcatChannelsLayer(halves, name=self.names("concatenate")))
            return self.normalise(p, f"adjust_bn_{cell}")
        if before.layer is not maps.layer and p.output_shape[1] != channels:
            name = f"adjust_conv_projection_{cell}"
            return self.project(p, channels, name, f"adjust_bn_{cell}")
        return p

    def project(self, x: Layer, channels: int, name: str, normalised: str) -> Layer:
        """Add relu, a 1x1 convolution and its normalisation."""
        x = self.rectify(x)
        x = self.net.add(Conv2DLayer(x, channels, 1, W=self.W, b=None, name=name))
        return self.normalise(x, normalised)

    def separable(self, x: Layer, channels: int, size: int, name: str, *, stride: int = 1) -> Layer:
        """Add relu, a separable convolution and its normalisation, twice."""
        for number in (1, 2):
            x = self.rectify(x)
            strided = number == 1 and stride > 1
            if strided:
                x = self.net.add(
                    SamePad2DLayer(x, size, stride, name=f"separable_conv_1_pad_{name}")
                )
            x = self.net.add(
                SeparableConv2DLayer(
                    x,
                    channels,
                    size,
                    stride if strided else 1,
                    pad="valid" if strided else "same",
                    W=self.W,
                    pointwise=self.W,
                    b=None,
                    name=f"separable_conv_{number}_{name}",
                )
            )
            x = self.normalise(x, f"separable_conv_{number}_bn_{name}")
        return x

    def average(self, x: Layer, name: str) -> Layer:
        return self.net.add(Pool2DLayer(x, 3, 1, pad="same", mode="average_exc_pad", name=name))

    def add(self, x: Layer, y: Layer, name: str) -> Layer:
        return self.net.add(ElemwiseSumLayer([x, y], name=name))

    def rectify(self, x: Layer) -> Layer:
        return self.net.add(NonlinearityLayer(x, rectify, name=self.names("activation")))

    def normalise(self, x: Layer, name: str) -> Layer:
        return self.net.add(BatchNormLayer(x, momentum=MOMENTUM, name=name))
