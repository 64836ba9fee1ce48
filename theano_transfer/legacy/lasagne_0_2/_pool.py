"""``lasagne.layers.pool``: pooling over one, two and three axes, and its opposite."""

from __future__ import annotations

import numpy as np
import theano.tensor as T
from lasagne.layers import Layer
from lasagne.layers.pool import pool_output_length
from lasagne.utils import as_tuple
from theano.tensor.signal.pool import pool_2d, pool_3d


class PoolLayer(Layer):
    """One number for each window of each channel.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, and 1, 2 or 3 more axes).
    pool_size : int or one for each axis
        The window.
    stride : int, one for each axis or None
        From window to window; None: no overlap.
    pad : int or one for each axis
        Added on both sides, never the largest; less than the window.
    ignore_border : bool
        Whether windows that are not full are left out; True where `pad` is not 0.
    mode : {'max', 'sum', 'average_inc_pad', 'average_exc_pad'}
    """

    axes: int

    def __init__(
        self, incoming, pool_size, stride=None, pad=0, ignore_border=True, mode="max", **kwargs
    ):
        super().__init__(incoming, **kwargs)
        if len(self.input_shape) != self.axes + 2:
            raise ValueError(
                f"{type(self).__name__} takes {self.axes + 2} axes, batch and channel first; "
                f"got shape {self.input_shape}"
            )
        self.pool_size = as_tuple(pool_size, self.axes)
        self.stride = self.pool_size if stride is None else as_tuple(stride, self.axes)
        self.pad = as_tuple(pad, self.axes)
        self.ignore_border = ignore_border
        self.mode = mode

    def get_output_shape_for(self, input_shape):
        sizes = (
            pool_output_length(n, size, stride, pad, self.ignore_border)
            for n, size, stride, pad in zip(input_shape[2:], self.pool_size, self.stride, self.pad)
        )
        return (*input_shape[:2], *sizes)


class Pool1DLayer(PoolLayer):
    __doc__ = PoolLayer.__doc__
    axes = 1

    def get_output_for(self, input, **kwargs):
        return pool_2d(
            input.dimshuffle(0, 1, 2, "x"),
            ws=(self.pool_size[0], 1),
            stride=(self.stride[0], 1),
            ignore_border=self.ignore_border,
            pad=(self.pad[0], 0),
            mode=self.mode,
        )[:, :, :, 0]


class Pool2DLayer(PoolLayer):
    __doc__ = PoolLayer.__doc__
    axes = 2

    def get_output_for(self, input, **kwargs):
        return pool_2d(
            input,
            ws=self.pool_size,
            stride=self.stride,
            ignore_border=self.ignore_border,
            pad=self.pad,
            mode=self.mode,
        )


class Pool3DLayer(PoolLayer):
    __doc__ = PoolLayer.__doc__
    axes = 3

    def get_output_for(self, input, **kwargs):
        return pool_3d(
            input,
            ws=self.pool_size,
            stride=self.stride,
            ignore_border=self.ignore_border,
            pad=self.pad,
            mode=self.mode,
        )


class MaxPool1DLayer(Pool1DLayer):
    """The largest value of each window: ``Pool1DLayer`` with ``mode='max'``."""

    def __init__(self, incoming, pool_size, stride=None, pad=0, ignore_border=True, **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border, mode="max", **kwargs)


class MaxPool2DLayer(Pool2DLayer):
    """The largest value of each window: ``Pool2DLayer`` with ``mode='max'``."""

    def __init__(self, incoming, pool_size, stride=None, pad=(0, 0), ignore_border=True, **kwargs):
        super().__init__(incoming, pool_size, stride, pad, ignore_border, mode="max", **kwargs)


class MaxPool3DLayer(Pool3DLayer):
    """The largest value of each window: ``Pool3DLayer`` with ``mode='max'``."""

    def __init__(
        self, incoming, pool_size, stride=None, pad=(0, 0, 0), ignore_border=True, **kwargs
    ):
        super().__init__(incoming, pool_size, stride, pad, ignore_border, mode="max", **kwargs)


