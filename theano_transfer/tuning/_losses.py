"""Losses as Theano expressions: one number for each item of a batch, before averaging.

``categorical_crossentropy(prediction, target)`` and its like take the network's output and the
targets, both symbolic, and return a vector with one loss per item. Training averages it, each item
times its weight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import theano.tensor as T

from theano_transfer._suggest import nearest
from theano_transfer.tuning._scores import log_sigmoid_of, log_softmax_of, softmax, split_prediction


def categorical_crossentropy(prediction, target):
    """``-sum_j t_j log(p_j)``: `target` holds probabilities, usually one-hot rows.

    Parameters
    ----------
    prediction, target : (n, classes) matrices
    """
    return -(target * log_softmax_of(prediction)).sum(axis=1)


def sparse_categorical_crossentropy(prediction, target):
    """``-log(p_t)``: `target` is an integer vector of class indices.

    Parameters
    ----------
    prediction : (n, classes) matrix
    target : (n,) integer vector
    """
    scores, activation = split_prediction(prediction)
    if activation is softmax:
        return T.nnet.crossentropy_softmax_1hot(scores, target)[0]
    return -log_softmax_of(prediction)[T.arange(target.shape[0]), target]


def binary_crossentropy(prediction, target):
    """``-(t log(p) + (1 - t) log(1 - p))``, averaged over the outputs of an item.

    With one output this is two-class classification, with several it is multi-label
    classification: each output is a yes-or-no question of its own.

    Parameters
    ----------
    prediction, target : (n, outputs) matrices
    """
    log_yes, log_no = log_sigmoid_of(prediction)
    return -(target * log_yes + (1 - target) * log_no).mean(axis=1)


def focal(prediction, target, gamma: float = 2.0):
    """``-sum_j t_j (1 - p_j)^gamma log(p_j)``: what is right already counts little.

    ``functools.partial(focal, gamma=1.0)`` is a loss of another gamma. Lin et al., 2017,
    https://arxiv.org/abs/1708.02002 (without its class weights: see ``class_weight``).

    Parameters
    ----------
    prediction, target : (n, classes) matrices
    gamma : float
        0 is the categorical crossentropy.
    """
    log_p = log_softmax_of(prediction)
    return -(target * (1 - T.exp(log_p)) ** gamma * log_p).sum(axis=1)


def binary_focal(prediction, target, gamma: float = 2.0):
    """:func:`focal` for yes-or-no questions, averaged over the outputs of an item.

    Parameters
    ----------
    prediction, target : (n, outputs) matrices
    gamma : float
        0 is the binary crossentropy.
    """
    log_yes, log_no = log_sigmoid_of(prediction)
    yes, no = T.exp(log_yes), T.exp(log_no)
    return -(target * no**gamma * log_yes + (1 - target) * yes**gamma * log_no).mean(axis=1)


def mse(prediction, target):
    """``(p - t)^2``, averaged over the outputs of an item."""
    return ((prediction - target) ** 2).mean(axis=1)


def mae(prediction, target):
    """``|p - t|``, averaged over the outputs of an item."""
    return abs(prediction - target).mean(axis=1)


@dataclass(frozen=True)
class Loss:
    """A loss, the task it is for, and how its targets look.

    Attributes
    ----------
    name : str
    function : callable
        (prediction, target) -> vector, one loss per item.
    tasks : tuple of str
        The tasks it can train; the first is the one it suggests.
    indices : bool
        Whether targets are class indices rather than an (n, outputs) matrix.
    """

    name: str
    function: Callable
    tasks: tuple[str, ...]
    indices: bool = False


LOSSES = {
    loss.name: loss
    for loss in (
        Loss("categorical_crossentropy", categorical_crossentropy, ("classification",)),
        Loss(
            "sparse_categorical_crossentropy",
            sparse_categorical_crossentropy,
            ("classification",),
            indices=True,
        ),
        Loss("binary_crossentropy", binary_crossentropy, ("multilabel", "binary", "ordinal")),
        Loss("focal", focal, ("classification",)),
        Loss("binary_focal", binary_focal, ("multilabel", "binary", "ordinal")),
        Loss("mse", mse, ("regression", "binary", "multilabel", "classification")),
        Loss("mae", mae, ("regression", "binary", "multilabel", "classification")),
    )
}
LONG_NAMES = {"mean_squared_error": "mse", "mean_absolute_error": "mae"}

# The loss for a task when compile() names none.
DEFAULT_LOSS = {
    "classification": "sparse_categorical_crossentropy",
    "binary": "binary_crossentropy",
    "multilabel": "binary_crossentropy",
    "ordinal": "binary_crossentropy",
    "regression": "mse",
}


def find_loss(loss, task: str) -> Loss:
    """The record of a loss given by name, as a function, or by nobody (the task's own).

    A function takes (prediction, target), matrices of shape (n, outputs), and returns a vector,
    a matrix (averaged over each item) or a scalar.

    Raises
    ------
    ValueError
        If there is no loss of that name.
    TypeError
        If `loss` is neither a name nor callable.
    """
    if loss is None:
        loss = DEFAULT_LOSS[task]
    if isinstance(loss, str):
        name = LONG_NAMES.get(loss, loss)
        if name not in LOSSES:
            raise ValueError(
                f"no loss is called {loss!r}; there are {', '.join(LOSSES)}, "
                "or give a function (prediction, target) -> expression" + nearest(loss, LOSSES)
            )
        return LOSSES[name]
    if not callable(loss):
        raise TypeError(f"a loss is a name or a function of (prediction, target); got {loss!r}")
    return Loss(getattr(loss, "__name__", "loss"), loss, (task,))


def smoothed(loss: Loss, amount: float) -> Loss:
    """The loss for targets that are not quite sure: a share `amount` of each goes to all outputs.

    Class c of K becomes ``1 - amount + amount / K`` for c and ``amount / K`` for the others; yes
    and no become ``1 - amount / 2`` and ``amount / 2``. Szegedy et al., 2015, arXiv:1512.00567.

    Raises
    ------
    ValueError
        If `amount` lies outside [0, 1), or the loss is of a regression.
    """
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0 <= amount < 1:
        raise ValueError(f"label_smoothing lies from 0 to below 1; got {amount!r}")
    if amount == 0:
        return loss
    if loss.tasks[0] == "regression":
        raise ValueError("label_smoothing is for classes; a regression has none")

    def function(prediction, target):
        if loss.indices:
            everywhere = -log_softmax_of(prediction).mean(axis=1)
            return (1 - amount) * loss.function(prediction, target) + amount * everywhere
        outputs = prediction.shape[1] if loss.tasks[0] == "classification" else 2
        return loss.function(prediction, (1 - amount) * target + amount / outputs)

    return replace(loss, function=function)


def per_item(expression, target):
    """`expression` as a vector with one number per item of `target`.

    A matrix is averaged over each item; a scalar is taken as the mean over the batch.
    """
    if expression.ndim == 0:
        return T.ones((target.shape[0],), dtype=expression.dtype) * expression
    if expression.ndim == 1:
        return expression
    return expression.mean(axis=tuple(range(1, expression.ndim)))
