"""What all data sets have in common: pictures by index, labels, splits, batches."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.images._ahead import filled_ahead
from theano_transfer.images._augmentation import Augmentation
from theano_transfer.images._balanced import balanced_indices
from theano_transfer.images._cache import DEFAULT_CACHE_BYTES, PixelCache
from theano_transfer.images._grouped import numbered
from theano_transfer.images._labels import counted
from theano_transfer.images._labels import groups as classes_of
from theano_transfer.images._preprocessing import COLOURS, Preprocessing, resolve
from theano_transfer.images._random import Purpose, checked_seed, generator, permutation
from theano_transfer.images._resize import checked_crop, checked_resample, checked_size
from theano_transfer.images._split import grouped, stratified

Kind = TypeVar("Kind", bound="Dataset")


class Form(NamedTuple):
    """How a picture is brought to its size."""

    size: tuple[int, int] | None
    resample: str
    crop: float | None


class Dataset:
    """Pictures with labels. Base of `ImageFolder`, `ImageFiles` and `ArrayData`.

    Attributes
    ----------
    classes : list of str or None
        Class names in the order of the class numbers.
    labels : array or None
        int32 (n,) class numbers, or float32 (n, ...) one-hot rows, multi-hot rows or numbers.
    channels : int
        Of the pictures that :meth:`batches` gives: 3 (grey ones are repeated), or as many as
        arrays have.
    groups : array (n,) or None
        What belongs together - pictures of one patient, frames of one film - has the same value.
        May be set; `split` and `folds` keep it in one part.

    Notes
    -----
    A kind of data set supplies `_pixels` and `_select`, and may narrow `_size` and
    `_check_preprocessing`.
    """

    def __init__(self, labels, classes, cache_bytes=DEFAULT_CACHE_BYTES):
        self.labels = labels
        self.classes = classes
        self.channels = COLOURS
        self._groups: np.ndarray | None = None
        self._cache = PixelCache(cache_bytes)

    def __len__(self) -> int:
        raise NotImplementedError

    @property
    def groups(self) -> np.ndarray | None:
        return self._groups

    @groups.setter
    def groups(self, values):
        if values is not None:
            numbered(values, len(self))  # complains about a wrong number of them
            values = np.asarray(values)
        self._groups = values

    @property
    def counts(self) -> dict | None:
        """Pictures of each class, by name (or number, without names); None without classes."""
        return counted(self.labels, self.classes)

    def subset(self: Kind, indices: Sequence[int] | np.ndarray) -> Kind:
        """The pictures at `indices`, in that order. Shares the cache of decoded pictures."""
        chosen = np.asarray(indices)
        if not chosen.size:
            chosen = np.arange(0)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
            raise TypeError(f"indices must be a vector of ints, got {indices!r}")
        if chosen.size and (chosen.min() < 0 or chosen.max() >= len(self)):
            raise IndexError(
                f"indices must lie in 0..{len(self) - 1}, got {chosen.min()}..{chosen.max()}"
            )
        part = copy.copy(self)
        part.labels = None if self.labels is None else self.labels[chosen]
        part._groups = None if self._groups is None else self._groups[chosen]
        part._select(chosen)
        return part

    @checks_options
    def split(
        self: Kind, validation: float = 0.2, test: float = 0.0, *, seed: int = 0, groups=None
    ) -> tuple[Kind, Kind, Kind]:
        """Training, validation and test part, the same on every machine for one seed.

        Stratified: each class is shared out on its own and is in every part, as far as it has
        as many pictures as there are parts; a smaller class serves training first. Without
        classes (several per picture, or numbers as labels) all pictures are shared out together.

        Parameters
        ----------
        validation, test : float
            Fractions in [0, 1) whose sum is below 1. A part of fraction 0 is an empty data set.
        seed : int
        groups : sequence, optional
            A value for each picture, such as the patient it is of: those with the same value get
            into the same part, so that nobody is recognised again who was trained with. Parts
            are then as near to their fractions as the groups allow. Those of the data set
            (:attr:`groups`), if None.

        Raises
        ------
        DatasetError
            There are too few pictures, or groups: a part would be empty.
        """
        by_class = classes_of(self.labels, len(self))
        together = self.groups if groups is None else groups
        parts = (
            stratified(by_class, validation=validation, test=test, seed=checked_seed(seed))
            if together is None
            else grouped(
                by_class,
                numbered(together, len(self)),
                validation=validation,
                test=test,
                seed=checked_seed(seed),
            )
        )
        train, valid, rest = (self.subset(part) for part in parts)
        return train, valid, rest

    @checks_options
    def balanced(self: Kind, each: str | int = "largest", *, seed: int = 0) -> Kind:
        """As many pictures of each class, taking some several times or leaving some out.

        Parameters
        ----------
        each : 'largest', 'smallest' or int
            How many: as many as the largest class has (the others are repeated as evenly as can
            be, and augmented differently each time), as the smallest has, or so many.
        seed : int
            Which ones.

        Raises
        ------
        DatasetError
            The pictures have no class, or several.
        """
        return self.subset(balanced_indices(self.labels, len(self), each, seed))

    @checks_options
    def batches(
        self,
        batch_size: int,
        *,
        size: int | tuple[int, int] | None = None,
        preprocess: str | Preprocessing | Callable,
        shuffle: bool = False,
        seed: int = 0,
        epoch: int = 0,
        augment: Augmentation | Callable | None = None,
        resample: str = "bilinear",
        crop: float | None = None,
        workers: int = 2,
        prefetch: int = 4,
        drop_last: bool = False,
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """One epoch of (x, y), decoded in threads ahead of use.

        What comes out depends on `seed` and `epoch` and not on the number of workers: the order
        on (seed, epoch), the augmentation of a picture on (seed, epoch, its index).

        Parameters
        ----------
        batch_size : int
        size : int or (rows, columns)
            In pixels; arrays may keep their own (None).
        preprocess : str, Preprocessing or callable
            A key of `PREPROCESSING`, or any function of float32 or uint8 pixels (channels, rows,
            columns) that returns an array of the same shape. The network's record names the
            right one.
        augment : Augmentation or callable, optional
            Called as ``augment(picture, rng)``, picture (channels, rows, columns), before
            `preprocess`. It must not write into the picture.
        resample, crop
            As for `load`.
        workers : int
            Threads; 0 works in the caller's thread.
        prefetch : int
            Batches made ahead. At most ``prefetch + 2`` are in memory, with the one in use.
        drop_last : bool
            Leave out a last batch that is not full.

        Yields
        ------
        x : float32 (b, channels, rows, columns)
            Channels-last in memory: ``x.transpose(0, 2, 3, 1)`` is C-contiguous.
        y : the rows of `labels`, or None without labels

        Raises
        ------
        ValueError, TypeError
            At the call, for arguments that do not fit.
        ImageError
            While iterating: a picture was deleted, changed or is damaged; names the file.
        """
        _at_least(1, batch_size=batch_size)
        count = len(self)
        order = self.order(seed=seed, epoch=epoch) if shuffle else np.arange(count)
        end = count - count % batch_size if drop_last else count
        chunks = [order[start : start + batch_size] for start in range(0, end, batch_size)]
        made = self.chosen_batches(
            chunks,
            size=size,
            preprocess=preprocess,
            seed=seed,
            epoch=epoch,
            augment=augment,
            resample=resample,
            crop=crop,
            workers=workers,
            prefetch=prefetch,
        )
        return self._labelled(chunks, made)

    @checks_options
    def order(self, *, seed: int = 0, epoch: int = 0) -> np.ndarray:
        """The indices of all pictures as ``batches(shuffle=True)`` takes them."""
        seed, epoch = checked_seed(seed), checked_seed(epoch, "epoch")
        return permutation(len(self), seed, Purpose.ORDER, epoch)

    @checks_options
    def chosen_batches(
        self,
        groups: Sequence[Sequence[int] | np.ndarray],
        *,
        size=None,
        preprocess,
        seed=0,
        epoch=0,
        augment=None,
        resample="bilinear",
        crop=None,
        workers=2,
        prefetch=4,
    ) -> Iterator[np.ndarray]:
        """The pictures at each group of indices, as `batches` would yield their x."""
        rows_columns = self._size(checked_size(size))
        form = Form(rows_columns, checked_resample(resample), checked_crop(crop))
        _at_least(0, workers=workers, prefetch=prefetch)
        seed, epoch = checked_seed(seed), checked_seed(epoch, "epoch")
        preparation = Preparation(preprocess, augment)
        self._check_preprocessing(preparation.preprocess)

        def fill(index, slot):
            pixels = self._cached_pixels(index, form)
            rng = (
                None
                if augment is None
                else generator(seed, Purpose.AUGMENTATION, epoch, int(index))
            )
            preparation.write(pixels, slot, rng)

        return _channels_first(
            filled_ahead(
                groups, fill, (*rows_columns, self.channels), workers=workers, prefetch=prefetch
            )
        )

    def contents(
        self, indices: Sequence[int], *, size: int | tuple[int, int] | None = None
    ) -> list[bytes]:
        """For each of the pictures, a digest of what it is made from.

        Of a file, its content as it was when the data set was made; of an array, the pixels as
        they are now. `size` is for kinds of data sets that can only tell by resized pictures.

        Raises
        ------
        ImageError
            A file has changed since the data set was made.
        """
        form = Form(self._size(checked_size(size)), "bilinear", None)
        return [self._content(index, form) for index in indices]

    def check_unchanged(self) -> None:
        """Raise ImageError if a file has changed since the data set was made; a quick look."""

    def forget_pixels(self) -> None:
        """Have a cache of its own, empty and of no size: for a look that keeps nothing."""
        self._cache = PixelCache(0)

    def _content(self, index, form) -> bytes:
        return digest_of(self._pixels(index, form))

    def _labelled(self, chunks, made):
        try:
            for chunk in chunks:
                x = next(made)
                yield x, None if self.labels is None else self.labels[chunk]
                del x  # the caller's from here on, and not alive beside the next one
        finally:
            made.close()

    def _cached_pixels(self, index, form):
        key = self._cache_key(index, form)
        if key is None:
            return self._pixels(index, form)
        pixels = self._cache.get(key, form)
        if pixels is None:
            pixels = self._pixels(index, form)
            self._cache.put(key, form, pixels)
        return pixels

    def _size(self, size: tuple[int, int] | None) -> tuple[int, int]:
        """The size to use where the caller asks for `size`, a pair or None."""
        if size is None:
            raise ValueError("size is needed, (rows, columns): pictures from files differ in size")
        return size

    def _check_preprocessing(self, preprocess):
        """Refuse, or warn of, a preprocessing that the pixels are not made for."""

    def _cache_key(self, index, form):
        """What the picture is kept under, or None where keeping saves nothing."""
        raise NotImplementedError

    def _pixels(self, index, form):
        """Picture `index` as (rows, columns, channels), 0..255, uint8 or floating."""
        raise NotImplementedError

    def _select(self, indices):
        """Narrow this copy to the pictures at `indices` (its labels already are)."""
        raise NotImplementedError


def digest_of(pixels: np.ndarray) -> bytes:
    """32 bytes that stand for an array: its values, dtype and shape."""
    state = hashlib.blake2b(f"{pixels.dtype.str} {pixels.shape} ".encode(), digest_size=32)
    state.update(np.ascontiguousarray(pixels).reshape(-1).view(np.uint8).data)
    return state.digest()


def _channels_first(made):
    try:
        for _, array in made:
            yield array.transpose(0, 3, 1, 2)
            del array
    finally:
        made.close()


def _at_least(least, **numbers):
    for name, number in numbers.items():
        if not isinstance(number, (int, np.integer)) or number < least:
            raise ValueError(f"{name} must be an int from {least} on, got {number!r}")


class Preparation:
    """Augmenting and preprocessing: from pixels to what a network is fed."""

    def __init__(self, preprocess, augment):
        self.preprocess = preprocess if _is_function(preprocess) else resolve(preprocess)
        self.augment = augment
        if augment is not None and not callable(augment):
            raise TypeError(f"augment must be an Augmentation or a function, got {augment!r}")
        rescale = getattr(augment, "rescale", None)
        identity = isinstance(self.preprocess, Preprocessing) and self.preprocess.is_identity
        if rescale is not None and not identity:
            raise ValueError(
                f"pixels would be changed twice: by rescale={rescale!r} of the augmentation and "
                f"by preprocess={preprocess!r}. Leave rescale out, or pass preprocess='identity' "
                "to feed the network rescaled pixels (in validation and prediction too)"
            )

    def write(self, pixels, slot, rng):
        """Fill `slot`, float32 (rows, columns, channels), from `pixels`."""
        if self.augment is not None:
            picture = self.augment(pixels.transpose(2, 0, 1), rng)
            pixels = _same_shape(picture, slot, "augment")
        if isinstance(self.preprocess, Preprocessing):
            self.preprocess.write(pixels, slot)
        else:
            picture = self.preprocess(pixels.transpose(2, 0, 1))
            slot[...] = _same_shape(picture, slot, "preprocess")


def _is_function(preprocess):
    return callable(preprocess) and not isinstance(preprocess, Preprocessing)


def _same_shape(picture, slot, name):
    rows, columns, channels = slot.shape
    if np.shape(picture) != (channels, rows, columns):
        raise ValueError(
            f"{name} must return a picture of the shape it gets, ({channels}, {rows}, {columns}); "
            f"got {np.shape(picture)}"
        )
    return np.asarray(picture).transpose(1, 2, 0)
