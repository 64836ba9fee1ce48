"""VGG16 and VGG19: blocks of 3x3 convolutions, then three dense layers.

Layer names are those of ``keras/src/applications/vgg16.py``.
"""

from __future__ import annotations

from typing import Any

from lasagne.layers import DenseLayer, FlattenLayer, Layer, get_output_shape
from lasagne.nonlinearities import rectify

from theano_transfer.layers import Conv2DLayer, Pool2DLayer
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register

PAPER = (
    "Simonyan and Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, "
    "ICLR 2015, https://arxiv.org/abs/1409.1556"
)
CHANNELS = (64, 128, 256, 512, 512)


def vgg(net: Network, x: Layer, options: Options, repeats: tuple[int, ...]) -> Layer:
    """Add the layers of a VGG whose blocks have `repeats` convolutions."""
    W = options.initial()
    for block, (repeat, channels) in enumerate(zip(repeats, CHANNELS), start=1):
        for i in range(1, repeat + 1):
            name = f"block{block}_conv{i}"
            x = net.add(
                Conv2DLayer(x, channels, 3, pad="same", W=W, nonlinearity=rectify, name=name)
            )
        x = net.add(Pool2DLayer(x, 2, name=f"block{block}_pool"))

    if options.include_top:
        check_flattened_size(net, x, options)
        x = net.add(FlattenLayer(x, name="flatten"))
        x = net.add(DenseLayer(x, 4096, W=W, nonlinearity=rectify, name="fc1"))
        x = net.add(DenseLayer(x, 4096, W=W, nonlinearity=rectify, name="fc2"))
        x = net.add(
            DenseLayer(
                x, options.classes, W=W, nonlinearity=options.nonlinearity, name="predictions"
            )
        )
    return x


def check_flattened_size(net: Network, x: Layer, options: Options) -> None:
    """The weights of the first dense layer depend on the size of the maps that it flattens."""
    record: Any = net.record
    if None in x.output_shape[2:]:
        raise ValueError(
            f"the classifier of {record.title} needs images of known size; got "
            f"input_shape={options.input_shape}. Give the size, or use include_top=False"
        )
    published = get_output_shape(x, {net["input"]: (None, *record.input_shape)})
    if options.weights == "imagenet" and x.output_shape[2:] != published[2:]:
        raise ValueError(
            f"the ImageNet classifier of {record.title} takes images of {record.input_shape}; got "
            f"input_shape={options.input_shape}. For another size use include_top=False"
        )


def describe(name: str, repeats: tuple[int, ...], num_parameters: int) -> ModelRecord:
    return ModelRecord(
        name=name,
        title=name.upper(),
        paper=PAPER,
        num_parameters=num_parameters,
        feature_layer="block5_pool",
        feature_channels=CHANNELS[-1],
        blocks=tuple((f"block{i}", f"block{i}_conv1") for i in range(1, len(repeats) + 1)),
        top_layers=("flatten", "fc1", "fc2", "predictions"),
        preprocessing="caffe",
    )


VGG16 = (2, 2, 3, 3, 3)
VGG19 = (2, 2, 4, 4, 4)


@register(describe("vgg16", VGG16, num_parameters=138_357_544), any_size=False)
def vgg16(net, x, options):
    """VGG16: thirteen convolutions and three dense layers (configuration D of the paper)."""
    return vgg(net, x, options, VGG16)


@register(describe("vgg19", VGG19, num_parameters=143_667_240), any_size=False)
def vgg19(net, x, options):
    """VGG19: sixteen convolutions and three dense layers (configuration E of the paper)."""
    return vgg(net, x, options, VGG19)
