"""``lasagne.objectives``."""

from __future__ import annotations

import warnings

import theano.tensor as T
from lasagne.utils import as_theano_expression


def align_targets(predictions, targets):
    """Targets of one axis beside predictions that are a column, as a column too.

    Broadcasting would pair each prediction with each target.
    """
    column = getattr(predictions, "broadcastable", None) == (False, True)
    if column and getattr(targets, "ndim", None) == 1:
        targets = as_theano_expression(targets).dimshuffle(0, "x")
    return predictions, targets


def binary_crossentropy(predictions, targets):
    """``-t * log(p) - (1 - t) * log(1 - p)`` of probabilities `p`, elementwise."""
    predictions, targets = align_targets(predictions, targets)
    return T.nnet.binary_crossentropy(predictions, targets)


def squared_error(a, b):
    """``(a - b) ** 2``, elementwise."""
    a, b = align_targets(a, b)
    return T.square(a - b)


def binary_hinge_loss(predictions, targets, delta=1, log_odds=None, binary=True):
    """``max(0, delta - t * p)``, elementwise.

    Parameters
    ----------
    predictions : tensor
        Log-odds if `log_odds`, else probabilities between 0 and 1, whose log-odds are taken.
        Not saying which warns: Lasagne announced another default than its True.
    targets : tensor
        0 and 1 if `binary`, else -1 and 1.
    delta : float
        The margin.
    """
    if log_odds is None:
        warnings.warn(
            "the default of binary_hinge_loss's log_odds, True, was announced to become False; "
            "say which of them the predictions are",
            FutureWarning,
            stacklevel=2,
        )
        log_odds = True
    if not log_odds:
        predictions = T.log(predictions / (1 - predictions))
    if binary:
        targets = 2 * targets - 1
    predictions, targets = align_targets(predictions, targets)
    return T.nnet.relu(delta - predictions * targets)


def multiclass_hinge_loss(predictions, targets, delta=1):
    """``max(0, largest wrong prediction - right prediction + delta)`` of each row.

    Parameters
    ----------
    predictions : matrix
        (row, class).
    targets : integer vector, or matrix with a 1 in each row
        The right classes.
    """
    if targets.ndim == predictions.ndim - 1:
        right = T.eq(T.arange(predictions.shape[1]), targets.dimshuffle(0, "x"))
    elif targets.ndim == predictions.ndim:
        right = T.neq(targets, 0)
    else:
        raise TypeError(
            "rank mismatch between targets and predictions: expected a vector of classes or a "
            f"matrix beside predictions of {predictions.ndim} axes; got {targets.ndim} axes"
        )
    corrects = T.switch(right, predictions, 0).sum(axis=1)
    wrong = T.switch(right, T.constant(-float("inf"), dtype=predictions.dtype), predictions)
    return T.nnet.relu(wrong.max(axis=1) - corrects + delta)


def huber_loss(predictions, targets, delta=1):
    """``e ** 2 / 2`` where the error is at most `delta`, ``delta * (|e| - delta / 2)`` elsewhere.

    Elementwise. Huber, 1964, https://doi.org/10.1214/aoms/1177703732.
    """
    predictions, targets = align_targets(predictions, targets)
    distance = abs(targets - predictions)
    return T.switch(distance <= delta, 0.5 * distance**2, delta * (distance - delta / 2.0))


def binary_accuracy(predictions, targets, threshold=0.5):
    """1 where a prediction of at least `threshold`, or a smaller one, meets its 1 or 0, else 0."""
    predictions, targets = align_targets(predictions, targets)
    return T.eq(T.ge(predictions, threshold), targets)


def categorical_accuracy(predictions, targets, top_k=1):
    """1 for each row whose right class is among the `top_k` of the largest predictions, else 0.

    Parameters
    ----------
    predictions : tensor
        Classes along the last axis.
    targets : integer tensor of one axis less, or of the same axes with its largest at the class
    """
    if targets.ndim == predictions.ndim:
        targets = T.argmax(targets, axis=-1)
    elif targets.ndim != predictions.ndim - 1:
        raise TypeError(
            "rank mismatch between targets and predictions: expected as many axes or one less "
            f"than {predictions.ndim}; got {targets.ndim}"
        )
    if top_k == 1:
        return T.eq(T.argmax(predictions, axis=-1), targets)
    best = T.argsort(predictions, axis=-1)[..., -top_k:]
    return T.any(T.eq(best, T.shape_padright(targets)), axis=-1)
