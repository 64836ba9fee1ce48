"""The arguments that all architectures take, checked once.

The rules are those of ``keras.applications``; they differ where noted, to say more.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import theano
from lasagne.init import GlorotUniform, Initializer
from lasagne.nonlinearities import softmax

from theano_transfer.zoo._record import ModelRecord

COLOURS = 3
POOLINGS = (None, "avg", "max")
STYLES = ("keras", "torchvision", "timm")
STYLE_ARGUMENT = """
    style : 'keras', 'torchvision' or 'timm'
        Whose arithmetic: where a stride stands, how images are padded, what normalisation adds to
        a variance. Weights give their accuracy in the network that they were trained in; of
        timm's, those called ``tf_...`` were trained in Keras's way.
    """


_drawn = ContextVar("_drawn", default=True)


@contextmanager
def undrawn() -> Iterator[None]:
    """Networks that are built meanwhile have zeros for weights, and take no memory for them."""
    token = _drawn.set(False)
    try:
        yield
    finally:
        _drawn.reset(token)


@dataclasses.dataclass(frozen=True)
class Options:
    """Arguments of an entry point that have passed :meth:`check`."""

    weights: Any
    include_top: bool
    input_shape: tuple
    pooling: str | None
    classes: int
    classifier_activation: str | Callable | None

    def check(self, record: ModelRecord) -> None:
        """Raise ValueError or TypeError where an argument, or their combination, is wrong."""
        _check_shape(self.input_shape, record)
        _check_weights(self.weights)
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling must be None, 'avg' or 'max'; got {self.pooling!r}")
        if not self.include_top:
            return
        if self.pooling is not None:
            # Keras ignores it.
            raise ValueError(
                f"pooling={self.pooling!r} goes with include_top=False; the classifier of "
                f"{record.title} brings its own"
            )
        if not isinstance(self.classes, numbers.Integral) or self.classes < 1:
            raise ValueError(f"classes must be a whole number above 0; got {self.classes!r}")
        if self.weights == "imagenet" and self.classes != record.classes:
            raise ValueError(
                f"the classifier of the ImageNet weights has {record.classes} classes; got "
                f"classes={self.classes}. Use include_top=False and add a head of your own, "
                "or weights=None"
            )
        self._check_activation()

    def _check_activation(self):
        activation = self.classifier_activation
        if activation not in (None, "softmax") and not callable(activation):
            raise ValueError(
                "classifier_activation must be 'softmax', None (scores before softmax) or a "
                f"callable; got {activation!r}"
            )
        if self.weights == "imagenet" and activation not in (None, "softmax", softmax):
            raise ValueError(
                "the classifier of the ImageNet weights was trained with softmax: "
                f"classifier_activation must be 'softmax' or None; got {activation!r}"
            )

    @property
    def nonlinearity(self):
        """What the last layer applies, as Lasagne wants it."""
        return softmax if self.classifier_activation == "softmax" else self.classifier_activation

    def initial(self, default: Initializer | None = None) -> Initializer:
        """How weights start: `default`, or the cheapest way where a file is to replace them."""
        if self.weights is not None or not _drawn.get():
            return Zeros()
        return GlorotUniform() if default is None else default


def with_channels(shape, channels: int | None):
    """`shape` (channels, rows, columns) with `channels`, unless that is None.

    Raises
    ------
    ValueError, TypeError
        If `channels` is no number of channels, or `shape` has another than that of colours.
    """
    if channels is None:
        return shape
    if not isinstance(channels, numbers.Integral) or isinstance(channels, bool):
        raise TypeError(f"in_channels must be a whole number or None; got {channels!r}")
    if channels < 1:
        raise ValueError(f"in_channels must be above 0; got {channels}")
    if not isinstance(shape, (tuple, list)) or len(shape) != 3:
        return shape  # to be refused as a shape
    if shape[0] not in (COLOURS, channels):
        raise ValueError(
            f"in_channels={channels} and input_shape={tuple(shape)}, which is (channels, rows, "
            "columns), differ; give one of them"
        )
    return (channels, *shape[1:])


def check_width(alpha: float, name: str = "alpha") -> None:
    """Raise unless a width, the channels of each layer over those of the paper, makes sense."""
    if not isinstance(alpha, numbers.Real) or isinstance(alpha, bool):
        raise TypeError(f"{name} must be a number; got {alpha!r}")
    if not 0 < alpha < math.inf:
        raise ValueError(f"{name} must be above 0; got {alpha!r}")


def check_style(style: str, styles: tuple[str, ...] = STYLES) -> None:
    """Raise unless `style` is one of `styles`."""
    if style not in styles:
        raise ValueError(f"style must be one of {', '.join(map(repr, styles))}; got {style!r}")


def check_probability(p: float, name: str = "dropout") -> None:
    """Raise unless `p` may be the share that dropout drops."""
    if not isinstance(p, numbers.Real) or isinstance(p, bool) or not 0 <= p < 1:
        raise ValueError(f"{name} must be a number from 0 to below 1; got {p!r}")


class Zeros(Initializer):
    """Zeros that no memory is spent on before they are written to.

    Lasagne's ``Constant(0)`` goes through float64, which for VGG16's first dense layer means
    820 MB and a second.
    """

    untouched = True  # for theano_transfer.legacy: needs no copy

    def sample(self, shape):
        return np.zeros(shape, dtype=theano.config.floatX)


def _check_shape(shape, record):
    wanted = f"(channels, rows, columns), by default {record.input_shape}"
    if not isinstance(shape, (tuple, list)) or len(shape) != 3:
        raise ValueError(f"input_shape must be {wanted}; got {shape!r}")
    if not all(n is None or isinstance(n, numbers.Integral) for n in shape):
        raise TypeError(f"input_shape must be {wanted}, whole numbers or None; got {shape!r}")
    channels, *sizes = shape
    if channels != COLOURS and shape[2] == COLOURS:
        raise ValueError(
            f"input_shape={tuple(shape)} has its channels last, but Theano's order is "
            f"(channels, rows, columns): pass {(COLOURS, *shape[:2])}"
        )
    if channels is None or channels < 1:
        raise ValueError(
            f"{record.title} takes images of a known number of channels: input_shape must be "
            f"{wanted}; got {tuple(shape)}"
        )
    if any(size is not None and size < record.min_size for size in sizes):
        raise ValueError(
            f"{record.title} takes images of at least {record.min_size} rows and columns; "
            f"got input_shape={tuple(shape)}"
        )


def _check_weights(weights):
    if weights is None:
        return
    if not isinstance(weights, (str, os.PathLike)):
        raise TypeError(f"weights must be None, 'imagenet' or the path of a file; got {weights!r}")
    if weights != "imagenet" and not os.path.isfile(weights):
        raise ValueError(
            "weights must be None (random), 'imagenet' or the path of a weight file; "
            f"there is no file {os.fspath(weights)!r}"
        )
