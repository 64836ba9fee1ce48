"""Lasagne layers for Keras's: the list of classes that a model may be made of.

A builder gets what feeds the layer, its checked arguments, the initialiser that stands for its
arrays, and its name. Whatever is not in ``BUILDERS`` is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import theano.tensor as T
from lasagne.init import Initializer
from lasagne.layers import (
    ConcatLayer,
    DenseLayer,
    DimshuffleLayer,
    DropoutLayer,
    ElemwiseMergeLayer,
    ElemwiseSumLayer,
    FlattenLayer,
    GaussianNoiseLayer,
    GlobalPoolLayer,
    Layer,
    NonlinearityLayer,
)
from lasagne.nonlinearities import LeakyRectify, identity, rectify, softmax

from ..layers import (
    BatchNormLayer,
    ChannelsLastFlattenLayer,
    ConcatChannelsLayer,
    Conv2DLayer,
    Crop2DLayer,
    DepthwiseConv2DLayer,
    ExciteLayer,
    Pool2DLayer,
    RescaleLayer,
    SeparableConv2DLayer,
    SqueezeLayer,
    StandardizeLayer,
    StochasticDepthLayer,
    ZeroPad2DLayer,
    relu6,
)
from ._keras_arguments import Arguments, elu, softmax_of_maps
from ._keras_config import ConfigError

IMAGES = 4  # axes
ROWS = 2


class Stored(Initializer):
    """Zeros in place of arrays that will be read, of sizes that the file has for the layer.

    So a configuration cannot ask for more memory than the file brings numbers.
    """

    def __init__(self, a: Arguments, shapes: Collection[tuple[int, ...]]) -> None:
        self._a = a
        self._sizes = {math.prod(shape) for shape in shapes}

    def sample(self, shape: tuple[int, ...]) -> np.ndarray:
        if math.prod(shape) not in self._sizes:
            found = sorted(self._sizes)
            raise self._a.unsupported(
                f"an array of shape {shape} is configured, the file has arrays of {found} numbers"
            )
        return np.zeros(shape, "float32")


def build(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    """The Lasagne layer for one of Keras's.

    Parameters
    ----------
    x
        Layers and numbers that it is called with.
    a
        Its arguments.
    W
        Stands for its arrays.
    name

    Raises
    ------
    ConfigError
        The class is not on the list, an argument is not supported, or its input does not fit.
    """
    if a.layer.custom and a.kind not in ALSO_CUSTOM:
        raise a.unsupported(
            f"its class is not Keras's own ({a.layer.custom}); custom layers are not rebuilt"
        )
    if a.kind in MERGES:
        builder, several = MERGES[a.kind], True
    elif a.kind in BUILDERS:
        builder, several = BUILDERS[a.kind], False
    else:
        raise a.unsupported(_why_not(a.kind))
    if not several and (len(x) != 1 or not isinstance(x[0], Layer)):
        raise a.unsupported(f"one input was expected, it has {len(x)}")
    try:
        return builder(x if several else x[0], a, W, name)
    except ConfigError:
        raise
    except (ValueError, TypeError, AssertionError) as error:
        raise a.unsupported(str(error)) from error


def _why_not(kind: str) -> str:
    if kind == "Lambda" or kind.endswith("Lambda"):
        return "it holds code of its own, which is never executed; replace it and save again"
    return "no layer of this class is known here"


def _conv(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return Conv2DLayer(
        x,
        a.whole("filters"),
        a.pair("kernel_size"),
        a.pair("strides", 1),
        pad=a.padding(),
        dilation=a.pair("dilation_rate", 1),
        groups=a.whole("groups", 1),
        W=W,
        b=_bias(a, W),
        nonlinearity=_of_maps(a),
        name=name,
    )


def _depthwise(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return DepthwiseConv2DLayer(
        x,
        a.pair("kernel_size"),
        a.pair("strides", 1),
        multiplier=a.whole("depth_multiplier", 1),
        pad=a.padding(),
        dilation=a.pair("dilation_rate", 1),
        W=W,
        b=_bias(a, W),
        nonlinearity=_of_maps(a),
        name=name,
    )


def _separable(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return SeparableConv2DLayer(
        x,
        a.whole("filters"),
        a.pair("kernel_size"),
        a.pair("strides", 1),
        multiplier=a.whole("depth_multiplier", 1),
        pad=a.padding(),
        dilation=a.pair("dilation_rate", 1),
        W=W,
        pointwise=W,
        b=_bias(a, W),
        nonlinearity=_of_maps(a),
        name=name,
    )


def _dense(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    _expect_axes(x, a, ROWS)
    return DenseLayer(
        x,
        a.whole("units"),
        W=W,
        b=_bias(a, W),
        nonlinearity=a.activation(),
        name=name,
    )


def _batch_norm(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    _expect_channels(x, a)
    if a.whole("mode", 0) != 0 or a.flag("renorm", False):
        raise a.unsupported("only the usual normalisation over batch, rows and columns is known")
    return BatchNormLayer(
        x,
        epsilon=a.number("epsilon", 1e-3),
        momentum=a.number("momentum", 0.99),
        gamma=W if a.flag("scale", True) else None,
        beta=W if a.flag("center", True) else None,
        mean=W,
        var=W,
        name=name,
    )


def _standardize(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    _expect_channels(x, a)
    if a.flag("invert", False):
        raise a.refusal("invert", True)
    if not a.has("mean"):
        return StandardizeLayer(x, mean=W, var=W, name=name)
    mean, var = np.asarray(a.numbers("mean", 0)), np.asarray(a.numbers("variance", 1))
    deviation = np.maximum(np.sqrt(var), 1e-7)
    scale, offset = np.broadcast_arrays(1 / deviation, -mean / deviation)
    return RescaleLayer(x, np.ravel(scale), np.ravel(offset), name=name)


def _rescale(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return RescaleLayer(x, a.numbers("scale", 1), a.numbers("offset", 0), name=name)


def _pooling(mode: str) -> Callable[..., Layer]:
    def pool(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
        size = a.pair("pool_size", 2)
        strides = a.pair("strides", size)
        return Pool2DLayer(x, size, strides, pad=a.padding(), mode=mode, name=name)

    return pool


def _global_pooling(function: Callable[..., Any]) -> Callable[..., Layer]:
    def pool(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
        _expect_axes(x, a, IMAGES)
        kind = SqueezeLayer if a.flag("keepdims", False) else GlobalPoolLayer
        return kind(x, function, name=name)

    return pool


def _flatten(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    if len(x.output_shape) == ROWS:
        return NonlinearityLayer(x, identity, name=name)
    # Early versions left the channels in front where they were; later ones say of which order
    # the images are, and always flatten the channels last.
    as_it_is = a.channels_first and (a.version == 1 or not a.has("data_format"))
    return (FlattenLayer if as_it_is else ChannelsLastFlattenLayer)(x, name=name)


def _reshape(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    """Between vectors and images of one pixel, and flattening; other shapes are refused."""
    shape, source = a.shape("target_shape"), x.output_shape[1:]
    channels = source[0]
    pixel = [channels, 1, 1] if a.channels_first else [1, 1, channels]
    if len(source) == 1 and shape in (pixel, [1, 1, -1]):
        return DimshuffleLayer(x, (0, 1, "x", "x"), name=name)
    if len(source) == 1 and shape in ([channels], [-1]):
        return NonlinearityLayer(x, identity, name=name)
    if None not in source and shape in ([math.prod(source)], [-1]):
        return ChannelsLastFlattenLayer(x, name=name)
    if len(source) == 3 and source[1:] == (1, 1) and shape == pixel:
        return NonlinearityLayer(x, identity, name=name)
    raise a.refusal("target_shape", shape)


def _dropout(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    rate = a.number("rate")
    if not a.has("noise_shape"):
        return DropoutLayer(x, p=rate, name=name)
    shape = a.shape("noise_shape")
    if len(shape) != len(x.output_shape) or set(shape[1:]) != {1} or shape[0] not in (None, -1):
        raise a.refusal("noise_shape", shape)
    return StochasticDepthLayer(x, p=rate, name=name)


def _noise(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return GaussianNoiseLayer(x, sigma=a.number("stddev"), name=name)


def _zero_padding(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return ZeroPad2DLayer(x, a.sides("padding"), name=name)


def _cropping(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return Crop2DLayer(x, a.sides("cropping"), name=name)


def _activation(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    function = _of_maps(a) if len(x.output_shape) == IMAGES else a.activation()
    return NonlinearityLayer(x, function, name=name)


def _relu(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    slope = a.number("negative_slope", 0) if a.has("negative_slope") else 0.0
    threshold = a.number("threshold", 0) if a.has("threshold") else 0.0
    ceiling = a.number("max_value") if a.has("max_value") else None
    if (slope, threshold) == (0, 0) and ceiling in (None, 6):
        return NonlinearityLayer(x, rectify if ceiling is None else relu6, name=name)

    def rectified(value: Any) -> Any:
        value = T.switch(value >= threshold, value, slope * (value - threshold))
        return value if ceiling is None else T.minimum(value, ceiling)

    return NonlinearityLayer(x, rectified, name=name)


def _leaky_relu(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    slope = a.number("negative_slope" if a.has("negative_slope") else "alpha", 0.3)
    return NonlinearityLayer(x, LeakyRectify(slope), name=name)


def _elu(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return NonlinearityLayer(x, elu(a.number("alpha", 1)), name=name)


def _softmax(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    _expect_channels(x, a)
    maps = len(x.output_shape) == IMAGES
    return NonlinearityLayer(x, softmax_of_maps if maps else softmax, name=name)


def _nothing(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    """Layers that do nothing when a network predicts: augmentation, penalties."""
    return NonlinearityLayer(x, identity, name=name)


def _add(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    return _sum(x, a, name, [1] * len(x))


def _subtract(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    if len(x) != 2:
        raise a.unsupported(f"two inputs were expected, it has {len(x)}")
    return _sum(x, a, name, [1, -1])


def _average(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    return _sum(x, a, name, [1 / len(x)] * len(x))


def _custom_scale(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    """``a + scale * b``, of Keras's own InceptionResNetV2."""
    return _sum(x, a, name, [1, a.number("scale")])


