"""Convolutions of one to three dimensions and their gradients, Aesara's and ours.

The gradients are linear in what is given, so JAX transposes the forward convolution.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.nnet.abstract_conv import (
    AbstractConv,
    AbstractConv_gradInputs,
    AbstractConv_gradWeights,
    BaseAbstractConv,
)
from jax import lax

from theano_transfer.backends._graph import numbers
from theano_transfer.backends._layout import TRACED_LAYOUT
from theano_transfer.backends._precision import narrowed, widened
from theano_transfer.backends.conversions._normalisation import normalised
from theano_transfer.kernels import Conv2d, Conv2dGradInputs, Conv2dGradWeights
from theano_transfer.legacy._rectifiers import CEILINGS


def _dimensions(ndim):
    """JAX's description of images (batch, ..., channel) and filters (..., channel, out)."""
    images = (0, ndim - 1, *range(1, ndim - 1))
    return lax.ConvDimensionNumbers(images, (ndim - 1, ndim - 2, *range(ndim - 2)), images)


class _Settings:
    """How a convolution is computed, in the terms of XLA."""

    def __init__(self, pad, stride, dilation, groups, flip=False, unshared=False):
        self.pad, self.flip, self.unshared = pad, flip, unshared
        self.stride, self.dilation = tuple(stride), tuple(dilation)
        self.groups = int(groups)

    def __call__(self, images, filters):
        """`images` (batch, channel, ...) with `filters` (out, channel / groups, ...).

        Unshared filters are (out, *positions, channel / groups, ...).
        """
        images, filters = narrowed(images, self.turned(filters))
        padding = self.pad(filters.shape[-len(self.stride) :])
        if self.unshared:
            return self._by_position(images, filters, padding)
        axes = tuple(range(2, images.ndim))
        last = TRACED_LAYOUT.get() == "channels_last"
        if last:
            images, filters = images.transpose(0, *axes, 1), filters.transpose(*axes, 1, 0)
        result = lax.conv_general_dilated(
            images,
            filters,
            window_strides=self.stride,
            padding=padding,
            rhs_dilation=self.dilation,
            dimension_numbers=_dimensions(images.ndim) if last else None,
            feature_group_count=self.groups,
        )
        return jnp.moveaxis(result, -1, 1) if last else result

    def _by_position(self, images, filters, padding):
        """The windows of the images, each times the filters of its position."""
        size = filters.shape[-2:]
        windows = lax.conv_general_dilated_patches(
            images, size, self.stride, padding, rhs_dilation=self.dilation
        )
        batch, _, *positions = windows.shape
        windows = windows.reshape(batch, self.groups, -1, *positions)
        filters = filters.reshape(self.groups, -1, *positions, windows.shape[2])
        result = jnp.einsum("ngkrc,gorck->ngorc", windows, filters)
        return result.reshape(batch, -1, *positions)

    def turned(self, filters):
        axes = range(filters.ndim - len(self.stride), filters.ndim)
        return jnp.flip(filters, axes) if self.flip else filters

    def grad_inputs(self, filters, gradient, size):
        """Gradient by images whose last axes are of `size`."""
        filters, gradient = narrowed(filters, gradient)
        channels = filters.shape[-1 - len(size)]
        shape = (gradient.shape[0], channels * self.groups, *size)
        images = jax.ShapeDtypeStruct(shape, filters.dtype)
        (result,) = self._transposed(lambda x: self(x, filters), images, gradient)
        return result

    def grad_weights(self, images, gradient, size):
        """Gradient by filters whose last axes are of `size`."""
        images, gradient = narrowed(images, gradient)
        positions = gradient.shape[2:] if self.unshared else ()
        shape = (gradient.shape[1], *positions, images.shape[1] // self.groups, *size)
        filters = jax.ShapeDtypeStruct(shape, images.dtype)
        (result,) = self._transposed(lambda w: self(images, w), filters, gradient)
        return widened(result)

    @staticmethod
    def _transposed(forward, argument, gradient):
        expected = jax.eval_shape(forward, argument).shape
        if expected != gradient.shape:
            raise ValueError(
                f"the gradient of this convolution has shape {gradient.shape}; for "
                f"{argument.shape} of what it is taken by, {expected} was expected"
            )
        return jax.linear_transpose(forward, argument)(gradient)


def _of_aesara(op):
    def pad(filter_size):
        extents = [(k - 1) * d + 1 for k, d in zip(filter_size, op.filter_dilation)]
        if op.border_mode == "valid":
            return [(0, 0)] * op.convdim
        if op.border_mode == "half":
            return [(extent // 2, extent // 2) for extent in extents]
        if op.border_mode == "full":
            return [(extent - 1, extent - 1) for extent in extents]
        each = op.border_mode
        each = (each,) * op.convdim if isinstance(each, int) else each
        return [(p, p) if isinstance(p, (int, np.integer)) else tuple(p) for p in each]

    return _Settings(
        pad, op.subsample, op.filter_dilation, op.num_groups, op.filter_flip, op.unshared
    )


def _of_ours(op):
    return _Settings(op.resolved_pad, op.stride, op.dilation, op.groups)


def _of(op):
    return (_of_aesara if isinstance(op, BaseAbstractConv) else _of_ours)(op)


@jax_funcify.register(AbstractConv)
def abstract_conv(op, **kwargs):
    return _of_aesara(op)


@jax_funcify.register(Conv2d)
def conv2d(op, **kwargs):
    convolve = _of_ours(op)

    def apply(*inputs):
        parts = op.parts_of(inputs)
        y = convolve(*inputs[:2])
        dtype = y.dtype
        if "bias" in parts:
            y = y + parts["bias"][0][:, None, None]
        if "normalisation" in parts:
            y = normalised(y, *parts["normalisation"])
        if "residual" in parts:
            y = y + parts["residual"][0]
        if op.activation_name != "none":
            y = jnp.clip(y, 0, CEILINGS[op.activation_name])
        return y.astype(dtype)

    return apply


@jax_funcify.register(AbstractConv_gradInputs)
@jax_funcify.register(Conv2dGradInputs)
def conv_grad_inputs(op, **kwargs):
    convolve = _of(op)

    def apply(filters, gradient, size):
        return convolve.grad_inputs(filters, gradient, numbers(size, f"the image size of {op}"))

    return apply


@jax_funcify.register(AbstractConv_gradWeights)
@jax_funcify.register(Conv2dGradWeights)
def conv_grad_weights(op, **kwargs):
    convolve = _of(op)

    def apply(images, gradient, size):
        return convolve.grad_weights(images, gradient, numbers(size, f"the filter size of {op}"))

    return apply
