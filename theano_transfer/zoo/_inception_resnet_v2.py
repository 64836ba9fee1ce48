"""InceptionResNetV2: modules of parallel convolutions that correct what passes them by.

Modules, and the names of those layers that have one, are those of
``keras/src/applications/inception_resnet_v2.py``; the others are numbered as they are there.
"""

from __future__ import annotations

from lasagne.layers import ElemwiseSumLayer, Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import Conv2DLayer
from theano_transfer.zoo._inception import Conv, Inception, Module, Step, average, largest
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._top import classify

PAPER = (
    "Szegedy, Ioffe, Vanhoucke and Alemi: Inception-v4, Inception-ResNet and the Impact of "
    "Residual Connections on Learning, AAAI 2017, https://arxiv.org/abs/1602.07261"
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
MIXED_5B: Module = (
    [Conv(96, 1, 1)],
    [Conv(48, 1, 1), Conv(64, 5, 5)],
    [Conv(64, 1, 1), Conv(96, 3, 3), Conv(96, 3, 3)],
    [average, Conv(64, 1, 1)],
)
BLOCK35: Module = (
    [Conv(32, 1, 1)],
    [Conv(32, 1, 1), Conv(32, 3, 3)],
    [Conv(32, 1, 1), Conv(48, 3, 3), Conv(64, 3, 3)],
)
MIXED_6A: Module = (
    [Conv(384, 3, 3, 2)],
    [Conv(256, 1, 1), Conv(256, 3, 3), Conv(384, 3, 3, 2)],
    [largest],
)
BLOCK17: Module = (
    [Conv(192, 1, 1)],
    [Conv(128, 1, 1), Conv(160, 1, 7), Conv(192, 7, 1)],
)
MIXED_7A: Module = (
    [Conv(256, 1, 1), Conv(384, 3, 3, 2)],
    [Conv(256, 1, 1), Conv(288, 3, 3, 2)],
    [Conv(256, 1, 1), Conv(288, 3, 3), Conv(320, 3, 3, 2)],
    [largest],
)
BLOCK8: Module = (
    [Conv(192, 1, 1)],
    [Conv(192, 1, 1), Conv(224, 1, 3), Conv(256, 3, 1)],
)
TOP = 1536

RECORD = ModelRecord(
    name="inception_resnet_v2",
    title="InceptionResNetV2",
    paper=PAPER,
    num_parameters=55_873_736,
    feature_layer="conv_7b_ac",
    feature_channels=TOP,
    # Of each module, the first convolution of its longest branch: Keras's order begins with it.
    blocks=(
        ("stem", "conv2d"),
        ("module_5b", "conv2d_8"),
        *((f"block35_{i}", f"conv2d_{9 + 6 * i}") for i in range(1, 11)),
        ("module_6a", "conv2d_73"),
        *((f"block17_{i}", f"conv2d_{73 + 4 * i}") for i in range(1, 21)),
        ("module_7a", "conv2d_160"),
        *((f"block8_{i}", f"conv2d_{160 + 4 * i}") for i in range(1, 11)),
        ("top", "conv_7b"),
    ),
    top_layers=("avg_pool", "predictions"),
    preprocessing="tf",
    input_size=299,
    min_size=75,
)


@register(RECORD)
def inception_resnet_v2(net: Network, x: Layer, options: Options) -> Layer:
    """InceptionResNetV2: forty residual modules, 55.9 million parameters."""
    W = options.initial()
    inception = Inception(net, W)
    x = inception.branch(x, STEM)
    x = inception.module(x, MIXED_5B, "mixed_5b")
    for i in range(1, 11):
        x = residual(inception, x, BLOCK35, 0.17, f"block35_{i}")
    x = inception.module(x, MIXED_6A, "mixed_6a")
    for i in range(1, 21):
        x = residual(inception, x, BLOCK17, 0.1, f"block17_{i}")
    x = inception.module(x, MIXED_7A, "mixed_7a")
    for i in range(1, 10):
        x = residual(inception, x, BLOCK8, 0.2, f"block8_{i}")
    x = residual(inception, x, BLOCK8, 1.0, "block8_10", rectified=False)
    x = inception.convolve(x, Conv(TOP, 1, 1), "conv_7b")

    return classify(net, x, options, W)


def residual(
    inception: Inception,
    x: Layer,
    branches: Module,
    scale: float,
    name: str,
    *,
    rectified: bool = True,
) -> Layer:
    """Add a module, and `scale` of what it makes to what came in."""
    net = inception.net
    made = inception.module(x, branches, f"{name}_mixed")
    made = net.add(Conv2DLayer(made, x.output_shape[1], 1, W=inception.W, name=f"{name}_conv"))
    called = inception.names("custom_scale_layer")
    x = net.add(ElemwiseSumLayer([x, made], [1, scale], name=called))
    return net.add(NonlinearityLayer(x, rectify, name=f"{name}_ac")) if rectified else x
