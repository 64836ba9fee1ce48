"""Weight decay beside the gradient, not in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from theano_transfer._suggest import checks_options
from theano_transfer.tuning._freeze import params_of, trainable_params
from theano_transfer.tuning._select import named_layers
from theano_transfer.updates._grouped import rate_of


def decayed_params(layers) -> list:
    """The trainable parameters that decay: weights, but no biases and no normalisation.

    Those with the ``regularizable`` tag of Lasagne and more than one axis; gains and biases of
    layers from elsewhere, which may lack the tag, have one.
    """
    tagged = set(params_of([layer for _, layer in named_layers(layers)], regularizable=True))
    return [param for param in trainable_params(layers) if param in tagged and param.ndim > 1]


@checks_options
def decoupled_weight_decay(
    updates, params, coefficient: float, learning_rate=1.0, *, factors: Mapping | None = None
) -> OrderedDict:
    """``new := new - rate * coefficient * old`` for each of `params`.

    Decay that is part of the gradient passes through what the rule makes of gradients, by which
    Adam loses it; this does not. Loshchilov and Hutter, 2017, https://arxiv.org/abs/1711.05101.

    Parameters
    ----------
    updates : mapping of shared variable to expression
    params : list of shared variables
        Usually :func:`decayed_params`. What `updates` leave alone does not decay.
    coefficient : float
        Usual: 0.01 to 0.1 with Adam's rates.
    learning_rate : float or symbolic scalar
    factors : mapping, optional
        Of the learning rate, as in :func:`grouped`.

    Returns
    -------
    OrderedDict
        New updates; those given are as they were.
    """
    updates = OrderedDict(updates)
    if not 0 <= coefficient < 1:
        raise ValueError(f"weight decay lies from 0 to below 1; got {coefficient!r}")
    for param in params:
        if param in updates:
            share = coefficient * (1.0 if factors is None else factors[param])
            updates[param] = updates[param] - rate_of(learning_rate, share) * param
    return updates
