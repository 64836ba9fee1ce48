"""Names of classes, and what probabilities say in words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ._bundled import bundled_file


class Prediction(NamedTuple):
    """One guess: the class's number, its name, and its probability."""

    label: int
    name: str
    probability: float


def imagenet_classes() -> list[str]:
    """Names of the 1000 ImageNet (ILSVRC 2012) classes, in the order networks have them.

    The first name of each WordNet synset, as people usually cite it: ``'Egyptian cat'``. The two
    pairs that would be equal are told apart: ``'crane (bird)'`` and ``'crane (machine)'``,
    ``'maillot'`` and ``'tank suit'``.
    """
    return [names.partition(",")[0] for _, names in _table()]


def imagenet_wnids() -> list[str]:
    """WordNet identifiers of the ImageNet classes, in the same order: ``'n02124075'``."""
    return [wnid for wnid, _ in _table()]


def decode_predictions(
    probabilities: Any, top: int = 5, classes: Sequence[str] | None = None
) -> list[list[Prediction]]:
    """The most probable classes of each picture, by name.

    Parameters
    ----------
    probabilities
        Array (pictures, classes), or (classes,) for one picture.
    top
        How many to give for each picture; at most all classes.
    classes
        Names of the classes; those of ImageNet unless given.

    Returns
    -------
    list of list of Prediction
        For each picture ``(label, name, probability)``, the most probable first.

    Raises
    ------
    ValueError
        The array is not a table, or has another number of columns than there are names.
    """
    table = np.atleast_2d(np.asarray(probabilities))
    names = imagenet_classes() if classes is None else list(classes)
    if table.ndim != 2 or table.shape[1] != len(names):
        advice = "" if classes is not None else "; give the names of your classes as classes=[...]"
        msg = f"expected probabilities of shape (pictures, {len(names)}), received {table.shape}"
        raise ValueError(msg + advice)
    if top < 1:
        raise ValueError(f"top should be at least 1, received {top}")
    # A stable sort of the negated table: of equals, the class with the lower number comes first.
    order = np.argsort(-table, axis=1, kind="stable")[:, :top]
    return [
        [Prediction(int(index), names[index], float(row[index])) for index in best]
        for row, best in zip(table, order)
    ]


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, str], ...]:
    lines = bundled_file("imagenet_classes.txt").read_text(encoding="utf-8").splitlines()
    return tuple((wnid, names) for wnid, _, names in (line.partition("\t") for line in lines))
