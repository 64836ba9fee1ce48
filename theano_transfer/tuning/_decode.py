"""From numbers to names: the most probable classes of a prediction."""

from __future__ import annotations

import numpy as np

from theano_transfer._suggest import checks_options


def ordinal_probabilities(above) -> np.ndarray:
    """Probabilities (n, classes) from those that the class is above 0, above 1, and so on.

    Parameters
    ----------
    above : (n, classes - 1) array
        Answers that contradict each other, a later one above an earlier, count as the earlier.
    """
    falling = np.minimum.accumulate(np.asarray(above), axis=1)
    ends = np.ones((len(falling), 1), falling.dtype)
    return -np.diff(np.hstack([ends, falling, 0 * ends]), axis=1)


@checks_options
def top_classes(predictions, *, task: str, classes=None, top: int = 5) -> list[list[tuple]]:
    """The most probable classes of each item.

    Parameters
    ----------
    predictions : (n, outputs) array
        As ``Model.predict`` returns them.
    task : {'classification', 'binary', 'multilabel', 'ordinal'}
    classes : sequence of str, optional
        Names; class numbers stand in for them.
    top : int
        At most so many.

    Returns
    -------
    list of list of (name or int, float)
        For each item, (class, probability), the most probable first. Equal probabilities stand
        in the order of class numbers.

    Raises
    ------
    ValueError
        For a regression, which has no classes.
    """
    if task == "regression":
        raise ValueError("a regression predicts numbers, not classes; use predict")
    probabilities = np.asarray(predictions, dtype=float)
    if task == "binary":
        probabilities = np.hstack([1 - probabilities, probabilities])
    names = list(range(probabilities.shape[1])) if classes is None else list(classes)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    return [
        [(names[number], float(row[number])) for number in ranks]
        for row, ranks in zip(probabilities, order)
    ]
