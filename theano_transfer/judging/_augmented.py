"""Test-time augmentation: the mean of what is predicted for variants of a picture."""

from __future__ import annotations

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.images import Augmentation
from theano_transfer.tuning._sources import Reading, as_source, length_of, read_batches

# What rarely changes the class: mirrored, a little turned, shifted and zoomed.
USUAL = Augmentation(
    horizontal_flip=True,
    rotation_range=5,
    width_shift_range=0.05,
    height_shift_range=0.05,
    zoom_range=0.05,
)


@checks_options
def predict_augmented(
    model, data, *, variants=8, augment=None, seed=0, batch_size=32, workers=2
) -> np.ndarray:
    """Predictions averaged over the picture itself and variants of it.

    Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural
    Networks", 2012, predicted this way from ten crops.

    Parameters
    ----------
    model : Model
    data : as for ``Model.predict``, of a known length
    variants : int
        Passes through the network; the first is of the pictures as they are.
    augment : Augmentation or function (picture, rng), optional
        Mirrored, a little turned, shifted and zoomed, if None.
    seed : int
        Of the variants.

    Returns
    -------
    float32 array (n, outputs)
        As ``Model.predict`` gives; means of probabilities (or of numbers, for a regression).
    """
    if not isinstance(variants, (int, np.integer)) or variants < 1:
        raise ValueError(f"variants is an int from 1 on; got {variants!r}")
    source = as_source(data)
    if length_of(source) is None:
        raise ValueError("an iterator gives its pictures once; variants take a data set")
    total = model.predict(source, batch_size=batch_size, workers=workers).astype(float)
    if not len(total):
        return total.astype(np.float32)
    change = USUAL if augment is None else augment
    reading = Reading(model.input_size, model.preprocessing, batch_size, workers)
    for number in range(variants - 1):
        done = 0
        for x, _ in read_batches(source, reading, epoch=number, seed=seed, augment=change):
            total[done : done + len(x)] += model.inference.predict(x)
            done += len(x)
    return (total / variants).astype(np.float32)
