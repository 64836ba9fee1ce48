"""Several answers at once: one last layer, a loss for each part of it, weighted and added."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import theano.tensor as T

from theano_transfer._suggest import nearest
from theano_transfer.tuning._losses import binary_crossentropy, categorical_crossentropy, mse
from theano_transfer.tuning._metrics import binary_accuracy, categorical_accuracy, mae
from theano_transfer.tuning._scores import linear, sigmoid, softmax
from theano_transfer.tuning._targets import to_targets

# Task -> activation, loss, what is reported.
PARTS = {
    "classification": (softmax, categorical_crossentropy, ("accuracy", categorical_accuracy)),
    "multilabel": (sigmoid, binary_crossentropy, ("accuracy", binary_accuracy)),
    "regression": (linear, mse, ("mae", mae)),
}


class Several:
    """What a picture is asked: several questions, answered by parts of one last layer.

    Parameters
    ----------
    **questions : (task, outputs) or (task, outputs, weight)
        Name of a question -> its task ('classification', 'multilabel' or 'regression'), how many
        classes or numbers, and the weight of its loss (1 without one).

    Attributes
    ----------
    outputs : int
        Of all together: ``classes`` of the Model, whose task is 'regression'.

    Examples
    --------
    >>> parts = Several(kind=('classification', 5), age=('regression', 1, 0.1))
    >>> parts.outputs
    6

    ``Model(base, classes=parts.outputs, task='regression')``, then
    ``compile(loss=parts.loss, metrics=parts.metrics)``, ``fit((x, parts.targets(kind=k, age=a)))``
    and ``parts.split(model.predict(x))``.
    """

    def __init__(self, **questions):
        if not questions:
            raise ValueError("give at least one question: Several(kind=('classification', 5))")
        self._parts: OrderedDict[str, tuple[str, slice, float]] = OrderedDict()
        start = 0
        for name, question in questions.items():
            task, count, weight = _checked(name, question)
            self._parts[name] = task, slice(start, start + count), weight
            start += count
        self.outputs = start

    def loss(self, prediction, target):
        """``sum of weight * loss of the part``, (n,): for :meth:`Model.compile`.

        Parameters
        ----------
        prediction, target : (n, outputs) matrices
        """
        total = 0.0
        for task, part, weight in self._parts.values():
            activation, loss, _ = PARTS[task]
            total = total + weight * loss(activation(prediction[:, part]), target[:, part])
        return total

    @property
    def metrics(self) -> list:
        """A metric for each question, such as ``kind_accuracy``."""
        return [self._metric(name) for name in self._parts]

    def _metric(self, name):
        task, part, _ = self._parts[name]
        activation, _, (title, metric) = PARTS[task]

        def measured(prediction, target):
            value = metric(activation(prediction[:, part]), target[:, part])
            return T.cast(value, prediction.dtype)

        measured.__name__ = f"{name}_{title}"
        return measured

    def targets(self, **answers) -> np.ndarray:
        """One row for each picture, float32 (n, outputs), from the labels of each question.

        Raises
        ------
        DataMismatchError
            (a ValueError) If labels do not fit their question.
        """
        if set(answers) != set(self._parts):
            raise ValueError(f"expected labels for {', '.join(self._parts)}; got {list(answers)}")
        rows = [
            to_targets(answers[name], task=task, outputs=part.stop - part.start, indices=False)
            for name, (task, part, _) in self._parts.items()
        ]
        if len({len(part) for part in rows}) > 1:
            raise ValueError(f"different numbers of labels: {[len(part) for part in rows]}")
        return np.concatenate(rows, axis=1)

    def split(self, predictions) -> Mapping[str, np.ndarray]:
        """Name -> probabilities (n, classes) or numbers (n, outputs), from ``Model.predict``."""
        scores = np.asarray(predictions, dtype="float64")
        found = OrderedDict()
        for name, (task, part, _) in self._parts.items():
            values = scores[:, part]
            if task == "classification":
                values = np.exp(values - values.max(axis=1, keepdims=True))
                values = values / values.sum(axis=1, keepdims=True)
            elif task == "multilabel":
                values = (1 + np.tanh(values / 2)) / 2
            found[name] = values.astype("float32")
        return found


def _checked(name, question) -> tuple[str, int, float]:
    if not isinstance(question, (tuple, list)) or len(question) not in (2, 3):
        raise TypeError(f"{name!r} is (task, outputs) or (task, outputs, weight); got {question!r}")
    task, count, weight = (*question, 1.0)[:3]
    if task not in PARTS:
        raise ValueError(f"the task of {name!r} is one of {', '.join(PARTS)}; got {task!r}"
                         + nearest(task, PARTS))  # fmt: skip
    least = 2 if task == "classification" else 1
    if isinstance(count, bool) or not isinstance(count, int) or count < least:
        raise ValueError(f"{name!r} has at least {least} outputs; got {count!r}")
    if not np.isfinite(weight) or weight < 0:
        raise ValueError(f"the weight of {name!r} is finite and not negative; got {weight!r}")
    return task, count, float(weight)
