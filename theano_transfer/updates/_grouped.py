"""One rule for all parameters, each at its own rate."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

import lasagne
import numpy as np
import theano
from aesara.compile.sharedvalue import SharedVariable
from aesara.graph.basic import Variable, ancestors


def grouped(rule: Callable, loss_or_grads, factors: Mapping, learning_rate=1.0, **settings):
    """The updates of `rule`, each parameter at ``factor * learning_rate``.

    The rule is called once for all parameters of the same factor, so that whatever it remembers
    (velocities, averages, steps) is what it would be if it were told that rate alone.

    Parameters
    ----------
    rule : callable
        ``rule(loss_or_grads, params, learning_rate, **settings)``, as those of lasagne.updates.
    loss_or_grads : scalar expression, or list of gradients in the order of `factors`
    factors : mapping of shared variable to float
        From :func:`by_spread`, :func:`by_layer` or :func:`by_name`, or made by hand. A factor of
        0 leaves a parameter out.
    learning_rate : float or symbolic scalar
        1 where `factors` are the rates themselves.
    **settings
        Of the rule, such as ``momentum=0.9``.

    Returns
    -------
    OrderedDict
        Shared variable -> update expression. What the rule remembers has a name that tells its
        parameter.

    Examples
    --------
    >>> rates = by_spread(net, slice(1e-5, 1e-3))                                # doctest: +SKIP
    >>> grouped(lasagne.updates.nesterov_momentum, loss, rates, momentum=0.9)    # doctest: +SKIP
    """
    params = [param for param, factor in factors.items() if factor != 0]
    grads = named_gradients(loss_or_grads, factors)
    updates: OrderedDict = OrderedDict()
    for factor in dict.fromkeys(factors[param] for param in params):
        group = [param for param in params if factors[param] == factor]
        rate = rate_of(learning_rate, factor)
        found = rule([grads[param] for param in group], group, rate, **settings)
        _name_memory(found, group, [grads[param] for param in group], rule)
        updates.update(found)
    return updates


def rate_of(learning_rate, factor: float):
    """`factor` times a number or a symbolic scalar, of the scalar's own dtype."""
    if factor == 1 or not isinstance(learning_rate, Variable):
        return learning_rate * factor
    return learning_rate * np.asarray(factor, dtype=theano.config.floatX)


def named_gradients(loss_or_grads, params) -> OrderedDict:
    """Parameter -> gradient, with a name by which a reader knows it; of all that are given."""
    params = list(params)
    grads = lasagne.updates.get_or_compute_grads(loss_or_grads, params)
    for param, grad in zip(params, grads):
        if grad.owner is not None and grad.name is None:
            grad.name = f"gradient of {param.name}"
    return OrderedDict(zip(params, grads))


def _name_memory(updates, params, grads, rule) -> None:
    """Name what the rule remembers after the parameter that it belongs to."""
    called = getattr(rule, "__name__", None) or getattr(
        getattr(rule, "func", None), "__name__", "rule"
    )
    owners: dict = {}
    for param in params:
        for variable in ancestors([updates[param]], blockers=grads):
            if isinstance(variable, SharedVariable) and variable in updates:
                owners.setdefault(variable, []).append(param)
    counts: dict = {}
    for memory in updates:
        if memory.name is not None or memory in params:
            continue
        belongs = owners.get(memory, [])
        owner = belongs[0].name if len(belongs) == 1 else "all"
        counts[owner] = counts.get(owner, 0) + 1
        memory.name = f"{called} {counts[owner]} of {owner}"
