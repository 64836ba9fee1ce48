"""As many pictures of each class."""

from __future__ import annotations

import numpy as np

from theano_transfer._choice import checked_choice
from theano_transfer.images._errors import DatasetError
from theano_transfer.images._labels import groups
from theano_transfer.images._random import Purpose, checked_seed, permutation

SIZES = ("largest", "smallest")


def balanced_indices(labels, count: int, each, seed: int) -> np.ndarray:
    """Indices with the same number of pictures of each class, classes in turn.

    Parameters
    ----------
    labels : array or None
        Of the data set.
    count : int
        Pictures.
    each : 'largest', 'smallest' or int
    seed : int

    Raises
    ------
    DatasetError
        Without one class for each picture.
    """
    seed, classes = checked_seed(seed), groups(labels, count)
    if labels is None or (labels.dtype.kind == "f" and not classes.any()):
        raise DatasetError("balancing is for one class per picture; these have none, or several")
    numbers, amounts = np.unique(classes, return_counts=True)
    if isinstance(each, str):
        checked_choice(each, SIZES, "size of a class")
        size = int(amounts.max() if each == "largest" else amounts.min())
    elif isinstance(each, (int, np.integer)) and each >= 1:
        size = int(each)
    else:
        raise ValueError(f"each is 'largest', 'smallest' or an int from 1 on; got {each!r}")
    columns = []
    for number in numbers:
        members = np.flatnonzero(classes == number)
        # whole rounds of all of them, and some for the rest: as evenly as can be
        rounds = [
            members[permutation(len(members), seed, Purpose.BALANCE, int(number), turn)]
            for turn in range(-(-size // len(members)))
        ]
        columns.append(np.concatenate(rounds)[:size])
    return np.stack(columns, axis=1).ravel()
