"""Taking what a user calls data: data sets, arrays, folders, paths, iterators."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from theano_transfer import images
from theano_transfer.tuning._errors import DataMismatchError


@dataclass(frozen=True)
class Reading:
    """How pictures are brought into a network: the same in training and in prediction.

    Attributes
    ----------
    size : (rows, columns)
    preprocess : str or callable
        As for ``tt.images.Dataset.batches``.
    batch_size : int
    workers : int
        Threads that decode.
    channels : int or None
        Of the network; None leaves pictures unchecked.
    """

    size: tuple[int, int]
    preprocess: object
    batch_size: int = 32
    workers: int = 2
    channels: int | None = None


def as_source(data, labels=None):
    """Anything ``fit`` and ``predict`` take, as a data set.

    Parameters
    ----------
    data : data set, folder, path of a picture, list or array of paths, array, pair (x, y),
        iterable of pairs (x, y), or function that returns such an iterable
        Arrays hold values 0..255, (n, 3, rows, columns) of colours or (n, channels, ...).
    labels : array-like, optional
        Where `data` is an array or a list of paths.
    """
    if getattr(data, "dtype", None) is not None and data.dtype.kind in "OU":
        data = data.tolist()  # an array or a column of paths
    if labels is not None:
        if isinstance(data, np.ndarray):
            return images.ArrayData(data, labels)
        if _are_paths(data):
            return images.ImageFiles(data, labels)
        raise TypeError(
            "labels can be given apart for an array of pictures or a list of paths; "
            f"got data of type {type(data).__name__}"
        )
    if isinstance(data, np.ndarray):
        return images.ArrayData(data)
    if isinstance(data, (str, os.PathLike)) and not os.path.isdir(data):
        return images.ImageFiles([data])
    if _are_paths(data):
        return images.ImageFiles(data)
    if callable(data) and not hasattr(data, "batches"):
        return images.as_dataset(_Anew(data))
    return images.as_dataset(data)


def _are_paths(data) -> bool:
    return (
        isinstance(data, (list, tuple))
        and len(data) > 0
        and all(isinstance(item, (str, os.PathLike)) for item in data)
    )


class _Anew:
    """Calls a function for a new iterator each time it is iterated over."""

    def __init__(self, function):
        self._function = function

    def __iter__(self):
        made = self._function()
        if not isinstance(made, Iterable):
            raise TypeError(
                "a function used as data returns an iterable of pairs (x, y); "
                f"it returned {type(made).__name__}"
            )
        return iter(made)


def length_of(source) -> int | None:
    """How many pictures a data set has; None where nobody knows."""
    try:
        return len(source)
    except TypeError:
        return None


def check_channels(given: int | None, wanted: int) -> None:
    """Raise DataMismatchError unless a network takes pictures of so many channels.

    Parameters
    ----------
    given : int or None
        Of the pictures, as a data set gives them; None where nobody knows yet.
    wanted : int
        Of the network; with one, it takes the mean of three, too.
    """
    needed = 3 if wanted == 1 else wanted
    if given in (None, needed, wanted):
        return
    if needed == 3:
        advice = f"Model(..., in_channels={given}) builds a network for them"
    else:
        advice = (
            "give arrays (n, channels, rows, columns), tt.images.HDF5Images, or files with "
            "read=, a function from a path to an array"
        )
    raise DataMismatchError(
        f"the pictures have {given} channels and the network takes {wanted}; {advice}"
    )


def split_off(source, share, seed, validation=None, sample_weight=None):
    """Training and validation part of a data set, `share` of it for validation."""
    if validation is not None:
        raise ValueError("give validation_data or validation_split, not both")
    if sample_weight is not None:
        raise ValueError(
            "sample_weight goes by the order of the pictures, which validation_split changes; "
            "split first and give validation_data"
        )
    if not callable(getattr(source, "split", None)):
        raise ValueError(
            "validation_split needs a data set that can be split; give validation_data"
        )
    train, validation, _ = source.split(validation=share, seed=seed)
    return train, validation


def indexed(source):
    """The same pictures, whose labels are their numbers 0, 1, 2...

    Through the numbers, whatever belongs to a picture is found again in any order.
    """
    if not isinstance(source, images.Dataset):
        raise TypeError(
            "sample_weight needs to know which picture is which: give a data set of "
            "theano_transfer.images, arrays, or class_weight instead"
        )
    numbered = source.subset(range(len(source)))
    numbered.labels = np.arange(len(source), dtype=np.int32)
    return numbered


def read_batches(source, reading: Reading, *, epoch=0, steps=None, **options):
    """One epoch of (x, y) from a data set.

    Parameters
    ----------
    source : data set
    reading : Reading
    epoch : int
    steps : int, optional
        At most so many batches.
    **options
        shuffle, seed and augment, as for ``tt.images.Dataset.batches``.

    Raises
    ------
    DataMismatchError
        If there is not one batch.
    """
    batches = source.batches(
        reading.batch_size,
        size=reading.size,
        preprocess=reading.preprocess,
        workers=reading.workers,
        epoch=epoch,
        **options,
    )
    empty = True
    try:
        for x, y in itertools.islice(batches, steps):
            empty = False
            if reading.channels is not None:
                check_channels(x.shape[1], reading.channels)
            yield x, y
    finally:
        close = getattr(batches, "close", None)  # stops the threads that read ahead
        if close is not None:
            close()
    if empty:
        raise DataMismatchError(
            "the data gave no batch"
            + (
                f" in epoch {epoch + 1}: a generator gives its batches once. Give a list, a "
                "function that returns a new generator, or steps_per_epoch for an endless one"
                if length_of(source) is None
                else ": it has no pictures"
            )
        )
