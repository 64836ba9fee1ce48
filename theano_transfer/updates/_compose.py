"""All of it together, as `Model.compile` does."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from theano_transfer.tuning._freeze import trainable_params
from theano_transfer.updates._accumulate import accumulate
from theano_transfer.updates._clip import clip_gradients
from theano_transfer.updates._decay import decayed_params, decoupled_weight_decay
from theano_transfer.updates._grouped import grouped


def compose(
    rule: Callable,
    loss_or_grads,
    layers,
    learning_rate,
    *,
    factors: Mapping | None = None,
    weight_decay: float = 0.0,
    clip_norm=None,
    clip_value=None,
    every: int = 1,
    **settings,
) -> OrderedDict:
    """Updates for all that is trainable in `layers`.

    In this order: gradients of `every` batches are averaged, clipped, handed to the rule; then
    weights decay.

    Parameters
    ----------
    rule, loss_or_grads, learning_rate, **settings
        As for :func:`grouped`.
    layers : Network, mapping of str to Layer, Layer, or list of Layer
    factors : mapping, optional
        Shared variable -> factor of the learning rate; 1 for all if None.
    weight_decay : float
        See :func:`decoupled_weight_decay`.
    clip_norm, clip_value : float, optional
        See :func:`clip_gradients`.
    every : int
        See :func:`accumulate`.

    Returns
    -------
    OrderedDict
        Shared variable -> update expression; :func:`table` prints it.
    """
    chosen = dict.fromkeys(trainable_params(layers), 1.0) if factors is None else dict(factors)
    chosen = {param: factor for param, factor in chosen.items() if factor != 0}

    def updates_of(grads):
        grads = clip_gradients(grads, norm=clip_norm, value=clip_value)
        updates = grouped(rule, grads, chosen, learning_rate, **settings)
        if weight_decay:
            updates = decoupled_weight_decay(
                updates, decayed_params(layers), weight_decay, learning_rate, factors=chosen
            )
        return updates

    return accumulate(updates_of, loss_or_grads, list(chosen), every)
