"""Gradients of several batches in one step of the rule."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import theano
import theano.tensor as T

from theano_transfer.updates._grouped import named_gradients


def accumulate(updates_of: Callable, loss_or_grads, params, every: int) -> OrderedDict:
    """Updates that change the parameters once in `every` calls, by the mean of their gradients.

    ``every`` batches of n pictures move the parameters as one batch of ``every * n`` would, in
    the memory that n take. (Batch normalisation that is not frozen still sees n at a time.)

    Parameters
    ----------
    updates_of : callable
        List of gradients -> updates, such as ``lambda grads: lasagne.updates.adam(grads, params)``.
    loss_or_grads : scalar expression, or list of gradients
    params : list of shared variables
        That the gradients belong to.
    every : int
        From 1 on. At the end of an epoch whose batches it does not divide, the rest counts for
        the next epoch.

    Returns
    -------
    OrderedDict
    """
    if isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1:
        raise ValueError(f"every is a number of batches, at least 1; got {every!r}")
    grads = named_gradients(loss_or_grads, params)
    if every == 1:
        return OrderedDict(updates_of(list(grads.values())))
    count = theano.shared(np.asarray(0, dtype="int32"), name="accumulated batches")
    due = T.eq(count + 1, int(every))
    sums = OrderedDict()
    for param in params:
        zeros = np.zeros_like(param.get_value(borrow=True))
        sums[param] = theano.shared(
            zeros, name=f"sum of gradients of {param.name}", shape=param.type.shape
        )
    totals = [sums[param] + grads[param] for param in params]
    means = [total / np.asarray(every, dtype=total.dtype) for total in totals]
    updates: OrderedDict = OrderedDict(
        (variable, T.switch(due, new, variable)) for variable, new in updates_of(means).items()
    )
    for param, total in zip(params, totals):
        updates[sums[param]] = T.switch(due, T.zeros_like(total), total)
    updates[count] = T.cast(T.switch(due, 0, count + 1), count.dtype)
    return updates
