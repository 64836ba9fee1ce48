"""Predictions beside the truth, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.judging import _measures
from theano_transfer.judging._calibration import (
    BINS,
    LEAST,
    Reliability,
    checked,
    find_temperature,
    item_losses,
    reliability,
)
from theano_transfer.show import count_confusions
from theano_transfer.tuning._errors import DataMismatchError
from theano_transfer.tuning._sources import as_source, length_of
from theano_transfer.tuning._targets import check_classes

# One class for each picture. What predicts ordered classes gives probabilities of them, too.
SINGLE = ("classification", "binary", "ordinal")
KNOWN = (*SINGLE, "multilabel", "regression")


@dataclass
class Judgement:
    """What a model said about pictures, beside what is right.

    Attributes
    ----------
    task : str
    classes : list of str
        Names of the classes, of the labels or of the outputs.
    labels : array
        int64 (n,) class numbers, or (n, outputs) rows of labels or numbers.
    predictions : float64 array
        (n, classes) probabilities, two columns for a binary model too; (n, outputs) otherwise.
    source : data set or None
        The pictures, in the same order.
    """

    task: str
    classes: list[str]
    labels: np.ndarray
    predictions: np.ndarray
    source: Any = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    def measures(self) -> dict[str, float]:
        """Figures by name; which ones hangs on the task. NaN is what cannot be measured."""
        if self.task == "regression":
            return _measures.regression(self.labels, self.predictions)
        if self.task == "multilabel":
            return _measures.multilabel(self.labels, self.predictions, self.classes)
        return _measures.classification(self.labels, self.predictions, self.classes)

    def per_class(self) -> list[dict]:
        """A row of figures for each class, or label: see ``tt.judging.class_measures``."""
        if self.task == "multilabel":
            return _measures.label_measures(self.labels, self.predictions, self.classes)
        self._single("a row for each class")
        return _measures.class_measures(self.labels, self.predictions, self.classes)

    @property
    def said(self) -> np.ndarray:
        """(n,) numbers of the most probable classes."""
        self._single("the class that was said")
        return self.predictions.argmax(axis=1)

    @property
    def right(self) -> np.ndarray:
        """(n,) bool: whether the most probable class is the right one."""
        return self.said == self.labels

    def confusions(self) -> np.ndarray:
        """(classes, classes) int64 counts; row: true class, column: said class."""
        self._single("a confusion matrix")
        return count_confusions(self.labels, self.said, len(self.classes))

    def most_confused(self, count: int | None = None) -> list[tuple[str, str, int]]:
        """(true class, said class, how often), the most frequent first; none that never was."""
        matrix = self.confusions()
        np.fill_diagonal(matrix, 0)
        order = np.argsort(-matrix, axis=None, kind="stable")[: np.count_nonzero(matrix)]
        pairs = zip(*np.unravel_index(order, matrix.shape))
        found = [(self.classes[i], self.classes[j], int(matrix[i, j])) for i, j in pairs]
        return found[:count]

    def losses(self) -> np.ndarray:
        """(n,) losses: what each picture cost, in nats; the mean absolute error of a regression."""
        if self.task == "regression":
            return np.abs(self.predictions - self.labels).mean(axis=1)
        if self.task == "multilabel":
            there = self.labels > _measures.HALF
            of_truth = np.where(there, self.predictions, 1 - self.predictions)
            return -np.log(np.maximum(of_truth, LEAST)).mean(axis=1)
        return item_losses(self.labels, self.predictions)

    def top_losses(self, count: int = 9) -> np.ndarray:
        """Numbers of the pictures that cost the most, the worst first."""
        return np.argsort(-self.losses(), kind="stable")[:count]

    def calibration(self, bins: int = BINS) -> Reliability:
        """See ``tt.judging.reliability``."""
        self._single("a calibration")
        return reliability(self.labels, self.predictions, bins)

    def temperature(self) -> float:
        """See ``tt.judging.find_temperature``."""
        self._single("a temperature")
        return find_temperature(self.labels, self.predictions)

    def _single(self, what: str) -> None:
        if self.task not in SINGLE:
            raise ValueError(f"{what} is for one class per picture; this task is {self.task!r}")


@checks_options
def judge(
    model, data, y=None, *, batch_size=32, workers=2, cache=None, variants=None, verbose=False
) -> Judgement:
    """Predict, and put the predictions beside the labels.

    Parameters
    ----------
    model : Model
    data, y : as for ``Model.evaluate``
        With labels, and of a known length.
    batch_size, workers, cache, verbose
        As for ``Model.predict``.
    variants : int, optional
        Predict with :func:`predict_augmented` instead, with so many variants of each picture.

    Raises
    ------
    DataMismatchError
        (a ValueError) If there are no labels, or they do not fit the model.
    """
    from theano_transfer.judging._augmented import predict_augmented

    source = as_source(data, y)
    if length_of(source) is None or source.labels is None:
        raise DataMismatchError(
            "a judgement takes pictures with labels and of a known number: a folder, a data set, "
            "or arrays; an iterator has neither"
        )
    if model.task not in KNOWN:
        raise ValueError(
            f"one judgement is about one answer, {', '.join(KNOWN)}; this model's task is "
            f"{model.task!r}. judgement_of() takes its answers one by one"
        )
    if model.task != "regression":
        check_classes(source.classes, model.classes, model.num_classes)
    if variants is None:
        made = model.predict(
            source, batch_size=batch_size, workers=workers, cache=cache, verbose=verbose
        )
    else:
        made = predict_augmented(
            model, source, variants=variants, batch_size=batch_size, workers=workers
        )
    return judgement_of(
        source.labels, made, task=model.task, classes=model.classes or source.classes, source=source
    )


@checks_options
def judgement_of(labels, predictions, *, task="classification", classes=None, source=None):
    """A :class:`Judgement` of predictions from anywhere.

    Parameters
    ----------
    labels : (n,) class numbers, or (n, outputs) rows
    predictions : (n, outputs) array
        As ``Model.predict`` gives them.
    task : {'classification', 'binary', 'ordinal', 'multilabel', 'regression'}
    classes : list of str, optional
        Their numbers, if None.
    source : data set, optional
    """
    if task in SINGLE:
        labels, predictions = checked(labels, predictions)
    else:
        predictions = np.asarray(predictions, dtype=float)
        labels = np.asarray(labels, dtype=float).reshape(len(labels), -1)
        if labels.shape != predictions.shape:
            raise ValueError(f"labels are {labels.shape} and predictions {predictions.shape}")
    names = [str(k) for k in range(predictions.shape[1])] if classes is None else list(classes)
    if len(names) != predictions.shape[1]:
        raise ValueError(f"there are {predictions.shape[1]} outputs and {len(names)} names")
    return Judgement(task, names, labels, predictions, source)