def _sum(x: list[Any], a: Arguments, name: str, factors: list[float]) -> Layer:
    layers = [(layer, factor) for layer, factor in zip(x, factors) if isinstance(layer, Layer)]
    offset = sum(number * factor for number, factor in zip(x, factors) if _is_number(number))
    if len(layers) == 1:
        (layer, factor), *_ = layers
        return RescaleLayer(layer, float(factor), float(offset), name=name)
    if len(layers) != len(x):
        raise a.unsupported("numbers among several layers are not supported")
    _expect_alike(x, a)
    return ElemwiseSumLayer(x, coeffs=factors, name=name)


def _multiply(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    layers = [layer for layer in x if isinstance(layer, Layer)]
    factor = math.prod(number for number in x if _is_number(number))
    if len(layers) == 1:
        return RescaleLayer(layers[0], float(factor), name=name)
    if len(layers) != len(x):
        raise a.unsupported("numbers among several layers are not supported")
    pixels = [layer for layer in x if layer.output_shape[2:] == (1, 1)]
    if len(x) == 2 and len(pixels) == 1:
        images = x[0] if pixels[0] is x[1] else x[1]
        return ExciteLayer([images, pixels[0]], name=name)
    _expect_alike(x, a)
    return ElemwiseMergeLayer(x, T.mul, name=name)


def _divide(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    if len(x) != 2 or not isinstance(x[0], Layer) or not _is_number(x[1]) or not x[1]:
        raise a.unsupported("only division by a number is supported")
    return RescaleLayer(x[0], 1 / x[1], name=name)


def _maximum(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    _expect_alike(x, a)
    return ElemwiseMergeLayer(x, T.maximum, name=name)


def _concatenate(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    if not all(isinstance(layer, Layer) for layer in x):
        raise a.unsupported("numbers among layers are not supported")
    for layer in x:
        _expect_channels(layer, a)
    if len(x[0].output_shape) == IMAGES:
        return ConcatChannelsLayer(x, name=name)
    return ConcatLayer(x, axis=1, name=name)


BUILDERS: dict[str, Callable[..., Layer]] = {
    "Conv2D": _conv,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Dense": _dense,
    "BatchNormalization": _batch_norm,
    "BatchNormalizationV1": _batch_norm,
    "Normalization": _standardize,
    "Rescaling": _rescale,
    "MaxPooling2D": _pooling("max"),
    "AveragePooling2D": _pooling("average_exc_pad"),
    "GlobalAveragePooling2D": _global_pooling(T.mean),
    "GlobalMaxPooling2D": _global_pooling(T.max),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Dropout": _dropout,
    "GaussianNoise": _noise,
    "ZeroPadding2D": _zero_padding,
    "Cropping2D": _cropping,
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "Softmax": _softmax,
    **dict.fromkeys(
        (
            "ActivityRegularization", "Identity", "RandomFlip", "RandomRotation", "RandomZoom",
            "RandomTranslation", "RandomContrast", "RandomBrightness",
        ),
        _nothing,
    ),
}  # fmt: skip
# Layers and, of the same names, operations of Keras 3.
MERGES: dict[str, Callable[..., Layer]] = {
    "Add": _add,
    "Subtract": _subtract,
    "Multiply": _multiply,
    "Divide": _divide,
    "TrueDivide": _divide,
    "Average": _average,
    "Maximum": _maximum,
    "Concatenate": _concatenate,
    "CustomScaleLayer": _custom_scale,
}
# What Keras's own applications register as their own class.
ALSO_CUSTOM = ("CustomScaleLayer",)


def _bias(a: Arguments, W: Stored) -> Stored | None:
    return W if a.flag("use_bias", True) else None


def _of_maps(a: Arguments) -> Callable[[Any], Any] | None:
    function = a.activation()
    return softmax_of_maps if function is softmax else function


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _expect_axes(x: Layer, a: Arguments, axes: int) -> None:
    if len(x.output_shape) != axes:
        kinds = {ROWS: "vectors (batch, number)", IMAGES: "images (batch, channel, row, column)"}
        raise a.unsupported(f"{kinds[axes]} were expected, it gets shape {x.output_shape}")


def _expect_channels(x: Layer, a: Arguments) -> None:
    """That the axis a layer works along is that of the channels."""
    axis = a.axis()
    axes = len(x.output_shape)
    channels = 1 if a.channels_first or axes == ROWS else axes - 1
    if axis % axes != channels:
        raise a.unsupported(f"axis {axis} is not that of the channels")


def _expect_alike(x: list[Any], a: Arguments) -> None:
    shapes = [layer.output_shape[1:] for layer in x if isinstance(layer, Layer)]
    if len(shapes) != len(x) or len(set(shapes)) != 1:
        raise a.unsupported(f"inputs of the same shape were expected, it has {shapes}")
