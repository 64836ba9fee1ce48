"""Taking what users have - folders, arrays, iterators - for a data set."""

from __future__ import annotations

import os
from collections.abc import Iterable

from theano_transfer._suggest import checks_options
from theano_transfer.images._arrays import ArrayData
from theano_transfer.images._folder import ImageFolder


class BatchIterator:
    """A data set of unknown length: batches that the user's iterator supplies.

    The items are pairs (x, y) as for `ArrayData`: x (b, 3, rows, columns) with RGB pixel values
    0..255, or as many channels as a network has. What can be iterated again (a list, say) starts
    again with each call of `batches`; a generator goes on where it stopped.
    """

    classes = None
    labels = None
    channels = None  # nobody knows before they come

    def __init__(self, source: Iterable):
        self._source = source

    @checks_options
    def batches(
        self,
        batch_size=None,
        *,
        size=None,
        preprocess,
        seed=0,
        epoch=0,
        augment=None,
        resample="bilinear",
        crop=None,
        shuffle=False,
        workers=0,
        prefetch=0,
        drop_last=False,
    ):
        """Yield (x, y) resized, augmented and preprocessed as `Dataset.batches` does.

        Batches keep the size and the order they come in, one at a time: `batch_size`, `shuffle`,
        `workers`, `prefetch` and `drop_last` are those of any data set, and change nothing.
        """
        for number, item in enumerate(self._source):
            if not isinstance(item, (tuple, list)) or len(item) != 2:
                raise TypeError(
                    f"an iterator used as data must yield pairs (x, y); item {number} is "
                    f"{type(item).__name__}. Paths of pictures make an ImageFiles"
                )
            batch = ArrayData(*item, cache_bytes=0)
            if not len(batch):
                continue
            # each batch counts its pictures from 0: its number keeps their random streams apart
            yield from batch.batches(
                len(batch),
                size=size,
                preprocess=preprocess,
                seed=seed,
                epoch=epoch * 2**32 + number,
                augment=augment,
                resample=resample,
                crop=crop,
                workers=0,
            )


def as_dataset(data):
    """`data` as a data set.

    Parameters
    ----------
    data : one of
        a data set, which comes back as it is;
        a path, of a folder for `ImageFolder`;
        a pair (x, y) of arrays for `ArrayData`;
        an iterable or generator of such pairs, for `BatchIterator`.
    """
    if callable(getattr(data, "batches", None)):
        return data
    if isinstance(data, (str, os.PathLike)):
        return ImageFolder(data)
    if isinstance(data, tuple):
        if len(data) != 2:
            raise TypeError(f"a tuple used as data must be (x, y), got {len(data)} items")
        return ArrayData(*data)
    if isinstance(data, Iterable) and not hasattr(data, "dtype"):
        return BatchIterator(data)
    raise TypeError(
        "data must be a data set, a folder, a pair (x, y) or an iterator of such pairs; "
        f"got {type(data).__name__}"
    )
