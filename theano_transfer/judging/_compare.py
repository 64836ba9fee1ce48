"""Several models beside each other, on the same pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from theano_transfer.judging._judgement import SINGLE, Judgement


def compare(judgements: Mapping[str, Judgement]) -> list[dict]:
    """Figures of several models, a row each.

    Parameters
    ----------
    judgements : mapping of str to Judgement
        Of the same pictures, with the same labels in the same order.

    Returns
    -------
    list of dict
        'model' and its measures. Where one class is told for each picture, also 'only_it' and
        'only_first': pictures that this one and not the first has right, and the other way
        round; and 'p_value', the probability that two equally good models differ as much or
        more on these pictures (McNemar's test, exact; 1947,
        https://doi.org/10.1007/BF02295996).

    Raises
    ------
    ValueError
        If the labels differ.
    """
    if not judgements:
        raise ValueError("there is nothing to compare")
    first = next(iter(judgements.values()))
    rows = []
    for name, judgement in judgements.items():
        if (judgement.task, judgement.classes) != (first.task, first.classes) or (
            not np.array_equal(judgement.labels, first.labels)
        ):
            raise ValueError(
                f"{name!r} was judged on other pictures, labels or classes than "
                f"{next(iter(judgements))!r}: figures could not be compared"
            )
        row = {"model": name, **judgement.measures()}
        if judgement.task in SINGLE:
            row.update(_against(judgement.right, first.right))
        rows.append(row)
    return rows


def _against(right, first) -> dict:
    from scipy.stats import binomtest

    mine, theirs = int((right & ~first).sum()), int((~right & first).sum())
    differ = mine + theirs
    p_value = binomtest(mine, differ, 0.5).pvalue if differ else math.nan
    return {"only_it": mine, "only_first": theirs, "p_value": float(p_value)}
