"""What the training loop is fed: batches of features, targets and weights.

Features are what comes out of the cut (see ``_cut``): pictures themselves where nothing is
frozen. They are computed for every batch anew, or computed once and kept.
"""

from __future__ import annotations

import math

import numpy as np
import theano
from lasagne.layers import InputLayer, get_all_layers, get_output_shape

from theano_transfer.images._random import Purpose, permutation
from theano_transfer.tuning._errors import DataMismatchError
from theano_transfer.tuning._progress import Bar
from theano_transfer.tuning._sources import Reading, indexed, length_of, read_batches
from theano_transfer.tuning._targets import item_weights

# What cached features may take, unless fit() is told otherwise.
CACHE_BYTES = 1 << 30

NO_LABELS = "the data has no labels, so there is nothing to learn from or to measure"


class Feed:
    """Reads pictures and computes their features, batch by batch.

    Parameters
    ----------
    source : data set
    reading : Reading
    features : callable
        Preprocessed pictures -> features.
    to_targets : callable
        Labels of a batch -> targets.
    class_weight : array, optional
        A weight for each class.
    sample_weight : array, optional
        A weight for each picture of `source`, in its order.
    shuffle, seed, augment
        As for ``tt.images.Dataset.batches``.
    steps : int, optional
        Batches in an epoch.
    """

    def __init__(
        self,
        source,
        reading: Reading,
        features,
        to_targets,
        *,
        class_weight=None,
        sample_weight=None,
        shuffle=False,
        seed=0,
        augment=None,
        steps=None,
    ):
        self.length = length_of(source)
        if self.length is not None and steps is not None:
            self.length = min(self.length, steps * reading.batch_size)
        self.reading = reading
        self.shuffle, self.seed, self.augment = shuffle, seed, augment
        self._features = features
        self._to_targets = to_targets
        self._class_weight = class_weight
        self._steps = steps
        # Labels and weights of all pictures, where both are looked up by a picture's number.
        self._by_number = None
        if sample_weight is not None:
            numbered = indexed(source)
            if source.labels is None:
                raise DataMismatchError(NO_LABELS)
            self._by_number = source.labels, _checked_weights(sample_weight, len(source))
            source = numbered
        self.source = source

    def batches(self, epoch: int):
        """Yield (features, targets, weights) for one epoch, counted from 0."""
        return self._read(
            epoch, shuffle=self.shuffle, seed=self.seed, augment=self.augment, steps=self._steps
        )

    def in_order(self):
        """Yield (features, targets, weights) of all pictures in their own order, unaugmented."""
        return self._read(0, shuffle=False, seed=self.seed, augment=None)

    def _read(self, epoch, **options):
        dtype = theano.config.floatX
        for x, labels in read_batches(self.source, self.reading, epoch=epoch, **options):
            weights = np.ones(len(x), dtype)
            if self._by_number is not None:
                all_labels, all_weights = self._by_number
                weights *= all_weights[labels]
                labels = all_labels[labels]
            if labels is None:
                raise DataMismatchError(NO_LABELS)
            targets = self._to_targets(labels)
            if self._class_weight is not None:
                weights *= item_weights(targets, self._class_weight).astype(dtype)
            yield self._features(x.astype(dtype, copy=False)), targets, weights


class CachedFeed:
    """The same batches from features that were computed once.

    Parameters
    ----------
    feed : Feed
        Read once, in order. Its pictures must be the same in every epoch.
    note : callable
        Called with the number of pictures of each batch as it is done.
    """

    def __init__(self, feed: Feed, note=lambda count: None):
        self.count = len(feed.source)
        self.length: int = self.count if feed.length is None else feed.length
        self.shuffle, self.seed = feed.shuffle, feed.seed
        self.batch_size = feed.reading.batch_size
        self._arrays: list[np.ndarray] = []
        filled = 0
        for batch in feed.in_order():
            if not self._arrays:
                self._arrays = [_empty_like(array, self.count) for array in batch]
            size = len(batch[0])
            for kept, array in zip(self._arrays, batch):
                kept[filled : filled + size] = array
            filled += size
            note(size)

    def batches(self, epoch: int):
        """Yield what the feed's ``batches(epoch)`` would."""
        if self.shuffle:
            order = permutation(self.count, self.seed, Purpose.ORDER, epoch)
        else:
            order = np.arange(self.count)
        for start in range(0, self.length, self.batch_size):
            rows = order[start : min(start + self.batch_size, self.length)]
            yield tuple(array[rows] for array in self._arrays)


def feature_bytes(inference, size) -> int:
    """Bytes of the features of one picture of `size` (rows, columns)."""
    entry = next(x for x in get_all_layers(inference.cut) if isinstance(x, InputLayer))
    shape = get_output_shape(inference.cut, {entry: (1, entry.shape[1], *size)})
    return math.prod(shape) * np.dtype(theano.config.floatX).itemsize


def why_not_kept(feed: Feed, inference, budget: int) -> str | None:
    """Why the features of a feed cannot be kept, in words; None if they can."""
    if not inference.is_cut:
        return "nothing at the bottom of the network is frozen"
    if feed.augment is not None:
        return "augmentation changes the pictures in every epoch"
    count = length_of(feed.source)
    if count is None:
        return "an iterator may bring other pictures in every epoch"
    needed = count * feature_bytes(inference, feed.reading.size)
    if needed > budget:
        return (
            f"the features of {count} pictures at {inference.cut.name!r} take "
            f"{needed / 2**20:.0f} MiB, more than is left of cache_bytes ({budget / 2**20:.0f} MiB)"
        )
    return None


def keep_features(feed, validation, *, wanted, inference, budget, shown=False, check=lambda: None):
    """Replace feeds by cached ones where that is wanted and possible.

    Parameters
    ----------
    feed : Feed
    validation : Feed or None
    wanted : 'auto', True or False
        True raises where the training feed cannot be cached.
    inference : Inference
    budget : int
        Bytes that all features together may take.
    shown : bool
        Whether to show a progress bar.
    check : callable
        Called after each batch; raises to stop.

    Returns
    -------
    feed, validation
    """
    if wanted not in ("auto", True, False):
        raise ValueError(f"cache_features is 'auto', True or False; got {wanted!r}")
    kept: list = []
    for number, part in enumerate((feed, validation)):
        if part is None or wanted is False:
            kept.append(part)
            continue
        reason = why_not_kept(part, inference, budget)
        if reason is not None:
            if wanted is True and number == 0:
                raise ValueError(f"features cannot be cached: {reason}")
            kept.append(part)
            continue
        with Bar("features", length_of(part.source), shown=shown) as bar:

            def note(count, bar=bar):
                bar.update(count)
                check()

            kept.append(CachedFeed(part, note))
        budget -= kept[-1].count * feature_bytes(inference, part.reading.size)
    return tuple(kept)


def _empty_like(batch, count):
    """An empty array for `count` rows like those of `batch`, with axes in the same memory order.

    Kernels read channels-last features fastest, and that is how they come.
    """
    by_stride = sorted(range(1, batch.ndim), key=lambda axis: -abs(batch.strides[axis]))
    order = [0, *by_stride]
    return np.empty([count, *(batch.shape[axis] for axis in by_stride)], batch.dtype).transpose(
        np.argsort(order)
    )


def _checked_weights(weights, count):
    weights = np.asarray(weights, dtype=theano.config.floatX)
    if weights.shape != (count,):
        raise ValueError(f"sample_weight has shape {weights.shape}; expected ({count},), one each")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("sample weights are finite and not negative")
    return weights