class _UpscaleLayer(Layer):
    """Every value becomes a block.

    Parameters
    ----------
    incoming : Layer or tuple
    scale_factor : int or one for each axis
        The block's lengths.
    mode : {'repeat', 'dilate'}
        Whether the block is filled with the value or has it in its first corner and zeros
        elsewhere.
    """

    axes: int

    def __init__(self, incoming, scale_factor, mode="repeat", **kwargs):
        super().__init__(incoming, **kwargs)
        self.scale_factor = as_tuple(scale_factor, self.axes, int)
        if min(self.scale_factor) < 1:
            raise ValueError(f"Scale factor must be >= 1, not {scale_factor}")
        if mode not in ("repeat", "dilate"):
            raise ValueError(f"mode is 'repeat' or 'dilate'; got {mode!r}")
        self.mode = mode

    def get_output_shape_for(self, input_shape):
        sizes = (n and n * factor for n, factor in zip(input_shape[2:], self.scale_factor))
        return (*input_shape[:2], *sizes)

    def get_output_for(self, input, **kwargs):
        if self.mode == "repeat":
            for axis, factor in enumerate(self.scale_factor, start=2):
                input = T.repeat(input, factor, axis=axis) if factor > 1 else input
            return input
        sizes = [input.shape[2 + i] * factor for i, factor in enumerate(self.scale_factor)]
        zeros = T.zeros((input.shape[0], input.shape[1], *sizes), dtype=input.dtype)
        corners = (slice(None), slice(None), *(slice(None, None, f) for f in self.scale_factor))
        return T.set_subtensor(zeros[corners], input)


class Upscale1DLayer(_UpscaleLayer):
    __doc__ = _UpscaleLayer.__doc__
    axes = 1


class Upscale2DLayer(_UpscaleLayer):
    __doc__ = _UpscaleLayer.__doc__
    axes = 2


class Upscale3DLayer(_UpscaleLayer):
    __doc__ = _UpscaleLayer.__doc__
    axes = 3


class SpatialPyramidPoolingLayer(Layer):
    """As many numbers per channel whatever the size of the pictures.

    He, Zhang, Ren and Sun, 2014, https://arxiv.org/abs/1406.4729. Each number ``n`` of `pool_dims`
    divides a picture into n x n regions.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, row, column).
    pool_dims : list of int
    mode : {'max', 'average_inc_pad', 'average_exc_pad'}
    implementation : {'fast', 'kaiming', 'dnn'}
        Where sizes do not divide. 'fast' and 'dnn': regions of ``ceil(size / n)`` that begin
        ``floor(size / n)`` apart. 'kaiming', as in the paper's code: region i from
        ``floor(i * size / n)`` to ``ceil((i + 1) * size / n)``.
    """

    def __init__(self, incoming, pool_dims=(4, 2, 1), mode="max", implementation="fast", **kwargs):
        super().__init__(incoming, **kwargs)
        if len(self.input_shape) != 4:
            raise ValueError(
                "SpatialPyramidPoolingLayer takes (batch, channel, row, column); got shape "
                f"{self.input_shape}"
            )
        if implementation not in ("fast", "kaiming", "dnn"):
            raise ValueError(
                f"implementation is 'fast', 'kaiming' or 'dnn'; got {implementation!r}"
            )
        reductions = {"max": T.max, "average_inc_pad": T.mean, "average_exc_pad": T.mean}
        if mode not in reductions:
            raise ValueError(f"mode is one of {', '.join(reductions)}; got {mode!r}")
        self.mode = mode
        self.implementation = implementation
        self.pool_dims = pool_dims
        self._reduce = reductions[mode]

    def get_output_shape_for(self, input_shape):
        return (*input_shape[:2], sum(n * n for n in self.pool_dims))

    def get_output_for(self, input, **kwargs):
        rows, columns = (
            input.shape[axis] if self.input_shape[axis] is None else self.input_shape[axis]
            for axis in (2, 3)
        )
        pooled = [
            self._reduce(input[:, :, above:below, left:right], axis=(2, 3))
            for n in self.pool_dims
            for above, below in self._regions(rows, n)
            for left, right in self._regions(columns, n)
        ]
        return T.stack(pooled, axis=2)

    def _regions(self, size, n):
        if self.implementation == "kaiming":
            return [(i * size // n, ((i + 1) * size + n - 1) // n) for i in range(n)]
        window, stride = (size + n - 1) // n, size // n
        return [(i * stride, i * stride + window) for i in range(n)]


class GlobalPoolLayer(Layer):
    """One number for each channel, of all that it has: (batch, channel) comes out.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, any further axes).
    pool_function : callable
        Such as ``theano.tensor.mean``. One that is no sum, mean or extreme of Theano's is called
        with the further axes made one, and ``axis=2``.
    """

    # What comes out is the same over several axes, whose order in memory is left alone.
    SEVERAL_AXES = (T.mean, T.sum, T.max, T.min)

    def __init__(self, incoming, pool_function=T.mean, **kwargs):
        super().__init__(incoming, **kwargs)
        self.pool_function = pool_function

    def get_output_shape_for(self, input_shape):
        return input_shape[:2]

    def get_output_for(self, input, **kwargs):
        axes, lengths = tuple(range(2, input.ndim)), input.type.shape[2:]
        if self.pool_function is T.mean and lengths and None not in lengths:
            return T.sum(input, axis=axes) / np.asarray(np.prod(lengths), input.dtype)
        if axes and self.pool_function in self.SEVERAL_AXES:
            return self.pool_function(input, axis=axes)
        return self.pool_function(input.flatten(3), axis=2)
