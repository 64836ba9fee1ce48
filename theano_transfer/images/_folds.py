"""Parts of a data set in turn, as scikit-learn cuts them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.images._errors import DatasetError
from theano_transfer.images._grouped import numbered, share_out
from theano_transfer.images._labels import groups as classes_of
from theano_transfer.images._random import Purpose, checked_seed, permutation


@checks_options
def train_test_split(data, *, test_size=0.25, random_state=0, groups=None):
    """Two parts of a data set: what scikit-learn's function of this name gives for arrays.

    Parameters
    ----------
    data : Dataset
    test_size : float or int
        A fraction, or a number of pictures.
    random_state : int
        The same part for the same number, on every machine.
    groups : sequence, optional
        As for ``Dataset.split``; those of the data set, if None.

    Returns
    -------
    train, test : data sets of the same kind
        Stratified by class where there are classes.
    """
    whole = isinstance(test_size, (int, np.integer)) and not isinstance(test_size, bool)
    if whole and not 0 < test_size < len(data):
        raise ValueError(
            f"test_size is a fraction, or a number of pictures below {len(data)}; got {test_size}"
        )
    share = test_size / len(data) if whole else test_size
    train, test, _ = data.split(validation=share, seed=random_state, groups=groups)
    return train, test


@checks_options
def folds(data, count: int = 5, *, seed: int = 0, groups=None) -> Iterator[tuple]:
    """`count` pairs of a training and a validation part; each picture is validated with once.

    Parameters
    ----------
    data : Dataset
    count : int
        From 2 on.
    seed : int
    groups : sequence, optional
        What belongs together stays together, as for ``Dataset.split``.

    Yields
    ------
    train, validation : data sets of the same kind
        Each fold has its share of each class.

    Raises
    ------
    DatasetError
        There are fewer pictures, or groups, than folds.
    """
    if not isinstance(count, (int, np.integer)) or count < 2:
        raise ValueError(f"there are two folds at the least; got {count!r}")
    classes = classes_of(data.labels, len(data))
    groups = data.groups if groups is None else groups
    if groups is None:
        parts = _dealt(classes, count, checked_seed(seed))
    else:
        together = numbered(groups, len(data))
        parts = share_out(classes, together, [1 / count] * count, seed=checked_seed(seed))
    if not all(len(part) for part in parts):
        what = "pictures" if groups is None else "groups"
        raise DatasetError(f"there are fewer {what} than the {count} folds")

    def pairs():
        for part in parts:
            rest = np.setdiff1d(np.arange(len(data)), part, assume_unique=True)
            yield data.subset(rest), data.subset(part)

    return pairs()


def _dealt(classes, count, seed) -> list[np.ndarray]:
    """Indices of each fold: the pictures of each class are dealt out, one fold after the other."""
    fold_of = np.empty(len(classes), np.int64)
    dealt = 0
    for number in np.unique(classes):
        members = np.flatnonzero(classes == number)
        members = members[permutation(len(members), seed, Purpose.SPLIT, int(number))]
        fold_of[members] = (dealt + np.arange(len(members))) % count
        dealt += len(members)
    return [np.flatnonzero(fold_of == fold) for fold in range(count)]
