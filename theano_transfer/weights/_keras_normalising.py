"""Keras's layers that normalise and rescale, as Lasagne's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from lasagne.layers import ExpressionLayer, Layer

from ..layers import BatchNormLayer, GroupNormLayer, LayerNormLayer, RescaleLayer, StandardizeLayer
from ..layers._merge import unit
from ._keras_arguments import Arguments
from ._keras_stored import Stored


def _batch_norm(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    a.expect_channels(x)
    if a.whole("mode", 0) != 0 or a.flag("renorm", False):
        raise a.unsupported("only the usual normalisation over batch, rows and columns is known")
    return BatchNormLayer(
        x,
        epsilon=a.number("epsilon", 1e-3),
        momentum=a.number("momentum", 0.99),
        gamma=W.where(a.flag("scale", True)),
        beta=W.where(a.flag("center", True)),
        mean=W,
        var=W,
        name=name,
    )


def _layer_norm(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    if a.flag("rms_scaling", False):
        raise a.refusal("rms_scaling", True)
    return LayerNormLayer(
        x,
        _places(x, a),
        a.number("epsilon", 1e-3),
        gamma=W.where(a.flag("scale", True)),
        beta=W.where(a.flag("center", True)),
        name=name,
    )


def _rms_norm(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    epsilon = a.number("epsilon", 1e-6)
    return LayerNormLayer(x, _places(x, a), epsilon, centred=False, gamma=W, beta=None, name=name)


def _group_norm(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    a.expect_channels(x)
    groups = a.whole("groups", 32)
    return GroupNormLayer(
        x,
        x.output_shape[1] if groups == -1 else groups,
        a.number("epsilon", 1e-3),
        gamma=W.where(a.flag("scale", True)),
        beta=W.where(a.flag("center", True)),
        name=name,
    )


def _unit_norm(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    axes = tuple(_places(x, a))
    return ExpressionLayer(x, lambda value: unit(value, axes), name=name)


def _standardize(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    a.expect_channels(x)
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


def _places(x: Layer, a: Arguments) -> list[int]:
    """Axes to normalise along: one, or several with Keras's last among them."""
    ndim = len(x.output_shape)
    places = [a.place(axis, ndim) for axis in a.axes()]
    if len(places) > 1 and a.place(-1, ndim) not in places:
        raise a.refusal("axis", a.axes())
    return places


BUILDERS: dict[str, Callable[..., Layer]] = {
    "BatchNormalization": _batch_norm,
    "BatchNormalizationV1": _batch_norm,
    "LayerNormalization": _layer_norm,
    "RMSNormalization": _rms_norm,
    "GroupNormalization": _group_norm,
    "UnitNormalization": _unit_norm,
    "Normalization": _standardize,
    "Rescaling": _rescale,
}
