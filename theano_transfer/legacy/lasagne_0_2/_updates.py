"""``lasagne.updates``: adaptive steps that 0.1 lacks."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import theano
import theano.tensor as T
from aesara.compile.sharedvalue import SharedVariable
from lasagne.utils import floatX


def get_or_compute_grads(loss_or_grads, params):
    """The gradients of a loss, or those given, one for each parameter.

    Raises
    ------
    ValueError
        If a parameter is no shared variable, or the gradients are not as many.
    """
    if any(not isinstance(param, SharedVariable) for param in params):
        raise ValueError(
            "params must contain shared variables only; if it has expressions, ask for "
            "get_all_params(..., unwrap_shared=True)"
        )
    if isinstance(loss_or_grads, (list, tuple)):
        if len(loss_or_grads) != len(params):
            raise ValueError(
                f"Got {len(loss_or_grads)} gradient expressions for {len(params)} parameters"
            )
        return list(loss_or_grads)
    return theano.grad(loss_or_grads, params)


def _like(param):
    value = np.zeros_like(param.get_value(borrow=True))
    return theano.shared(value, broadcastable=param.broadcastable)


def adamax(loss_or_grads, params, learning_rate=0.002, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Adam with the largest gradient instead of the mean square.

    Kingma and Ba, 2014, section 7.1, https://arxiv.org/abs/1412.6980:
    ``m := beta1 * m + (1 - beta1) * g``, ``u := max(beta2 * u, |g|)``,
    ``param := param - learning_rate / (1 - beta1**t) * m / (u + epsilon)``.

    Parameters
    ----------
    loss_or_grads : scalar expression, or list of expressions
    params : list of shared variables
    learning_rate, beta1, beta2, epsilon : float or scalar variable

    Returns
    -------
    OrderedDict of shared variable to expression
    """
    grads = get_or_compute_grads(loss_or_grads, params)
    steps = theano.shared(floatX(0))
    t = steps + 1
    rate = learning_rate / (1 - beta1**t)
    updates = OrderedDict()
    for param, grad in zip(params, grads):
        m, u = _like(param), _like(param)
        updates[m] = beta1 * m + (1 - beta1) * grad
        updates[u] = T.maximum(beta2 * u, abs(grad))
        updates[param] = param - rate * updates[m] / (updates[u] + epsilon)
    updates[steps] = t
    return updates


def amsgrad(loss_or_grads, params, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Adam whose mean square never falls.

    Reddi, Kale and Kumar, 2018, https://openreview.net/forum?id=ryQu7f-RZ:
    ``m := beta1 * m + (1 - beta1) * g``, ``v := beta2 * v + (1 - beta2) * g**2``,
    ``w := max(w, v)``, and with ``a = learning_rate * sqrt(1 - beta2**t) / (1 - beta1**t)``
    ``param := param - a * m / (sqrt(w) + epsilon)``.

    Parameters and result as for :func:`adamax`.
    """
    grads = get_or_compute_grads(loss_or_grads, params)
    steps = theano.shared(floatX(0))
    t = steps + 1
    rate = learning_rate * T.sqrt(1 - beta2**t) / (1 - beta1**t)
    updates = OrderedDict()
    for param, grad in zip(params, grads):
        m, v, w = _like(param), _like(param), _like(param)
        updates[m] = beta1 * m + (1 - beta1) * grad
        updates[v] = beta2 * v + (1 - beta2) * grad**2
        updates[w] = T.maximum(w, updates[v])
        updates[param] = param - rate * updates[m] / (T.sqrt(updates[w]) + epsilon)
    updates[steps] = t
    return updates
