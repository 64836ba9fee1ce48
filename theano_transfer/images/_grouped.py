"""Sharing out pictures so that what belongs together stays together."""

from __future__ import annotations

import numpy as np

from theano_transfer.images._errors import DatasetError
from theano_transfer.images._random import Purpose, permutation


def numbered(groups, count: int) -> np.ndarray:
    """`groups`, one value of any kind for each picture, as int64 (count,) numbers from 0.

    Raises
    ------
    DatasetError
        If there are not as many as pictures.
    """
    values = np.asarray(groups)
    if values.ndim != 1 or len(values) != count:
        raise DatasetError(f"{count} pictures need {count} groups, got an array {values.shape}")
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def share_out(classes, groups, fractions, *, seed: int) -> list[np.ndarray]:
    """Indices of each part, ascending: every group whole in one part, classes shared out evenly.

    Parameters
    ----------
    classes, groups : int arrays (n,)
    fractions : sequence of float
        Of the parts; they add up to 1.
    seed : int
        Of the order of groups of the same size.

    Notes
    -----
    The largest groups go first, each to the part that lacks most of the group's classes. Whatever
    the groups are, no part is further from its fraction than the largest group of a class.
    """
    classes, groups = np.asarray(classes, dtype=np.int64), np.asarray(groups)
    count, kinds = int(groups.max(initial=-1)) + 1, int(classes.max(initial=-1)) + 1
    # one row (group, class, how many) for each class that a group has
    pairs, amounts = np.unique(groups * max(kinds, 1) + classes, return_counts=True)
    of_group, of_class = np.divmod(pairs, max(kinds, 1))
    bounds = np.searchsorted(of_group, np.arange(count + 1))
    sizes = np.bincount(groups, minlength=count)
    order = permutation(count, seed, Purpose.SPLIT, 0)
    order = order[np.argsort(-sizes[order], kind="stable")]
    lacking = np.outer(fractions, np.bincount(classes, minlength=kinds)).astype(float)
    part_of = np.zeros(count, np.int64)
    for group in order:
        rows = slice(bounds[group], bounds[group + 1])
        kinds_here, many = of_class[rows], amounts[rows]
        part = int((lacking[:, kinds_here] * many).sum(axis=1).argmax())
        lacking[part, kinds_here] -= many
        part_of[group] = part
    of_picture = part_of[groups]
    return [np.flatnonzero(of_picture == part) for part in range(len(fractions))]
