"""Features of the pictures of a data set: from a cache, and from the network where it has none."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator, Iterable, Sequence
from functools import cached_property

import numpy as np

from theano_transfer.cache import FeatureCache, FeatureCacheWarning
from theano_transfer.cache._describe import UndescribableError
from theano_transfer.cache._frozen import FrozenPart
from theano_transfer.cache._keys import (
    describe_augmentation,
    describe_preprocessing,
    digest,
    entry_keys,
)
from theano_transfer.cache._want import Want, too_large
from theano_transfer.images import Dataset
from theano_transfer.tuning._sources import Reading


class CachedFeatures:
    """Reads features from a cache; computes and keeps what it lacks.

    Parameters
    ----------
    part : FrozenPart
    source : Dataset
    reading : Reading
    cache : FeatureCache
        Nothing is added to it before :func:`make_room`.
    augment : Augmentation or function, optional
    seed : int
        Of the augmentation.
    variants : int
        How many augmented variants of each picture there are: epoch ``e`` has the variant
        ``e % variants``, augmented as an epoch of that number always is.
    """

    def __init__(
        self,
        part: FrozenPart,
        source: Dataset,
        reading: Reading,
        cache: FeatureCache,
        *,
        augment=None,
        seed=0,
        variants=1,
    ):
        self.part, self.source, self.reading, self.cache = part, source, reading, cache
        self._augment, self._seed = augment, seed
        self.variants = 1 if augment is None else max(1, variants)
        # What has no name is recognised by this object alone.
        self._preparation = _named_or_new(describe_preprocessing, reading.preprocess)
        self._augmentation = _named_or_new(describe_augmentation, augment)
        self._keys: dict[int, list[bytes]] = {}
        self._room: bytes | None = None  # the space that room was made in
        # Axes of a batch as it is kept: maps with their channels last, as kernels take them.
        axes = len(part.shape) + 1
        self._order = (0, 2, 3, 1) if axes == 4 else tuple(range(axes))
        self._row = tuple(part.shape[axis - 1] for axis in self._order[1:])

    @property
    def nbytes(self) -> int:
        """Bytes of all features."""
        return len(self.source) * self.variants * self.part.row_bytes

    @cached_property
    def _contents(self) -> list[bytes]:
        return self.source.contents(range(len(self.source)), size=self.reading.size)

    def want(self) -> tuple[bytes, Want]:
        """The space that the features belong to now, and which of its entries they are."""
        keys: dict[bytes, None] = {}
        for variant in range(self.variants):
            keys.update(dict.fromkeys(self._keys_of(variant)))
        return self._space(), Want(self._row, self.part.dtype, keys)

    def read(
        self, groups: Iterable[Sequence[int] | np.ndarray], epoch: int = 0
    ) -> Generator[np.ndarray]:
        """Yield features (n, ...) of the pictures at each group of indices.

        Raises
        ------
        ImageError
            A file has changed since the data set was made.
        """
        self.source.check_unchanged()
        variant = epoch % self.variants
        space, keys = self._space(), self._keys_of(variant)
        if self._room not in (None, space):  # somebody changed the weights
            reason = make_room([self])
            if reason is not None:
                warn_not_kept(reason)
        store = self.cache.store
        absent = set(store.absent(space, keys))
        groups = [[int(i) for i in group] for group in groups]
        late = [[i for i in group if keys[i] in absent] for group in groups] if absent else []
        computed = self._compute([group for group in late if group], variant)
        try:
            for group in groups:
                rows = np.empty((len(group), *self._row), self.part.dtype)
                new = [k for k, i in enumerate(group) if keys[i] in absent] if absent else []
                if new:
                    rows[new] = next(computed)
                    self._keep(space, keys, [group[k] for k in new], rows[new])
                old = sorted(set(range(len(group))).difference(new)) if new else range(len(group))
                lost = store.read(space, {k: keys[group[k]] for k in old}, rows)
                if lost:  # damaged since, or before
                    (rows[lost],) = self._compute([[group[k] for k in lost]], variant)
                    self._keep(space, keys, [group[k] for k in lost], rows[lost])
                yield rows.transpose(np.argsort(self._order))
        finally:
            computed.close()
            self._guarded(store.flush)

    def _compute(self, groups, variant):
        """Features of groups of pictures, in the order of axes in which they are kept."""
        reading = self.reading
        pictures = self.source.chosen_batches(
            groups,
            size=reading.size,
            preprocess=reading.preprocess,
            workers=reading.workers,
            augment=self._augment,
            seed=self._seed,
            epoch=variant,
        )
        for x in pictures:
            features = self.part.compute(x.astype(self.part.input_dtype, copy=False))
            yield features.transpose(self._order)
            del x

    def _keep(self, space, keys, pictures, rows) -> None:
        """Put what was just computed into the cache, where nothing has changed under way."""
        if self._room != space or self._space() != space:
            return
        now = self.source.contents(pictures, size=self.reading.size)
        same = [k for k, i in enumerate(pictures) if now[k] == self._contents[i]]
        written = [keys[pictures[k]] for k in same]
        self._guarded(self.cache.store.write, space, written, rows[same])

    def _guarded(self, act, *arguments) -> None:
        """A disk that fails is no reason to stop training."""
        try:
            act(*arguments)
        except OSError as error:
            self._room = None
            warn_not_kept(f"{str(self.cache.path)!r} cannot be written ({error.strerror})")

    def _space(self) -> bytes:
        size = repr(tuple(self.reading.size)).encode()
        return digest(self.part.key(), self._preparation, size)

    def _keys_of(self, variant) -> list[bytes]:
        if self._augment is None:
            return self._contents
        if variant not in self._keys:
            self._keys[variant] = entry_keys(
                self._contents, self._augmentation, self._seed, variant
            )
        return self._keys[variant]


def why_not_in_file(part: FrozenPart, preprocess, augment) -> str | None:
    """Why another program could not recognise features, in words; None if it can."""
    try:
        describe_preprocessing(preprocess)
        if augment is not None:
            describe_augmentation(augment)
    except UndescribableError as error:
        return str(error)
    return part.unnamed


def make_room(parts: Sequence[CachedFeatures]) -> str | None:
    """Make room for all of the features in their cache, or for none; why not, in words."""
    wants: dict[bytes, Want] = {}
    spaces = []
    needed = sum(features.nbytes for features in parts)
    if parts and needed > parts[0].cache.max_bytes:  # said before everything has been read
        return too_large(needed, parts[0].cache.max_bytes)
    for features in parts:
        space, want = features.want()
        spaces.append(space)
        keys = {**wants[space].keys, **want.keys} if space in wants else want.keys
        wants[space] = Want(want.shape, want.dtype, keys)
    reason = parts[0].cache.store.reserve(wants) if parts else None
    for features, space in zip(parts, spaces):
        features._room = space if reason is None else None
    return reason


def warn_not_kept(reason: str) -> None:
    """Say that the network will have to compute features again."""
    warnings.warn(
        "features of the frozen part are not kept, but computed whenever they are needed: "
        f"{reason}",
        FeatureCacheWarning,
        stacklevel=3,
    )


def _named_or_new(describe, thing) -> bytes:
    if thing is None:
        return b"none"
    try:
        return describe(thing)
    except UndescribableError:
        return os.urandom(32)
