"""Network in Network for CIFAR-10: behind each convolution two of 1x1, and nothing dense.

Layers and their names are those of the authors' model for Caffe (as of
``modelzoo/cifar10_nin.py`` in Lasagne's Recipes). Windows of poolings may hang over the edge.
"""

from __future__ import annotations

from lasagne.layers import DropoutLayer, GlobalPoolLayer, Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import Conv2DLayer, Pool2DLayer
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register

PAPER = "Lin, Chen and Yan: Network In Network, ICLR 2014, https://arxiv.org/abs/1312.4400"
DROPOUT = 0.5

RECORD = ModelRecord(
    name="nin_cifar10",
    title="Network in Network",
    paper=PAPER,
    num_parameters=966_986,
    feature_layer="cccp5",
    feature_channels=192,
    blocks=(("block1", "conv1"), ("block2", "conv2"), ("block3", "conv3")),
    top_layers=("cccp6", "pool3", "predictions"),
    preprocessing="caffe",
    input_size=32,
    min_size=8,
    classes=10,
)


@register(RECORD)
def nin_cifar10(net: Network, x: Layer, options: Options) -> Layer:
    """Network in Network for CIFAR-10: nine convolutions, 1 million parameters."""
    W = options.initial()

    def convolve(x, channels, size, name):
        return net.add(
            Conv2DLayer(x, channels, size, pad="same", W=W, nonlinearity=rectify, name=name)
        )

    x = convolve(x, 192, 5, "conv1")
    x = convolve(x, 160, 1, "cccp1")
    x = convolve(x, 96, 1, "cccp2")
    x = net.add(Pool2DLayer(x, 3, 2, pad="ceil", name="pool1"))
    x = net.add(DropoutLayer(x, DROPOUT, name="drop3"))
    x = convolve(x, 192, 5, "conv2")
    x = convolve(x, 192, 1, "cccp3")
    x = convolve(x, 192, 1, "cccp4")
    x = net.add(Pool2DLayer(x, 3, 2, pad="ceil", mode="average_exc_pad", name="pool2"))
    x = net.add(DropoutLayer(x, DROPOUT, name="drop6"))
    x = convolve(x, 192, 3, "conv3")
    x = convolve(x, 192, 1, "cccp5")

    if options.include_top:
        x = convolve(x, options.classes, 1, "cccp6")
        x = net.add(GlobalPoolLayer(x, name="pool3"))
        x = net.add(NonlinearityLayer(x, options.nonlinearity, name="predictions"))
    return x
