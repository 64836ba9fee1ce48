"""CaffeNet: AlexNet as Caffe's reference model has it, pooling before it normalises.

Layers and their names are those of Caffe's ``bvlc_reference_caffenet`` and of
``modelzoo/caffe_reference.py`` in Lasagne's Recipes. Halves of the network that once lay on two
graphics cards are convolutions in two groups.
"""

from __future__ import annotations

from lasagne.layers import DenseLayer, DropoutLayer, FlattenLayer, Layer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import Conv2DLayer, LocalResponseNormLayer, Pool2DLayer
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register
from theano_transfer.zoo._vgg import check_flattened_size

PAPER = (
    "Krizhevsky, Sutskever and Hinton: ImageNet Classification with Deep Convolutional Neural "
    "Networks, NIPS 2012, https://papers.nips.cc/paper/4824; Jia et al.: Caffe: Convolutional "
    "Architecture for Fast Feature Embedding, 2014, https://arxiv.org/abs/1408.5093"
)
ALPHA = 1e-4 / 5  # of the normalisation
DROPOUT = 0.5

RECORD = ModelRecord(
    name="caffenet",
    title="CaffeNet",
    paper=PAPER,
    num_parameters=60_965_224,
    feature_layer="pool5",
    feature_channels=256,
    blocks=tuple((f"block{i}", f"conv{i}") for i in range(1, 6)),
    top_layers=("flatten", "fc6", "drop6", "fc7", "drop7", "predictions"),
    preprocessing="caffe",
    input_size=227,
    min_size=63,
)


@register(RECORD, any_size=False)
def caffenet(net: Network, x: Layer, options: Options) -> Layer:
    """CaffeNet: five convolutions and three dense layers, 61 million parameters."""
    W = options.initial()

    def convolve(x, channels, size, name, **options):
        return net.add(
            Conv2DLayer(x, channels, size, W=W, nonlinearity=rectify, name=name, **options)
        )

    x = convolve(x, 96, 11, "conv1", stride=4)
    x = net.add(Pool2DLayer(x, 3, 2, pad="ceil", name="pool1"))
    x = net.add(LocalResponseNormLayer(x, ALPHA, k=1.0, name="norm1"))
    x = convolve(x, 256, 5, "conv2", pad=2, groups=2)
    x = net.add(Pool2DLayer(x, 3, 2, pad="ceil", name="pool2"))
    x = net.add(LocalResponseNormLayer(x, ALPHA, k=1.0, name="norm2"))
    x = convolve(x, 384, 3, "conv3", pad=1)
    x = convolve(x, 384, 3, "conv4", pad=1, groups=2)
    x = convolve(x, 256, 3, "conv5", pad=1, groups=2)
    x = net.add(Pool2DLayer(x, 3, 2, pad="ceil", name="pool5"))

    if options.include_top:
        check_flattened_size(net, x, options)
        x = net.add(FlattenLayer(x, name="flatten"))
        for number in (6, 7):
            x = net.add(DenseLayer(x, 4096, W=W, nonlinearity=rectify, name=f"fc{number}"))
            x = net.add(DropoutLayer(x, DROPOUT, name=f"drop{number}"))
        x = net.add(
            DenseLayer(
                x, options.classes, W=W, nonlinearity=options.nonlinearity, name="predictions"
            )
        )
    return x
