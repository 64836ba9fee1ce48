"""What the training loop is fed: batches of features, targets and weights.

Features are what comes out of the cut (see ``_cut``): pictures themselves where nothing is
frozen. They are computed for every batch anew, or come from a cache.
"""

from __future__ import annotations

from contextlib import closing

import numpy as np
import theano

from theano_transfer.images import Dataset
from theano_transfer.tuning._cached import CachedFeatures
from theano_transfer.tuning._errors import DataMismatchError
from theano_transfer.tuning._mixing import mixing_generator
from theano_transfer.tuning._sources import Reading, indexed, length_of, read_batches
from theano_transfer.tuning._targets import item_weights

NO_LABELS = "the data has no labels, so there is nothing to learn from or to measure"


class Feed:
    """Reads pictures and computes their features, batch by batch.

    Parameters
    ----------
    source : data set
    reading : Reading
    features : callable
        Preprocessed pictures -> features.
    to_targets : callable, optional
        Labels of a batch -> targets; not needed for :meth:`features`.
    class_weight : array, optional
        A weight for each class.
    sample_weight : array, optional
        A weight for each picture of `source`, in its order.
    shuffle, seed, augment
        As for ``tt.images.Dataset.batches``.
    steps : int, optional
        Batches in an epoch.
    mix : callable, optional
        (x, targets, weights, rng) -> the same, mixed; see ``_mixing``.
    """

    def __init__(
        self,
        source,
        reading: Reading,
        features,
        to_targets=None,
        *,
        class_weight=None,
        sample_weight=None,
        shuffle=False,
        seed=0,
        augment=None,
        steps=None,
        mix=None,
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
        self.mix = mix
        # Labels and weights of all pictures, where both are looked up by a picture's number.
        self._by_number = None
        if sample_weight is not None:
            numbered = indexed(source)
            if source.labels is None:
                raise DataMismatchError(NO_LABELS)
            self._by_number = source.labels, _checked_weights(sample_weight, len(source))
            source = numbered
        self.source = source

    def batches(self, epoch: int, start: int = 0):
        """Yield (features, targets, weights) for one epoch, counted from 0, from a batch on."""
        for number, (x, labels) in enumerate(self._pictures(epoch, start), start=start):
            targets, weights = self.answers(labels)
            if self.mix is not None:
                rng = mixing_generator(self.seed, epoch, number)
                x, targets, weights = self.mix(x, targets, weights, rng)
            yield self._features(x), targets, weights

    def groups(self, epoch: int) -> list[np.ndarray]:
        """The numbers of the pictures in each batch of an epoch; of a data set of known length."""
        order = np.arange(len(self.source))
        if self.shuffle:
            order = self.source.order(seed=self.seed, epoch=epoch)
        order, size = order[: self.length], self.reading.batch_size
        return [order[start : start + size] for start in range(0, len(order), size)]

    @property
    def count(self) -> int | None:
        """Batches in an epoch; None where nobody knows."""
        if self.length is None:
            return self._steps
        return -(-self.length // self.reading.batch_size)

    def names(self, epoch: int, batch: int) -> list[str]:
        """What the pictures of a batch, counted from 0, are called: their files or numbers."""
        if self.length is None or not isinstance(self.source, Dataset):
            return []
        paths = getattr(self.source, "paths", None)
        group = self.groups(epoch)[batch]
        return [f"number {i}" if paths is None else str(paths[i]) for i in group]

    def features(self):
        """Yield the features alone, as in the first epoch."""
        return (self._features(x) for x, _ in self._pictures(0))

    def _pictures(self, epoch, start=0):
        """Yield (x, labels)."""
        if start:
            batches = self._read_rest(epoch, start)
        else:
            batches = read_batches(
                self.source,
                self.reading,
                epoch=epoch,
                shuffle=self.shuffle,
                seed=self.seed,
                augment=self.augment,
                steps=self._steps,
            )
        for x, labels in batches:
            yield x.astype(theano.config.floatX, copy=False), labels

    def _read_rest(self, epoch, start):
        """The batches from `start` on, as if those before had been read."""
        groups = self.groups(epoch)[start:]
        pictures = self.source.chosen_batches(
            groups,
            size=self.reading.size,
            preprocess=self.reading.preprocess,
            workers=self.reading.workers,
            seed=self.seed,
            epoch=epoch,
            augment=self.augment,
        )
        with closing(pictures):
            for group, x in zip(groups, pictures):
                yield x, None if self.source.labels is None else self.source.labels[group]

    def answers(self, labels):
        """Targets and weights for labels as the data set gives them."""
        if labels is None:
            raise DataMismatchError(NO_LABELS)
        weights = np.ones(len(labels), theano.config.floatX)
        if self._by_number is not None:
            all_labels, all_weights = self._by_number
            weights *= all_weights[labels]
            labels = all_labels[labels]
        targets = self._to_targets(labels)
        if self._class_weight is not None:
            weights *= item_weights(targets, self._class_weight).astype(weights.dtype)
        return targets, weights


class CachedFeed:
    """The same batches, their features from a cache.

    Parameters
    ----------
    feed : Feed
        Of a data set whose length is known.
    features : CachedFeatures
        Of the same pictures.
    """

    def __init__(self, feed: Feed, features: CachedFeatures):
        self.length = feed.length
        self._feed, self._features = feed, features
        self._answers: tuple | None = None

    def batches(self, epoch: int, start: int = 0):
        """Yield what the feed's ``batches(epoch, start)`` would."""
        if self._answers is None:
            self._answers = self._feed.answers(self._feed.source.labels)
        targets, weights = self._answers
        groups = self._feed.groups(epoch)[start:]
        with closing(self._features.read(groups, epoch)) as read:
            for group, features in zip(groups, read):
                yield features, targets[group], weights[group]

    def features(self):
        """Yield what the feed's ``features()`` would."""
        return self._features.read(self._feed.groups(0))

    @property
    def count(self) -> int | None:
        """Batches in an epoch."""
        return self._feed.count

    def names(self, epoch: int, batch: int) -> list[str]:
        """As those of the feed."""
        return self._feed.names(epoch, batch)

    def fill(self, first: int, last: int) -> None:
        """Have the features of epochs `first` to `last` in the cache, as training leaves them.

        A batch at a time in the order of those epochs: what a kernel makes of a picture may
        differ in the last bit with the pictures beside it.
        """
        for epoch in range(first, min(last, first + self._features.variants - 1) + 1):
            for _ in self._features.read(self._feed.groups(epoch), epoch):
                pass


def _checked_weights(weights, count):
    weights = np.asarray(weights, dtype=theano.config.floatX)
    if weights.shape != (count,):
        raise ValueError(f"sample_weight has shape {weights.shape}; expected ({count},), one each")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("sample weights are finite and not negative")
    return weights
