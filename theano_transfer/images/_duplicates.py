"""Pictures that are there twice: the same file, or the same to the eye.

A picture in the training and in the validation part makes validation flatter. Candidates come
from a perceptual hash: 64 bits that say which of the slowest waves of the picture are strong
(discrete cosine transform of its grey values at 32x32, as in Zauner, "Implementation and
Benchmarking of Perceptual Image Hash Functions", 2010). What agrees in all but a few bits is then
compared by colour at 16x16.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.images._errors import DatasetError

SIDE = 32  # pictures are looked at in this size
WAVES = 8  # in each direction
THUMBNAIL = 16
BITS = WAVES * WAVES
GREY = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601
BATCH = 256
AT_ONCE = 1 << 20  # pairs that are compared at a time


class Duplicate(NamedTuple):
    """Two pictures that are the same, or nearly.

    Attributes
    ----------
    first, second : int
        Their indices: in the first and in the second data set, or both in the only one.
    exact : bool
        Whether the files (of arrays: the pixels) are the same byte for byte.
    difference : float
        Root mean square of the differences of pixel values 0..255, at 16x16.
    """

    first: int
    second: int
    exact: bool
    difference: float


@checks_options
def find_duplicates(
    data, other=None, *, bits: int = 6, difference: float = 12.0, workers: int = 2
) -> list[Duplicate]:
    """Pictures of one data set that are in another too, or twice in the one.

    Parameters
    ----------
    data : Dataset
    other : Dataset, optional
        Pairs are sought between the two (training and validation, say); within `data`, if None.
    bits : int
        How many of 64 bits of the perceptual hashes may differ, 0 to 15.
    difference : float
        How much pixel values (0..255) may differ, root mean square at 16x16 pixels.
    workers : int
        Threads that decode.

    Returns
    -------
    list of Duplicate
        The exact ones first, then by difference. Scaled, recompressed and slightly retouched
        copies are found; cropped, turned and mirrored ones are not.

    Examples
    --------
    >>> found = find_duplicates(train, valid)                              # doctest: +SKIP
    >>> twice = {pair.first for pair in found}                             # doctest: +SKIP
    >>> train = train.subset([k for k in range(len(train)) if k not in twice])  # doctest: +SKIP
    """
    if not 0 <= bits < 16:
        raise ValueError(f"bits is an int from 0 to 15; got {bits!r}")
    for part in (data, other):
        if part is not None and not callable(getattr(part, "chosen_batches", None)):
            raise DatasetError(
                f"duplicates are sought in data sets; got {type(part).__name__} (a folder is "
                "tt.images.ImageFolder(path))"
            )
    mine = _Prints(data, workers)
    theirs = mine if other is None else _Prints(other, workers)
    pairs: dict[tuple[int, int], Duplicate] = {}
    for first, second in _same_content(mine, theirs):
        pairs[first, second] = Duplicate(first, second, True, 0.0)
    for firsts, seconds in _near(mine.hashes, theirs.hashes, bits, within=other is None):
        away = mine.thumbnails[firsts].astype(np.float32) - theirs.thumbnails[seconds]
        distances = np.sqrt((away**2).mean(axis=(1, 2, 3)))
        for k in np.flatnonzero(distances <= difference):
            key = int(firsts[k]), int(seconds[k])
            pairs.setdefault(key, Duplicate(*key, False, float(distances[k])))
    order = sorted(pairs.values(), key=lambda p: (not p.exact, p.difference, p.first, p.second))
    return order


class _Prints:
    """What is remembered of each picture: 64 bits, 768 bytes and a digest of its content."""

    def __init__(self, data, workers):
        count = len(data)
        self.hashes = np.empty(count, np.uint64)
        self.thumbnails = np.empty((count, data.channels, THUMBNAIL, THUMBNAIL), np.uint8)
        groups = [range(k, min(k + BATCH, count)) for k in range(0, count, BATCH)]
        uncached = data.subset(range(count))
        uncached.forget_pixels()
        made = uncached.chosen_batches(
            [list(group) for group in groups],
            size=(SIDE, SIDE),
            preprocess="identity",
            workers=workers,
            prefetch=2,
        )
        for group, x in zip(groups, made):
            place = slice(group.start, group.stop)
            self.hashes[place] = perceptual_hashes(x)
            small = x.reshape(*x.shape[:2], THUMBNAIL, 2, THUMBNAIL, 2).mean(axis=(3, 5))
            self.thumbnails[place] = np.rint(small).clip(0, 255)
        self.contents = data.contents(range(count), size=(SIDE, SIDE))


def perceptual_hashes(pictures) -> np.ndarray:
    """64 bits for each picture; pictures that look alike agree in most of them.

    Parameters
    ----------
    pictures : array (n, channels, 32, 32)
        Values 0..255; RGB where there are three channels.

    Returns
    -------
    uint64 array (n,)
        Bit k is set where wave k (by rows, from slow to fast) is above the median of all but the
        mean. A picture of one colour has none.
    """
    from scipy.fft import dctn

    pictures = np.asarray(pictures, float)
    if pictures.shape[1] == len(GREY):
        grey = np.tensordot(pictures, GREY, axes=(1, 0))
    else:
        grey = pictures.mean(axis=1)
    waves = dctn(grey, axes=(1, 2), norm="ortho")[:, :WAVES, :WAVES].reshape(-1, BITS)
    waves = np.where(np.abs(waves) < 1e-3, 0, waves)  # what rounding made of nothing
    median = np.median(waves[:, 1:], axis=1, keepdims=True)
    set_ = waves > median
    set_[:, 0] = False  # the mean: brightness is no content
    return np.packbits(set_, axis=1).view(">u8")[:, 0].astype(np.uint64)


def _same_content(mine, theirs) -> Iterator[tuple[int, int]]:
    """Pairs with the same digest; within one set, each pair once."""
    where: dict[bytes, list[int]] = {}
    for index, content in enumerate(theirs.contents):
        where.setdefault(content, []).append(index)
    for first, content in enumerate(mine.contents):
        for second in where.get(content, ()):
            if mine is not theirs or first < second:
                yield first, second


def _near(mine, theirs, bits, *, within) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of indices whose hashes differ in at most `bits` bits, in portions; some twice.

    Cut into one band more than bits may differ, two such hashes agree in a whole band: only those
    that do are compared.
    """
    edges = np.linspace(0, BITS, bits + 2).astype(int)
    for start, stop in zip(edges, edges[1:]):
        mask = np.uint64(((1 << int(stop - start)) - 1) << int(start))
        band, others = mine & mask, theirs & mask
        order = np.argsort(others, kind="stable")
        low = np.searchsorted(others[order], band, "left")
        high = np.searchsorted(others[order], band, "right")
        many = np.cumsum(high - low)
        done = 0
        while done < len(mine):
            # as many as fit, at least one
            before = many[done - 1] if done else 0
            end = max(done + 1, int(np.searchsorted(many, before + AT_ONCE, "right")))
            amounts = (high - low)[done:end]
            firsts = np.repeat(np.arange(done, end), amounts)
            starts = np.repeat(low[done:end] - np.cumsum(amounts) + amounts, amounts)
            seconds = order[starts + np.arange(len(firsts))]
            done = end
            keep = firsts < seconds if within else np.ones(len(firsts), bool)
            keep &= _set_bits(mine[firsts] ^ theirs[seconds]) <= bits
            yield firsts[keep], seconds[keep]


def _set_bits(values) -> np.ndarray:
    """How many bits are set in each uint64."""
    eight = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 8)
    return _SET[eight].sum(axis=1)


_SET = np.array([bin(value).count("1") for value in range(256)], np.uint8)
