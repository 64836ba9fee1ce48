"""The Ops of our own layers."""

from __future__ import annotations

import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify

from theano_transfer.backends._graph import number
from theano_transfer.layers._concat_op import ConcatenateChannels
from theano_transfer.layers._pad_op import CropImages, PadImages
from theano_transfer.legacy._carry import Carry


@jax_funcify.register(ConcatenateChannels)
def concatenate_channels(op, **kwargs):
    def apply(*images):
        found = tuple(x.shape[1] for x in images)
        if found != op.channels:
            raise ValueError(f"images of {op.channels} channels were expected; got {found}")
        return jnp.concatenate(images, axis=1)

    return apply


def _lengths(op, values):
    top, bottom, left, right = (number(v, f"the lengths of {op}") for v in values)
    return (top, bottom), (left, right)


@jax_funcify.register(PadImages)
def pad_images(op, **kwargs):
    def apply(images, *values):
        pairs = ((0, 0), (0, 0), *_lengths(op, values))
        return jnp.pad(images, pairs, constant_values=op.value)

    return apply


@jax_funcify.register(CropImages)
def crop_images(op, **kwargs):
    def apply(images, *values):
        rows, columns = images.shape[2:]
        (top, bottom), (left, right) = _lengths(op, values)
        return images[:, :, top : rows - bottom, left : columns - right]

    return apply


@jax_funcify.register(Carry)
def carry(op, **kwargs):
    return lambda x, *others: x
