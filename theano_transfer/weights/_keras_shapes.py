"""Keras's layers of pooling, padding, resizing and reshaping, as Lasagne's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import theano.tensor as T
from lasagne.layers import (
    DimshuffleLayer,
    ExpressionLayer,
    FlattenLayer,
    GlobalPoolLayer,
    Layer,
    NonlinearityLayer,
    ReshapeLayer,
    Upscale1DLayer,
    Upscale2DLayer,
)
from lasagne.nonlinearities import identity

from ..layers import (
    ChannelsLastFlattenLayer,
    ChannelsLastReshapeLayer,
    Crop2DLayer,
    Pool2DLayer,
    Resize2DLayer,
    SequenceLayer,
    SqueezeLayer,
    ZeroPad2DLayer,
)
from ._keras_arguments import Arguments
from ._keras_stored import Stored

Builder = Callable[..., Layer]


def _pooling(mode: str) -> Builder:
    def pool(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
        a.expect_axes(x, 4)
        size = a.pair("pool_size", 2)
        return Pool2DLayer(x, size, a.pair("strides", size), pad=a.padding(), mode=mode, name=name)

    return pool


def _pooling_of_sequences(mode: str) -> Builder:
    def pool(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
        a.expect_axes(x, 3)
        size = a.length("pool_size", 2)
        sizes = (size, 1), (a.length("strides", size), 1)

        def make(shape: Any) -> Layer:
            return Pool2DLayer(shape, *sizes, pad=a.padding(), mode=mode, name=name)

        return SequenceLayer(x, make, name=name)

    return pool


def _adaptive_pooling(mode: str) -> Builder:
    """Into a number of equal windows."""

    def pool(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
        a.expect_axes(x, 4)
        wanted, sizes = a.pair("output_size"), x.output_shape[2:]
        if None in sizes or any(not n or size % n for size, n in zip(sizes, wanted)):
            raise a.unsupported(f"{sizes} rows and columns do not divide into {wanted}")
        window = tuple(size // n for size, n in zip(sizes, wanted))
        return Pool2DLayer(x, window, mode=mode, name=name)

    return pool


def _global_pooling(axes: int, function: Callable[..., Any]) -> Builder:
    def pool(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
        a.expect_axes(x, axes)
        if not a.flag("keepdims", False):
            return GlobalPoolLayer(x, function, name=name)
        if axes == 4:
            return SqueezeLayer(x, function, name=name)
        return ExpressionLayer(
            x,
            lambda value: function(value, axis=2, keepdims=True),
            (*x.output_shape[:2], 1),
            name=name,
        )

    return pool


def _flatten(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    if len(x.output_shape) == 2:
        return NonlinearityLayer(x, identity, name=name)
    # Early versions left the channels in front where they were; later ones say of which order
    # the images are, and always flatten the channels last.
    as_it_is = a.channels_first and (a.version == 1 or not a.has("data_format"))
    return (FlattenLayer if as_it_is else ChannelsLastFlattenLayer)(x, name=name)


def _reshape(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    shape, source = a.shape("target_shape"), x.output_shape[1:]
    channels = source[0]
    pixel = [channels, 1, 1] if a.channels_first else [1, 1, channels]
    # Between vectors and images of one pixel, also where a size is not known.
    if len(source) == 1 and shape in (pixel, [1, 1, -1]):
        return DimshuffleLayer(x, (0, 1, "x", "x"), name=name)
    if len(source) == 1 and shape in ([channels], [-1]):
        return NonlinearityLayer(x, identity, name=name)
    if len(source) == 3 and source[1:] == (1, 1) and shape == pixel:
        return NonlinearityLayer(x, identity, name=name)
    if None in shape or not shape:
        raise a.refusal("target_shape", shape)
    if a.channels_first:
        return ReshapeLayer(x, ([0], *shape), name=name)
    return ChannelsLastReshapeLayer(x, shape, name=name)


def _permute(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    dims, ndim = a.shape("dims"), len(x.output_shape)
    if sorted(dims, key=str) != sorted(range(1, ndim), key=str):
        raise a.refusal("dims", dims)
    pattern = {a.place(k, ndim): a.place(axis, ndim) for k, axis in enumerate(dims, 1)}  # type: ignore[arg-type]
    return DimshuffleLayer(x, (0, *(pattern[axis] for axis in range(1, ndim))), name=name)


def _repeat(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    a.expect_axes(x, 2)
    times, last = a.whole("n"), a.place(1, 3) == 2
    batch, length = x.output_shape

    def repeated(value: Any) -> Any:
        return T.repeat(value.dimshuffle(0, 1, "x") if last else value.dimshuffle(0, "x", 1),
                        times, axis=2 if last else 1)  # fmt: skip

    shape = (batch, length, times) if last else (batch, times, length)
    return ExpressionLayer(x, repeated, shape, name=name)


def _on_a_column(layer: Callable[..., Layer], argument: str) -> Builder:
    """Something to do at both ends of sequences, with a layer of images."""

    def build(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
        a.expect_axes(x, 3)
        ends = a.ends(argument), (0, 0)
        return SequenceLayer(x, lambda shape: layer(shape, ends, name=name), name=name)

    return build


def _zero_padding(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return ZeroPad2DLayer(x, a.sides("padding"), name=name)


def _cropping(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return Crop2DLayer(x, a.sides("cropping"), name=name)


def _up_sampling(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    size, mode = a.pair("size", 2), a.text("interpolation", "nearest")
    if mode == "nearest":
        return Upscale2DLayer(x, size, name=name)
    if mode != "bilinear":
        raise a.refusal("interpolation", mode)
    return Resize2DLayer(x, size, mode, relative=True, name=name)


def _up_sampling_of_sequences(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    a.expect_axes(x, 3)
    return Upscale1DLayer(x, a.length("size", 2), name=name)


def _resizing(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    for argument in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"):
        if a.flag(argument, False):
            raise a.refusal(argument, True)
    mode = a.text("interpolation", "bilinear")
    if mode not in ("bilinear", "nearest"):
        raise a.refusal("interpolation", mode)
    return Resize2DLayer(x, (a.whole("height"), a.whole("width")), mode, name=name)


def _center_crop(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    a.expect_axes(x, 4)
    wanted, sizes = (a.whole("height"), a.whole("width")), x.output_shape[2:]
    if None in sizes or any(size < n for size, n in zip(sizes, wanted)):
        raise a.unsupported(f"images of known size, at least {wanted}, were expected: {sizes}")
    sides = [((size - n) // 2, size - n - (size - n) // 2) for size, n in zip(sizes, wanted)]
    return Crop2DLayer(x, sides, name=name)


BUILDERS: dict[str, Builder] = {
    "MaxPooling1D": _pooling_of_sequences("max"),
    "MaxPooling2D": _pooling("max"),
    "AveragePooling1D": _pooling_of_sequences("average_exc_pad"),
    "AveragePooling2D": _pooling("average_exc_pad"),
    "AdaptiveMaxPooling2D": _adaptive_pooling("max"),
    "AdaptiveAveragePooling2D": _adaptive_pooling("average_exc_pad"),
    "GlobalMaxPooling1D": _global_pooling(3, T.max),
    "GlobalMaxPooling2D": _global_pooling(4, T.max),
    "GlobalAveragePooling1D": _global_pooling(3, T.mean),
    "GlobalAveragePooling2D": _global_pooling(4, T.mean),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "ZeroPadding1D": _on_a_column(ZeroPad2DLayer, "padding"),
    "ZeroPadding2D": _zero_padding,
    "Cropping1D": _on_a_column(Crop2DLayer, "cropping"),
    "Cropping2D": _cropping,
    "UpSampling1D": _up_sampling_of_sequences,
    "UpSampling2D": _up_sampling,
    "Resizing": _resizing,
    "CenterCrop": _center_crop,
}
