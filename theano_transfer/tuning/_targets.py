"""From labels as people have them to targets as a loss takes them, and the checks in between."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from theano_transfer._suggest import nearest
from theano_transfer.tuning._errors import DataMismatchError


def to_targets(labels, *, task: str, outputs: int, indices: bool, dtype="float32"):
    """One batch of labels as an array for a loss.

    Parameters
    ----------
    labels : array-like
        Class indices (n,), one-hot or multi-hot rows (n, outputs), or numbers (n,) or
        (n, outputs) for a regression.
    task : {'classification', 'binary', 'multilabel', 'ordinal', 'regression'}
    outputs : int
        Of the network.
    indices : bool
        Whether the loss takes class indices.
    dtype : str
        Of targets that are not indices.

    Returns
    -------
    (n,) int32 array if `indices`, else (n, outputs) array of `dtype`

    Raises
    ------
    DataMismatchError
        (a ValueError) If the labels do not fit the network's outputs.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "biuf":
        raise DataMismatchError(f"expected numbers as labels; got an array of {labels.dtype}")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if task == "classification":
        index = _class_indices(labels, outputs)
        return index if indices else _rows(labels, index, outputs, dtype)
    if task == "ordinal":
        index = _class_indices(labels, outputs + 1)
        return (index[:, np.newaxis] > np.arange(outputs)).astype(dtype)
    return _as_matrix(labels, task, outputs, dtype)


def _class_indices(labels, outputs):
    if labels.ndim == 2:
        if labels.shape[1] != outputs:
            raise DataMismatchError(
                f"each label is a row of {labels.shape[1]} numbers, but the model has "
                f"{outputs} classes"
            )
        return labels.argmax(axis=1).astype(np.int32)
    if labels.ndim != 1:
        raise DataMismatchError(
            f"expected labels of shape (n,) or (n, {outputs}); got {labels.shape}"
        )
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.rint(labels)):
        raise DataMismatchError(
            "labels are class indices here, but some are no whole numbers; "
            "for a regression give the model task='regression'"
        )
    index = labels.astype(np.int32)
    if index.size and (index.min() < 0 or index.max() >= outputs):
        raise DataMismatchError(
            f"labels run from {index.min()} to {index.max()}, but the model has {outputs} classes "
            f"(0 to {outputs - 1})"
        )
    return index


def _rows(labels, index, outputs, dtype):
    if labels.ndim == 2:
        return labels.astype(dtype)
    return np.eye(outputs, dtype=dtype)[index]


def _as_matrix(labels, task, outputs, dtype):
    if labels.ndim == 1 and outputs == 1:
        labels = labels[:, np.newaxis]
    if task == "binary" and labels.ndim == 2 and labels.shape[1] == 2:
        if not (labels.sum(axis=1) == 1).all():
            raise DataMismatchError(
                "rows of two labels for a binary model have to add up to 1 (one-hot); for "
                "independent labels build the model with task='multilabel'"
            )
        labels = labels[:, 1:]  # the second class is 'yes'
    if labels.ndim != 2 or labels.shape[1] != outputs:
        wanted = f"(n, {outputs})" + (" or (n,)" if outputs == 1 else "")
        raise DataMismatchError(
            f"a {task} with {outputs} outputs takes labels of shape {wanted}; got {labels.shape}"
        )
    targets = labels.astype(dtype)
    if task != "regression" and targets.size and not (0 <= targets.min() <= targets.max() <= 1):
        raise DataMismatchError(
            f"a {task} takes labels from 0 to 1; these run from {targets.min()} to {targets.max()}"
        )
    if not np.isfinite(targets).all():
        raise DataMismatchError("some labels are not finite numbers")
    return targets


