"""From a network's output back to the scores in front of its softmax or sigmoid.

Logarithms of probabilities are computed from the scores, since ``log(softmax(s))`` is minus
infinity where the softmax has underflown. The compiler has rewrites for this too; finding the
scores ourselves makes the loss safe under any mode.
"""

from __future__ import annotations

import numpy as np
import theano.tensor as T
from aesara.scalar import Sigmoid
from aesara.tensor.elemwise import Elemwise
from aesara.tensor.special import Softmax


def softmax(scores):
    """``exp(s_j) / sum_k exp(s_k)`` in each row of an (n, classes) matrix of scores."""
    return T.nnet.softmax(scores, axis=-1)


def sigmoid(scores):
    """``1 / (1 + exp(-s))``, element by element."""
    return T.sigmoid(scores)


def linear(scores):
    """The scores themselves."""
    return scores


def split_prediction(prediction):
    """The scores behind a prediction, and the function that leads from them to it.

    Returns
    -------
    scores : Theano expression of the same shape
    activation : callable
        ``activation(scores)`` is `prediction`; :func:`linear` if the last operation is neither a
        softmax over rows nor a sigmoid.
    """
    operation = getattr(prediction.owner, "op", None)
    if isinstance(operation, Softmax) and operation.axis in (-1, prediction.ndim - 1):
        return prediction.owner.inputs[0], softmax
    if isinstance(operation, Elemwise) and isinstance(operation.scalar_op, Sigmoid):
        return prediction.owner.inputs[0], sigmoid
    return prediction, linear


def log_softmax_of(prediction):
    """``log(p)`` for an (n, classes) matrix of probabilities; finite."""
    scores, activation = split_prediction(prediction)
    if activation is softmax:
        return T.nnet.logsoftmax(scores, axis=-1)
    return T.log(T.clip(prediction, _smallest(prediction), 1))


def log_sigmoid_of(prediction):
    """``log(p)`` and ``log(1 - p)``, element by element; finite."""
    scores, activation = split_prediction(prediction)
    if activation is sigmoid:
        return -T.softplus(-scores), -T.softplus(scores)
    smallest = _smallest(prediction)
    return T.log(T.clip(prediction, smallest, 1)), T.log(T.clip(1 - prediction, smallest, 1))


def _smallest(prediction):
    """The smallest normal number: below it the clipped logarithm has no slope."""
    return np.finfo(prediction.dtype).tiny
