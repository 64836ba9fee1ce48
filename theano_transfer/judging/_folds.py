"""Cross-validation: a model is trained on all but one part of the pictures, for each part."""

from __future__ import annotations

import numpy as np

from theano_transfer.cache import as_cache
from theano_transfer.images import folds as cut
from theano_transfer.judging._judgement import Judgement, judge
from theano_transfer.tuning import State
from theano_transfer.tuning._sources import as_source, length_of


def cross_validate(
    model, data, y=None, *, folds=5, epochs=10, groups=None, seed=0, cache="memory", **options
) -> list[Judgement]:
    """Train and judge a model once for each fold, from the same start.

    With a frozen base, features are computed once for all folds and epochs: folds after the first
    take seconds. Nothing is compiled again either.

    Parameters
    ----------
    model : Model
        Compiled. It ends as it began.
    data, y : as for ``Model.fit``, a data set, folder, arrays or paths with labels
    folds : int
    epochs : int
        Of each training.
    groups : sequence, optional
        What belongs together stays on one side; see ``tt.images.folds``.
    seed : int
        Of the folds.
    cache : FeatureCache, 'memory', 'disk', path or None
        Where features are kept.
    **options
        Of ``Model.fit``. The part that is judged is not looked at in training, so options that
        need validation data do not apply.

    Returns
    -------
    list of Judgement
        One for each fold, in order; of each picture of `data` there is one prediction in all.
    """
    source = as_source(data, y)
    if length_of(source) is None or source.labels is None:
        raise ValueError("folds are cut from pictures with labels and of a known number")
    unfit = [name for name in ("validation_data", "validation_split") if name in options]
    if unfit:
        raise ValueError(f"{unfit[0]} has no place here: each fold is validated with its own part")
    kept = None if cache in (None, False) else as_cache(cache)
    options = {"verbose": False, "cache": kept if kept is not None else False, **options}
    start = State(model)
    history, found = model.history, []
    try:
        for train, valid in cut(source, folds, seed=seed, groups=groups):
            start.restore()
            trained = model.fit(train, epochs=epochs, **options)
            found.append(judge(model, valid, cache=kept))
            if trained.interrupted:
                raise KeyboardInterrupt
    finally:
        start.restore()
        model.history = history
    return found


def summary(judgements) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation (of one fold) of each figure over the folds.

    Parameters
    ----------
    judgements : list of Judgement

    Returns
    -------
    dict of str to (mean, standard deviation)
    """
    measured = [judgement.measures() for judgement in judgements]
    if not measured:
        raise ValueError("there is nothing to sum up")
    columns = {name: np.array([row[name] for row in measured]) for name in measured[0]}
    spread = 1 if len(measured) > 1 else 0
    return {
        name: (float(column.mean()), float(column.std(ddof=spread)))
        for name, column in columns.items()
    }
