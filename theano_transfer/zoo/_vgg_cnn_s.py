"""VGG-CNN-S: five convolutions, the slow and accurate one of the Devil-in-the-Details networks.

Layers and their names are those of the authors' model for Caffe (as of ``modelzoo/vgg_cnn_s.py`` in
Lasagne's Recipes). Windows of poolings may hang over the edge.
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
    "Chatfield, Simonyan, Vedaldi and Zisserman: Return of the Devil in the Details: Delving Deep "
    "into Convolutional Nets, BMVC 2014, https://arxiv.org/abs/1405.3531"
)
ALPHA = 5e-4 / 5  # of the normalisation
DROPOUT = 0.5

RECORD = ModelRecord(
    name="vgg_cnn_s",
    title="VGG-CNN-S",
    paper=PAPER,
    num_parameters=102_908_520,
    feature_layer="pool5",
    feature_channels=512,
    blocks=tuple((f"block{i}", f"conv{i}") for i in range(1, 6)),
    top_layers=("flatten", "fc6", "drop6", "fc7", "drop7", "predictions"),
    preprocessing="caffe",
    min_size=69,
)


@register(RECORD, any_size=False)
def vgg_cnn_s(net: Network, x: Layer, options: Options) -> Layer:
    """VGG-CNN-S: five convolutions and three dense layers, 103 million parameters."""
    W = options.initial()

    def convolve(x, channels, size, name, **options):
        return net.add(
            Conv2DLayer(x, channels, size, W=W, nonlinearity=rectify, name=name, **options)
        )

    x = convolve(x, 96, 7, "conv1", stride=2)
    x = net.add(LocalResponseNormLayer(x, ALPHA, k=2.0, name="norm1"))
    x = net.add(Pool2DLayer(x, 3, 3, pad="ceil", name="pool1"))
    x = convolve(x, 256, 5, "conv2")
    x = net.add(Pool2DLayer(x, 2, 2, pad="ceil", name="pool2"))
    for number in (3, 4, 5):
        x = convolve(x, 512, 3, f"conv{number}", pad=1)
    x = net.add(Pool2DLayer(x, 3, 3, pad="ceil", name="pool5"))

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
