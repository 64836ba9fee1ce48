"""Keras's layers of activation, of noise, and those that do nothing to predictions."""

from __future__ import annotations

from collections.abc import Callable

from lasagne.layers import (
    DropoutLayer,
    GaussianNoiseLayer,
    Layer,
    NonlinearityLayer,
    ParametricRectifierLayer,
)
from lasagne.nonlinearities import identity

from ..layers import StochasticDepthLayer
from ._keras_arguments import Arguments
from ._keras_stored import Stored


def _activation(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return NonlinearityLayer(x, a.activation(len(x.output_shape)) or identity, name=name)


def _function(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return NonlinearityLayer(x, a.function_of_layer(len(x.output_shape)), name=name)


def _prelu(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    ndim = len(x.output_shape)
    shared = a.axes("shared_axes") if a.has("shared_axes") else []
    places = (0, *(a.place(axis, ndim) for axis in shared))
    return ParametricRectifierLayer(x, alpha=W, shared_axes=places, name=name)


def _dropout(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    rate = a.number("rate")
    if not a.has("noise_shape"):
        return DropoutLayer(x, p=rate, name=name)
    shape = a.shape("noise_shape")
    if len(shape) != len(x.output_shape) or set(shape[1:]) != {1} or shape[0] not in (None, -1):
        raise a.refusal("noise_shape", shape)
    return StochasticDepthLayer(x, p=rate, name=name)


def _spatial_dropout(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    places = tuple(range(2, len(x.output_shape)))
    return DropoutLayer(x, p=a.number("rate"), shared_axes=places, name=name)


def _noise(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    return GaussianNoiseLayer(x, sigma=a.number("stddev"), name=name)


def _nothing(x: Layer, a: Arguments, W: Stored, name: str) -> Layer:
    """Layers that do nothing when a network predicts: augmentation, penalties."""
    return NonlinearityLayer(x, identity, name=name)


# Of those that draw, Keras's RandomCrop is none: what it predicts from is cropped too.
_DOING_NOTHING = (
    "ActivityRegularization", "AlphaDropout", "GaussianDropout", "Identity",
    "AugMix", "CutMix", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective",
    "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomZoom",
)  # fmt: skip
BUILDERS: dict[str, Callable[..., Layer]] = {
    "Activation": _activation,
    **dict.fromkeys(("ReLU", "LeakyReLU", "ThresholdedReLU", "ELU", "Softmax"), _function),
    "PReLU": _prelu,
    "Dropout": _dropout,
    "SpatialDropout1D": _spatial_dropout,
    "SpatialDropout2D": _spatial_dropout,
    "GaussianNoise": _noise,
    **dict.fromkeys(_DOING_NOTHING, _nothing),
}
