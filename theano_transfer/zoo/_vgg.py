"""VGG11 to VGG19: blocks of 3x3 convolutions, then three dense layers.

Layer names are those of ``keras/src/applications/vgg16.py``. The shallow ones, and those with batch
normalisation behind each convolution, are in ``torchvision/models/vgg.py`` alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lasagne.layers import DenseLayer, FlattenLayer, Layer, NonlinearityLayer, get_output_shape
from lasagne.nonlinearities import rectify

from theano_transfer.layers import BatchNormLayer, Conv2DLayer, Pool2DLayer
from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options, check_style
from theano_transfer.zoo._record import ModelRecord
from theano_transfer.zoo._registry import register

PAPER = (
    "Simonyan and Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, "
    "ICLR 2015, https://arxiv.org/abs/1409.1556"
)
ARGUMENTS = """
    style : 'keras', 'torchvision' or 'timm'
        Whose weights it is for. The layers are the same; those of torchvision and timm were
        trained with pictures preprocessed the ``'torch'`` way.
    """
CHANNELS = (64, 128, 256, 512, 512)
EPSILON, MOMENTUM = 1e-5, 0.9  # torchvision's


class Configuration(NamedTuple):
    """A column of table 1 of the paper: convolutions of each block."""

    repeats: tuple[int, ...]
    num_parameters: int
    normalised: bool = False


A = Configuration((1, 1, 2, 2, 2), 132_863_336)
B = Configuration((2, 2, 2, 2, 2), 133_047_848)
D = Configuration((2, 2, 3, 3, 3), 138_357_544)
E = Configuration((2, 2, 4, 4, 4), 143_667_240)
A_BN = Configuration(A.repeats, 132_874_344, normalised=True)
B_BN = Configuration(B.repeats, 133_059_624, normalised=True)
D_BN = Configuration(D.repeats, 138_374_440, normalised=True)
E_BN = Configuration(E.repeats, 143_689_256, normalised=True)


def vgg(net: Network, x: Layer, options: Options, configuration: Configuration) -> Layer:
    """Add the layers of a VGG."""
    W = options.initial()
    for block, (repeat, channels) in enumerate(zip(configuration.repeats, CHANNELS), start=1):
        for i in range(1, repeat + 1):
            name = f"block{block}_conv{i}"
            if configuration.normalised:
                x = net.add(Conv2DLayer(x, channels, 3, pad="same", W=W, name=name))
                x = net.add(BatchNormLayer(x, EPSILON, MOMENTUM, name=f"{name}_bn"))
                x = net.add(NonlinearityLayer(x, rectify, name=f"{name}_relu"))
            else:
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


def describe(name: str, configuration: Configuration, preprocessing: str = "torch") -> ModelRecord:
    return ModelRecord(
        name=name,
        title=name.upper().replace("_BN", "-BN"),
        paper=PAPER,
        num_parameters=configuration.num_parameters,
        feature_layer="block5_pool",
        feature_channels=CHANNELS[-1],
        blocks=tuple(
            (f"block{i}", f"block{i}_conv1") for i in range(1, len(configuration.repeats) + 1)
        ),
        top_layers=("flatten", "fc1", "fc2", "predictions"),
        preprocessing=preprocessing,
    )


def preprocessing_of(style: str) -> str:
    """How pictures are prepared for the weights of a style."""
    check_style(style)
    return "caffe" if style == "keras" else "torch"


def describe16(style: str = "keras") -> ModelRecord:
    return describe("vgg16", D, preprocessing_of(style))


def describe19(style: str = "keras") -> ModelRecord:
    return describe("vgg19", E, preprocessing_of(style))


@register(describe("vgg11", A), any_size=False)
def vgg11(net, x, options):
    """VGG11: eight convolutions and three dense layers (configuration A of the paper)."""
    return vgg(net, x, options, A)


@register(describe("vgg13", B), any_size=False)
def vgg13(net, x, options):
    """VGG13: ten convolutions and three dense layers (configuration B of the paper)."""
    return vgg(net, x, options, B)


@register(describe16, any_size=False, arguments=ARGUMENTS)
def vgg16(net, x, options, *, style):
    """VGG16: thirteen convolutions and three dense layers (configuration D of the paper)."""
    return vgg(net, x, options, D)


@register(describe19, any_size=False, arguments=ARGUMENTS)
def vgg19(net, x, options, *, style):
    """VGG19: sixteen convolutions and three dense layers (configuration E of the paper)."""
    return vgg(net, x, options, E)


@register(describe("vgg11_bn", A_BN), any_size=False)
def vgg11_bn(net, x, options):
    """VGG11 with batch normalisation behind each of its eight convolutions."""
    return vgg(net, x, options, A_BN)


@register(describe("vgg13_bn", B_BN), any_size=False)
def vgg13_bn(net, x, options):
    """VGG13 with batch normalisation behind each of its ten convolutions."""
    return vgg(net, x, options, B_BN)


@register(describe("vgg16_bn", D_BN), any_size=False)
def vgg16_bn(net, x, options):
    """VGG16 with batch normalisation behind each of its thirteen convolutions."""
    return vgg(net, x, options, D_BN)


@register(describe("vgg19_bn", E_BN), any_size=False)
def vgg19_bn(net, x, options):
    """VGG19 with batch normalisation behind each of its sixteen convolutions."""
    return vgg(net, x, options, E_BN)
