"""Metrics as Theano expressions: one number for each item of a batch."""

from __future__ import annotations

from collections.abc import Callable

import theano.tensor as T

from theano_transfer._suggest import nearest
from theano_transfer.tuning._losses import LONG_NAMES, LOSSES, mae, mse

TOP = 5


def categorical_accuracy(prediction, target):
    """1 where the most probable class is the right one, else 0.

    Parameters
    ----------
    prediction : (n, classes) matrix
    target : (n,) class indices, or (n, classes) one-hot rows
    """
    return T.eq(T.argmax(prediction, axis=1), class_index(target))


def top5_accuracy(prediction, target):
    """1 where fewer than five classes are more probable than the right one, else 0.

    Parameters
    ----------
    prediction : (n, classes) matrix
    target : (n,) class indices, or (n, classes) one-hot rows
    """
    index = class_index(target)
    right = prediction[T.arange(index.shape[0]), index]
    return T.lt(T.gt(prediction, right.dimshuffle(0, "x")).sum(axis=1), TOP)


def binary_accuracy(prediction, target):
    """The share of an item's outputs that are on the right side of one half.

    Parameters
    ----------
    prediction, target : (n, outputs) matrices
    """
    return T.eq(T.gt(prediction, 0.5), T.gt(target, 0.5)).mean(axis=1)


def ordinal_accuracy(prediction, target):
    """1 where as many answers "above" are given as are right, else 0.

    Parameters
    ----------
    prediction, target : (n, classes - 1) matrices
        Of an ordinal model: that the class is above 0, above 1, and so on.
    """
    return T.eq(_steps(prediction), _steps(target))


def class_distance(prediction, target):
    """By how many classes an ordinal model is off.

    Parameters
    ----------
    prediction, target : (n, classes - 1) matrices
    """
    return abs(_steps(prediction) - _steps(target))


def _steps(above):
    return T.gt(above, 0.5).sum(axis=1)


def class_index(target):
    """(n,) class indices of a target that is already that, or holds a row per item."""
    return target if target.ndim == 1 else T.argmax(target, axis=1)


METRICS: dict[str, Callable] = {
    "categorical_accuracy": categorical_accuracy,
    "top5_accuracy": top5_accuracy,
    "binary_accuracy": binary_accuracy,
    "ordinal_accuracy": ordinal_accuracy,
    "class_distance": class_distance,
    "mse": mse,
    "mae": mae,
}
# What 'accuracy' means for each task; a regression has none.
ACCURACY = {
    "classification": categorical_accuracy,
    "binary": binary_accuracy,
    "multilabel": binary_accuracy,
    "ordinal": ordinal_accuracy,
}
DEFAULT_METRICS = {
    "classification": ("accuracy",),
    "binary": ("accuracy",),
    "multilabel": ("accuracy",),
    "ordinal": ("accuracy", "class_distance"),
    "regression": ("mae",),
}
# Metrics that compare whole rows by their largest entry or by class.
CLASSIFICATION_ONLY = ("categorical_accuracy", "top5_accuracy")
ORDINAL_ONLY = ("ordinal_accuracy", "class_distance")


def find_metrics(metrics, task: str) -> dict[str, Callable]:
    """Name -> function (prediction, target) -> expression, for names and functions.

    Parameters
    ----------
    metrics : None, or list of str or callable
        None takes the task's own: accuracy, or the mean absolute error of a regression.
    task : str

    Raises
    ------
    ValueError
        If there is no metric of that name, or it says nothing about this task.
    """
    if metrics is None:
        metrics = DEFAULT_METRICS[task]
    if isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    found: dict[str, Callable] = {}
    for metric in metrics:
        if callable(metric):
            found[getattr(metric, "__name__", f"metric{len(found) + 1}")] = metric
        else:
            found[metric] = _by_name(metric, task)
    if "loss" in found:
        raise ValueError("a metric cannot be called 'loss': that is the loss's own column")
    return found


def _by_name(name, task: str) -> Callable:
    if name in ("accuracy", "acc"):
        if task not in ACCURACY:
            raise ValueError(f"a {task} has no accuracy; use 'mae' or 'mse'")
        return ACCURACY[task]
    name = LONG_NAMES.get(name, name)
    if name in METRICS:
        if name in CLASSIFICATION_ONLY and task != "classification":
            raise ValueError(f"{name!r} compares classes, and this model's task is {task!r}")
        if name in ORDINAL_ONLY and task != "ordinal":
            raise ValueError(f"{name!r} is for an ordinal task, and this model's is {task!r}")
        return METRICS[name]
    if name in LOSSES:
        return LOSSES[name].function
    raise ValueError(
        f"no metric is called {name!r}; there are accuracy, {', '.join(METRICS)}, the losses, "
        "or give a function (prediction, target) -> expression"
        + nearest(name, ["accuracy", *METRICS, *LOSSES])
    )
