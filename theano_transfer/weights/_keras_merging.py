"""Keras's layers of several inputs, and operations of the same names, as Lasagne's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import theano.tensor as T
from lasagne.layers import (
    ConcatLayer,
    DimshuffleLayer,
    ElemwiseMergeLayer,
    ElemwiseSumLayer,
    Layer,
)

from ..layers import (
    BroadcastMergeLayer,
    ConcatChannelsLayer,
    DotLayer,
    ExciteLayer,
    RescaleLayer,
)
from ._keras_arguments import Arguments
from ._keras_stored import Stored


def _add(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    return _sum(x, a, name, [1] * len(x))


def _subtract(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    _expect_two(x, a)
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
    _expect_layers(x, a)
    if _alike(x):
        return ElemwiseSumLayer(x, coeffs=factors, name=name)
    scaled = [
        layer if factor == 1 else RescaleLayer(layer, float(factor))
        for layer, factor in zip(_of_equal_axes(x, a), factors)
    ]
    return BroadcastMergeLayer(scaled, T.add, name=name)


def _multiply(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    layers = [layer for layer in x if isinstance(layer, Layer)]
    factor = math.prod(number for number in x if _is_number(number))
    if len(layers) == 1:
        return RescaleLayer(layers[0], float(factor), name=name)
    _expect_layers(x, a)
    pixels = [layer for layer in x if layer.output_shape[2:] == (1, 1)]
    if len(x) == 2 and len(pixels) == 1 and len({len(layer.output_shape) for layer in x}) == 1:
        images = x[0] if pixels[0] is x[1] else x[1]
        if images.output_shape[1] == pixels[0].output_shape[1]:
            return ExciteLayer([images, pixels[0]], name=name)
    return _merged(T.mul)(x, a, W, name)


def _divide(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    _expect_two(x, a)
    if isinstance(x[0], Layer) and _is_number(x[1]) and x[1]:
        return RescaleLayer(x[0], 1 / x[1], name=name)
    return _merged(T.true_div)(x, a, W, name)


def _merged(function: Callable[..., Any]) -> Callable[..., Layer]:
    def merge(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
        _expect_layers(x, a)
        if _alike(x):
            return ElemwiseMergeLayer(x, function, name=name)
        return BroadcastMergeLayer(_of_equal_axes(x, a), function, name=name)

    return merge


def _concatenate(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    _expect_layers(x, a)
    ndim = len(x[0].output_shape)
    axis = a.place(a.axis(), ndim)
    if len(x) == 1:
        return RescaleLayer(x[0], 1.0, name=name)
    if ndim == 4 and axis == 1:
        return ConcatChannelsLayer(x, name=name)
    return ConcatLayer(x, axis=axis, name=name)


def _dot(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    _expect_layers(x, a)
    _expect_two(x, a)
    axes = a.axes("axes")
    axes = axes if len(axes) == 2 else axes * 2
    ranks = [len(layer.output_shape) for layer in x]
    if not a.channels_first and max(ranks) > 2:
        # Keras's order of the axes that are left follows from the order in which it has them.
        x = [_channels_last(layer) for layer in x]
    axes = [axis % ndim for axis, ndim in zip(axes, ranks)]
    left = sum(ranks) - 3
    if a.channels_first or left < 3:
        return DotLayer(x, axes, normalised=a.flag("normalize", False), name=name)
    dot = DotLayer(x, axes, normalised=a.flag("normalize", False))
    return DimshuffleLayer(dot, (0, left - 1, *range(1, left - 1)), name=name)


MERGES: dict[str, Callable[..., Layer]] = {
    "Add": _add,
    "Subtract": _subtract,
    "Multiply": _multiply,
    "Divide": _divide,
    "TrueDivide": _divide,
    "Average": _average,
    "Maximum": _merged(T.maximum),
    "Minimum": _merged(T.minimum),
    "Concatenate": _concatenate,
    "Dot": _dot,
    "CustomScaleLayer": _custom_scale,
}


def _channels_last(layer: Layer) -> Layer:
    ndim = len(layer.output_shape)
    return layer if ndim == 2 else DimshuffleLayer(layer, (0, *range(2, ndim), 1))


def _of_equal_axes(x: list[Layer], a: Arguments) -> list[Layer]:
    """Layers of fewer axes with the missing ones behind the batch, as Keras counts."""
    most = max(len(layer.output_shape) for layer in x)
    fewer = [layer for layer in x if len(layer.output_shape) < most]
    if fewer and (a.channels_first or any(len(layer.output_shape) != 2 for layer in fewer)):
        raise a.unsupported(
            "inputs of equally many axes were expected, or vectors; it has "
            f"{[layer.output_shape for layer in x]}"
        )
    # Of what has channels last and few axes, the last one meets the channels.
    missing = ("x",) * (most - 2)
    return [DimshuffleLayer(layer, (0, 1, *missing)) if layer in fewer else layer for layer in x]


def _alike(x: list[Layer]) -> bool:
    return len({layer.output_shape[1:] for layer in x}) == 1


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _expect_two(x: list[Any], a: Arguments) -> None:
    if len(x) != 2:
        raise a.unsupported(f"two inputs were expected, it has {len(x)}")


def _expect_layers(x: list[Any], a: Arguments) -> None:
    if not x or not all(isinstance(layer, Layer) for layer in x):
        raise a.unsupported("numbers among layers are not supported here")