def check_classes(data_classes, model_classes, count: int) -> None:
    """Check a data set's class names against a model's.

    Parameters
    ----------
    data_classes, model_classes : sequence of str, or None
        None where names are not known.
    count : int
        How many classes the model tells apart.

    Raises
    ------
    DataMismatchError
        That says how many and which differ.
    """
    if data_classes is None:
        return
    data_classes = list(data_classes)
    if len(data_classes) != count:
        raise DataMismatchError(
            f"the data has {len(data_classes)} classes ({_some(data_classes)}), the model has "
            f"{count}; build it with classes={len(data_classes)} or give it other data"
        )
    if model_classes is None or data_classes == list(model_classes):
        return
    pairs = [
        f"{number}: {mine!r} in the model, {theirs!r} in the data"
        for number, (mine, theirs) in enumerate(zip(model_classes, data_classes))
        if mine != theirs
    ]
    raise DataMismatchError(
        "the data's classes are not the model's:\n  " + "\n  ".join(pairs[:10]) + "\n"
        "Classes are told apart by their order; give the data set classes=model.classes."
    )


def _some(names, most=6) -> str:
    shown = ", ".join(map(str, names[:most]))
    return shown + (", ..." if len(names) > most else "")


def class_weights(
    class_weight, *, task: str, classes, count: int, labels=None
) -> np.ndarray | None:
    """A weight for each class, as an array.

    Parameters
    ----------
    class_weight : None, 'balanced', mapping, or sequence
        A mapping goes from class index or name to weight, with 1 for what it leaves out; a
        sequence has one weight per class. 'balanced' gives class c the weight
        ``n / (classes * n_c)``, so that every class counts the same (scikit-learn's formula,
        after King and Zeng, Logistic Regression in Rare Events Data, 2001).
    task : str
    classes : sequence of str or None
    count : int
        Number of classes.
    labels : array, optional
        All of the training labels; 'balanced' counts them.

    Returns
    -------
    (count,) float64 array, or None if `class_weight` is None
    """
    if class_weight is None:
        return None
    if task not in ("classification", "binary"):
        raise ValueError(
            f"class_weight is for one class per picture; this model's task is {task!r}"
        )
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(
                f"class_weight is 'balanced' or weights; got {class_weight!r}"
                + nearest(class_weight, ["balanced"])
            )
        return _balanced(labels, count)
    if isinstance(class_weight, Mapping):
        weights = np.ones(count)
        for key, value in class_weight.items():
            weights[_class_number(key, classes, count)] = value
    else:
        weights = np.asarray(class_weight, dtype=float)
        if weights.shape != (count,):
            raise ValueError(
                f"class_weight has shape {weights.shape}; expected one weight for each of "
                f"{count} classes"
            )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"class weights are finite and not negative; got {weights.tolist()}")
    return weights


def _balanced(labels, count):
    if labels is None:
        raise ValueError(
            "class_weight='balanced' has to count the labels beforehand, and an iterator has "
            "none; give the weights themselves"
        )
    numbers = np.asarray(labels)
    if numbers.ndim == 2:
        numbers = numbers.argmax(axis=1) if numbers.shape[1] > 1 else numbers[:, 0]
    counts = np.bincount(numbers.astype(int), minlength=count)
    return np.where(counts > 0, counts.sum() / (count * np.maximum(counts, 1)), 1.0)


def _class_number(key, classes, count) -> int:
    if isinstance(key, str) and classes is not None and key in classes:
        return list(classes).index(key)
    if isinstance(key, (int, np.integer)) and 0 <= key < count:
        return int(key)
    known = f"one of {_some(list(classes))}, or " if classes is not None else ""
    raise ValueError(f"class_weight names class {key!r}; expected {known}0 to {count - 1}")


def item_weights(targets, weights) -> np.ndarray:
    """The weight of each item of a batch by its class.

    Parameters
    ----------
    targets : (n,) class indices, or (n, outputs) rows
    weights : (classes,) array
    """
    if targets.ndim == 2:
        targets = targets.argmax(axis=1) if targets.shape[1] > 1 else targets[:, 0] > 0.5
    return weights[targets.astype(int)]
