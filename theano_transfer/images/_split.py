"""Which pictures go into which part of a split: a pure decision about indices."""

from __future__ import annotations

import numpy as np

from theano_transfer.images._errors import DatasetError
from theano_transfer.images._grouped import share_out
from theano_transfer.images._random import Purpose, permutation

PARTS = ("training", "validation", "test")


def stratified(groups, *, validation, test, seed):
    """Indices of the training, validation and test part, each ascending.

    Parameters
    ----------
    groups : int array (n,)
        Pictures with the same number are shared out among the parts on their own.
    validation, test : float
        Fractions. A part that is asked for gets at least one of each group that has as many
        pictures as there are parts; smaller groups serve training first.
    """
    fractions = _fractions(validation, test)
    parts: list[list[np.ndarray]] = [[], [], []]
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        members = members[permutation(len(members), seed, Purpose.SPLIT, int(group))]
        edges = np.cumsum(_shares(len(members), fractions))
        for part, chosen in zip(parts, np.split(members, edges[:-1])):
            part.append(chosen)
    whole = [np.sort(np.concatenate(part)) if part else np.arange(0) for part in parts]
    for name, fraction, indices in zip(PARTS, fractions, whole):
        if fraction > 0 and not len(indices):
            raise DatasetError(
                f"{len(groups)} pictures are too few for a split: the {name} part "
                f"({fraction:.3g} of them) would be empty"
            )
    return whole


def grouped(classes, groups, *, validation, test, seed):
    """The same with every group whole in one part.

    Parameters
    ----------
    classes, groups : int arrays (n,)
        Groups are numbered from 0.
    validation, test : float
        Fractions, which parts come as near to as the groups allow.
    """
    fractions = _fractions(validation, test)
    parts = share_out(classes, groups, fractions, seed=seed)
    for name, fraction, indices in zip(PARTS, fractions, parts):
        if fraction > 0 and not len(indices):
            raise DatasetError(
                f"{len(np.unique(groups))} groups are too few for a split: the {name} part would "
                "be empty"
            )
    return parts


def _fractions(validation, test):
    for name, fraction in (("validation", validation), ("test", test)):
        if not 0 <= fraction < 1:
            raise ValueError(f"{name} must be a fraction in [0, 1), got {fraction!r}")
    if validation + test >= 1:
        raise ValueError(f"validation + test must be below 1, got {validation!r} + {test!r}")
    return (1 - validation - test, validation, test)


def _shares(count, fractions):
    """`count` shared out: whole numbers nearest to the fractions, none starved of its one."""
    quotas = np.array(fractions) * count
    shares = np.floor(quotas + 1e-9).astype(int)
    by_remainder = np.argsort(-np.round(quotas - shares, 9), kind="stable")
    shares[by_remainder[: count - shares.sum()]] += 1
    for part in range(len(shares)):  # training first: a class that is only tested is of no use
        starved = fractions[part] > 0 and shares[part] == 0
        if starved and shares.max() > (0 if part == 0 else 1):
            shares[shares.argmax()] -= 1
            shares[part] += 1
    return shares
