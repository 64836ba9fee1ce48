"""Occlusion: what a class loses when a part of the picture is covered."""

from __future__ import annotations

import itertools

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.explain._gradients import quantity_function, questions
from theano_transfer.explain._subject import subject

GREY = 127.5


@checks_options
def occlusion(
    model,
    pictures,
    target=None,
    *,
    patch=None,
    stride=None,
    fill=GREY,
    of="probability",
    batch_size=16,
) -> np.ndarray:
    """What a class loses when a square of the picture is covered, for each place.

    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2013,
    https://arxiv.org/abs/1311.2901. No gradients: the network sees each picture once for every
    place of the square.

    Parameters
    ----------
    model, pictures, target, of
        As for ``gradients``.
    patch : int, optional
        Side of the square in pixels; a quarter of the smaller side of the input, if None.
    stride : int, optional
        Steps from place to place; half of `patch`, if None. The last place ends at the edge.
    fill : float or three floats
        RGB value 0..255 of the square.
    batch_size : int
        Covered pictures that go through the network at once.

    Returns
    -------
    float32 array (n, rows, columns)
        For each pixel, the mean over the squares that cover it of what the probability (or
        score) of the class lost. Negative where the class gained.
    """
    looked_at = subject(model)
    rows, columns = looked_at.size
    side = max(1, min(rows, columns) // 4) if patch is None else _from_one("patch", patch)
    step = max(1, side // 2) if stride is None else _from_one("stride", stride)
    if side > min(rows, columns):
        raise ValueError(f"patch={patch!r} is larger than the network's input {looked_at.size}")
    if step > side:
        raise ValueError(f"stride={step} is larger than patch={side}: pixels would be left out")
    colour = np.broadcast_to(np.asarray(fill, np.float32), (3,)).reshape(3, 1, 1)
    places = list(itertools.product(_starts(rows, side, step), _starts(columns, side, step)))
    measure = quantity_function(looked_at, of)
    cover = np.zeros((rows, columns))
    for top, left in places:
        cover[top : top + side, left : left + side] += 1
    found = [np.empty((0, rows, columns), np.float32)]
    for pixels, numbers in questions(looked_at, pictures, target, batch_size):
        whole = measure(pixels, numbers)
        for picture, number, before in zip(pixels, numbers, whole):
            lost = np.zeros((rows, columns))
            for first in range(0, len(places), batch_size):
                some = places[first : first + batch_size]
                covered = np.repeat(picture[None], len(some), axis=0)
                for one, (top, left) in zip(covered, some):
                    one[:, top : top + side, left : left + side] = colour
                after = measure(covered, np.full(len(some), number, np.int32))
                for (top, left), now in zip(some, after):
                    lost[top : top + side, left : left + side] += before - now
            found.append((lost / cover).astype(np.float32)[None])
    return np.concatenate(found)


def _starts(length: int, side: int, step: int) -> list[int]:
    """Where squares begin, so that the last ends at the edge."""
    starts = list(range(0, length - side + 1, step))
    return starts if starts[-1] == length - side else [*starts, length - side]


def _from_one(name, value) -> int:
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} is an int from 1 on; got {value!r}")
    return int(value)
