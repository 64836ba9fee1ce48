"""Pooling and zero padding with a padding of its own on every side."""

from __future__ import annotations

import numpy as np
import theano.tensor as T
from lasagne.layers import Layer

from theano_transfer.kernels import pool2d
from theano_transfer.layers._padding import (
    as_padding,
    as_pair,
    is_static,
    output_length,
    pad_images,
    resolve,
)

MODES = ("max", "average_exc_pad", "average_inc_pad")


class Pool2DLayer(Layer):
    """Maximum or average of windows of images (batch, channel, row, column).

    Parameters
    ----------
    incoming : Layer or tuple
    pool_size : int or (rows, columns)
    stride : int, (rows, columns) or None
        None: `pool_size`.
    pad : 'valid', 'same', 'ceil', int, (rows, columns) or ((top, bottom), (left, right))
        Smaller than the window. ``'same'`` as in
        :class:`~theano_transfer.layers.Conv2DLayer`. Windows that do not fit are left out, except
        with ``'ceil'``: then the last may hang over at the bottom and at the right, as in Caffe.
    mode : {'max', 'average_exc_pad', 'average_inc_pad'}
        Padding never is a maximum. An average leaves it out (``exc``, as TensorFlow and Keras)
        or counts it as zeros (``inc``).
    name : str, optional

    Raises
    ------
    ValueError
        If an argument does not fit the others, or images are smaller than the window.
    """

    def __init__(
        self,
        incoming,
        pool_size,
        stride=None,
        *,
        pad="valid",
        mode: str = "max",
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        self.pool_size = as_pair(pool_size, "pool_size")
        self.stride = self.pool_size if stride is None else as_pair(stride, "stride")
        self.pad = "ceil" if pad == "ceil" else as_padding(pad)
        self.mode = mode
        self._check()

    def get_output_shape_for(self, input_shape):
        pads = (self.pad, self.pad) if isinstance(self.pad, str) else self.pad
        sizes = map(output_length, input_shape[2:], self.pool_size, self.stride, pads)
        return (*input_shape[:2], *sizes)

    def get_output_for(self, input, **kwargs):
        pad = resolve(self.pad, input, self.input_shape[2:], self.pool_size, self.stride)
        if is_static(pad):
            return pool2d(input, self.pool_size, self.stride, pad, self.mode)
        if self.mode == "max":
            return self._pooled(pad_images(input, pad, -np.inf))
        average = self._pooled(pad_images(input, pad))
        if self.mode == "average_inc_pad":
            return average
        # What part of each window lies inside the images.
        inside = self._pooled(pad_images(T.ones_like(input[:1, :1]), pad))
        return average / inside[0, 0]

    def _pooled(self, images):
        return pool2d(images, self.pool_size, self.stride, mode=self.mode)

    def _check(self):
        called = f"pooling {self.name!r}" if self.name else "this pooling"
        if len(self.input_shape) != 4:
            raise ValueError(
                f"{called} takes images (batch, channel, row, column); got shape {self.input_shape}"
            )
        if self.mode not in MODES:
            raise ValueError(f"mode of {called} must be one of {MODES}; got {self.mode!r}")
        if self.pad == "ceil" and any(s > k for s, k in zip(self.stride, self.pool_size)):
            raise ValueError(
                f"with padding 'ceil' the stride {self.stride} of {called} must not be above its "
                f"window {self.pool_size}, or the last window could lie outside"
            )
        if not isinstance(self.pad, str) and any(
            max(pair) >= size for pair, size in zip(self.pad, self.pool_size)
        ):
            raise ValueError(
                f"padding {self.pad} of {called} must be smaller than its window "
                f"{self.pool_size}, or some windows would see nothing else"
            )
        if any(size is not None and size < 1 for size in self.output_shape[2:]):
            raise ValueError(
                f"{called} gets images of {self.input_shape[2:]} rows and columns, smaller than "
                f"its window of {self.pool_size}; give the network larger images"
            )


class ZeroPad2DLayer(Layer):
    """Zeros around images (batch, channel, row, column).

    Parameters
    ----------
    incoming : Layer or tuple
    padding : int, (rows, columns) or ((top, bottom), (left, right))
    name : str, optional
    """

    def __init__(self, incoming, padding, *, name: str | None = None):
        super().__init__(incoming, name=name)
        self.padding = as_padding(padding)
        if self.padding == "same":
            raise ValueError("zero padding is a number of rows and columns, not 'same'")
        if len(self.input_shape) != 4:
            raise ValueError(
                "zero padding takes images (batch, channel, row, column); "
                f"got shape {self.input_shape}"
            )

    def get_output_shape_for(self, input_shape):
        sizes = (
            None if size is None else size + sum(pair)
            for size, pair in zip(input_shape[2:], self.padding)
        )
        return (*input_shape[:2], *sizes)

    def get_output_for(self, input, **kwargs):
        return pad_images(input, self.padding)
