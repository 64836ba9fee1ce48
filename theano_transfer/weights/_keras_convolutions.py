"""Keras's convolutions, transposed ones, and dense layers, as Lasagne's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lasagne.layers import DenseLayer, Layer

from ..layers import (
    Conv2DLayer,
    DepthwiseConv2DLayer,
    PositionDenseLayer,
    SeparableConv2DLayer,
    SequenceLayer,
    TransposedConv2DLayer,
)
from ._keras_arguments import Arguments
from ._keras_stored import Stored

# Makes a layer of images: (incoming, arguments, arrays, name, axes of what comes out).
Make = Callable[..., Layer]


def _of_images(make: Make) -> Callable[..., Layer]:
    def build(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
        a.expect_axes(x, 4)
        return make(x, a, W, name, a.pair)

    return build


def _of_sequences(make: Make) -> Callable[..., Layer]:
    """The same on images of one column."""

    def build(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
        a.expect_axes(x, 3)

        def column(argument: str, default: Any = None) -> tuple[int, int]:
            return a.length(argument, default), 1

        return SequenceLayer(x, lambda shape: make(shape, a, W, name, column), name=name)

    return build


def _common(x: Any, a: Arguments, W: Stored, sizes: Callable[..., Any]) -> dict[str, Any]:
    return {
        "pad": _padding(a, sizes),
        "dilation": sizes("dilation_rate", 1),
        "W": W,
        "b": W.where(a.flag("use_bias", True)),
        # Of sequences there only is a shape.
        "nonlinearity": a.activation(3 if isinstance(x, tuple) else 4),
    }


def _padding(a: Arguments, sizes: Callable[..., Any]) -> Any:
    if a.kind == "Conv1D" and a.text("padding", "valid") == "causal":
        (length, _), (dilation, _) = sizes("kernel_size"), sizes("dilation_rate", 1)
        return ((length - 1) * dilation, 0), (0, 0)
    return a.padding()


def _conv(x: Any, a: Arguments, W: Stored, name: str, sizes: Any) -> Layer:
    return Conv2DLayer(
        x,
        a.whole("filters"),
        sizes("kernel_size"),
        sizes("strides", 1),
        groups=a.whole("groups", 1),
        name=name,
        **_common(x, a, W, sizes),
    )


def _depthwise(x: Any, a: Arguments, W: Stored, name: str, sizes: Any) -> Layer:
    return DepthwiseConv2DLayer(
        x,
        sizes("kernel_size"),
        sizes("strides", 1),
        multiplier=a.whole("depth_multiplier", 1),
        name=name,
        **_common(x, a, W, sizes),
    )


def _separable(x: Any, a: Arguments, W: Stored, name: str, sizes: Any) -> Layer:
    return SeparableConv2DLayer(
        x,
        a.whole("filters"),
        sizes("kernel_size"),
        sizes("strides", 1),
        multiplier=a.whole("depth_multiplier", 1),
        pointwise=W,
        name=name,
        **_common(x, a, W, sizes),
    )


def _transposed(x: Any, a: Arguments, W: Stored, name: str, sizes: Any) -> Layer:
    more = None
    if a.has("output_padding"):
        more = sizes("output_padding")
        # Of images of one column, none is added to that.
        more = (more[0], 0) if a.kind.endswith("1DTranspose") else more
    return TransposedConv2DLayer(
        x,
        a.whole("filters"),
        sizes("kernel_size"),
        sizes("strides", 1),
        output_padding=more,
        name=name,
        **_common(x, a, W, sizes),
    )


def _dense(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    ndim = len(x.output_shape)
    arguments: dict[str, Any] = {
        "W": W,
        "b": W.where(a.flag("use_bias", True)),
        "nonlinearity": a.activation(ndim),
        "name": name,
    }
    if ndim == 2:
        return DenseLayer(x, a.whole("units"), **arguments)
    return PositionDenseLayer(x, a.whole("units"), a.place(-1, ndim), **arguments)


BUILDERS: dict[str, Callable[..., Layer]] = {
    "Conv1D": _of_sequences(_conv),
    "Conv2D": _of_images(_conv),
    "DepthwiseConv1D": _of_sequences(_depthwise),
    "DepthwiseConv2D": _of_images(_depthwise),
    "SeparableConv1D": _of_sequences(_separable),
    "SeparableConv2D": _of_images(_separable),
    "Conv1DTranspose": _of_sequences(_transposed),
    "Conv2DTranspose": _of_images(_transposed),
    "Dense": _dense,
}
