"""Patches of images as the rows of a matrix."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from aesara.link.jax.dispatch import jax_funcify
from aesara.tensor.nnet.neighbours import Images2Neibs

from theano_transfer.backends._graph import numbers


def _positions(mode, size, patch, step):
    """For each patch along an axis, the indices of its elements, and whether they are inside."""
    before = {"wrap_centered": patch // 2, "half": patch // 2, "full": patch - 1}.get(mode, 0)
    if mode == "wrap_centered":
        if patch % 2 == 0 or size < patch:
            raise ValueError(
                f"patches in mode 'wrap_centered' have odd sizes, not larger than the images; got "
                f"{patch} for {size}"
            )
        count = -(-size // step)
    else:
        room = size + 2 * before - patch
        if size < patch or (mode != "ignore_borders" and room % step):
            raise ValueError(
                f"patches of {patch}, every {step}, do not fill {size} (mode {mode!r})"
            )
        count = room // step + 1
    at = np.arange(count)[:, None] * step + np.arange(patch) - before
    return at % size, (at >= 0) & (at < size) | (mode == "wrap_centered")


@jax_funcify.register(Images2Neibs)
def images2neibs(op, **kwargs):
    def apply(images, patch, step):
        patch = numbers(patch, f"the patch of {op}")
        step = numbers(step, f"the step of {op}")
        (rows, row_inside), (columns, column_inside) = (
            _positions(op.mode, *sizes) for sizes in zip(images.shape[2:], patch, step)
        )
        found = images[:, :, rows[:, None, :, None], columns[None, :, None, :]]
        inside = row_inside[:, None, :, None] & column_inside[None, :, None, :]
        return jnp.where(inside, found, 0).astype(images.dtype).reshape(-1, patch[0] * patch[1])

    return apply
