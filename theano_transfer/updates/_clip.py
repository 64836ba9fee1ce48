"""Gradients that are kept from being too large."""

from __future__ import annotations

import theano.tensor as T
from lasagne.updates import total_norm_constraint

from theano_transfer._suggest import checks_options


@checks_options
def clip_gradients(grads, *, norm=None, value=None) -> list:
    """The gradients, limited.

    Parameters
    ----------
    grads : list of expressions
    norm : float or symbolic scalar, optional
        All are multiplied by the same factor where their norm together, ``sqrt(sum of squares)``,
        is above it. Their direction stays.
    value : float or symbolic scalar, optional
        Each number is brought into ``[-value, value]``, before `norm`.

    Returns
    -------
    list of expressions
    """
    for name, limit in (("norm", norm), ("value", value)):
        if isinstance(limit, (int, float)) and not limit > 0:
            raise ValueError(f"the {name} that gradients are clipped to is above 0; got {limit!r}")
    grads = list(grads)
    if value is not None:
        grads = [T.clip(grad, -value, value) for grad in grads]
    if norm is not None:
        grads = list(total_norm_constraint(grads, norm, epsilon=1e-7))
    return grads
