"""Optimisers: functions that return an update dictionary, by name.

All but adamax are those of ``lasagne.updates``; Lasagne 0.1 lacks that one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import lasagne
import numpy as np
import theano
import theano.tensor as T

from theano_transfer._suggest import checks_options, nearest


@checks_options
def adamax(loss_or_grads, params, learning_rate=0.002, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Adamax updates, the variant of Adam with the infinity norm.

    * ``t := t + 1``
    * ``m := beta1 * m + (1 - beta1) * gradient``
    * ``u := max(beta2 * u, |gradient|)``
    * ``param := param - learning_rate / (1 - beta1^t) * m / (u + epsilon)``

    Parameters
    ----------
    loss_or_grads : scalar expression, or list of gradient expressions
    params : list of shared variables
    learning_rate : float or symbolic scalar
    beta1, beta2 : float or symbolic scalar
        Decay of the mean of gradients, and of their largest absolute value.
    epsilon : float
        Keeps a parameter whose gradients were all zero where it is.

    Returns
    -------
    OrderedDict
        Shared variable -> update expression.

    References
    ----------
    Kingma, D., and Ba, J. (2014): Adam: A Method for Stochastic Optimization.
    arXiv:1412.6980, section 7.1, algorithm 2. There is no epsilon in the paper.
    """
    grads = lasagne.updates.get_or_compute_grads(loss_or_grads, params)
    updates = OrderedDict()
    step = theano.shared(np.asarray(0, dtype=theano.config.floatX), name="adamax.step")
    updates[step] = step + 1
    rate = learning_rate / (1 - T.power(beta1, updates[step]))
    for param, grad in zip(params, grads):
        mean = _zeros_like(param)
        norm = _zeros_like(param)
        updates[mean] = beta1 * mean + (1 - beta1) * grad
        updates[norm] = T.maximum(beta2 * norm, abs(grad))
        updates[param] = param - rate * updates[mean] / (updates[norm] + epsilon)
    return updates


def _zeros_like(param):
    value = param.get_value(borrow=True)
    return theano.shared(np.zeros_like(value), shape=param.type.shape)


# Name -> (function, learning rate when compile() gives none). The rates are those of the papers
# or, where a paper gives none, the usual ones for training on pictures.
OPTIMIZERS: dict[str, tuple[Callable, float]] = {
    "sgd": (lasagne.updates.sgd, 0.01),
    "momentum": (lasagne.updates.momentum, 0.01),
    "nesterov": (lasagne.updates.nesterov_momentum, 0.01),
    "adagrad": (lasagne.updates.adagrad, 0.01),
    "rmsprop": (lasagne.updates.rmsprop, 0.001),
    "adadelta": (lasagne.updates.adadelta, 1.0),
    "adam": (lasagne.updates.adam, 0.001),
    "adamax": (adamax, 0.002),
}
DEFAULT_RATE = 0.001


def find_optimizer(optimizer) -> tuple[Callable, float]:
    """(function, usual learning rate) of an optimiser given by name or as a function.

    A function takes (loss, params, learning_rate) and returns an update dictionary, as those of
    ``lasagne.updates`` do; ``functools.partial`` sets their other arguments.

    Raises
    ------
    ValueError
        If there is no optimiser of that name.
    TypeError
        If `optimizer` is neither a name nor callable.
    """
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise ValueError(
                f"no optimiser is called {optimizer!r}; there are {', '.join(OPTIMIZERS)}, "
                "or give a function (loss, params, learning_rate) -> updates"
                + nearest(optimizer, OPTIMIZERS)
            )
        return OPTIMIZERS[optimizer]
    if not callable(optimizer):
        raise TypeError(
            "an optimiser is a name or a function (loss, params, learning_rate) -> updates; "
            f"got {optimizer!r}"
        )
    return optimizer, DEFAULT_RATE
