"""From the arguments of ``Model.compile`` to a rule with rates, decay and clipping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theano_transfer.tuning._freeze import trainable_params
from theano_transfer.updates._compose import compose
from theano_transfer.updates._factors import by_layer, by_name, by_spread
from theano_transfer.updates._schedules import Schedule

# What leaves a rule as it is.
RULE = {
    "layer_decay": None,
    "rate_factors": None,
    "weight_decay": 0.0,
    "clip_norm": None,
    "clip_value": None,
    "accumulate": 1,
}
# What may be left out of a description.
USUAL = {**RULE, "label_smoothing": 0.0}


def split_rate(learning_rate, settings) -> tuple[Schedule | None, slice | None, float]:
    """The schedule, the spread over the depth, and the rate to begin with.

    Raises
    ------
    ValueError
        If a slice comes with `layer_decay`: both say how rates fall with depth.
    """
    if isinstance(learning_rate, slice):
        if settings["layer_decay"] is not None:
            raise ValueError(
                "a slice of learning rates and layer_decay both say how rates fall with depth; "
                "give one of them"
            )
        return None, learning_rate, learning_rate.stop
    if isinstance(learning_rate, Schedule):
        return learning_rate, None, learning_rate(0, 1)
    return None, None, learning_rate


def rate_factors(net, spread, settings) -> dict[Any, float] | None:
    """Shared variable -> factor of the learning rate; None where all have the same."""
    if not (spread or settings["layer_decay"] or settings["rate_factors"]):
        return None
    factors = dict.fromkeys(trainable_params(net), 1.0)
    if spread is not None:
        factors = {param: rate / spread.stop for param, rate in by_spread(net, spread).items()}
    if settings["layer_decay"] is not None:
        factors = dict(by_layer(net, settings["layer_decay"]))
    for param, factor in by_name(net, settings["rate_factors"] or {}).items():
        factors[param] *= factor
    return factors


def tuned_rule(rule: Callable, net, spread, settings) -> Callable:
    """`rule` with all that the settings ask for; `rule` itself where that is nothing.

    What is wrong with names in the settings is said here, before anything is compiled.
    """
    factors = rate_factors(net, spread, settings)
    if factors is None and all(settings[name] == usual for name, usual in RULE.items()):
        return rule  # which may be a function that wants the loss itself, not its gradients
    options = {
        "factors": factors,
        "weight_decay": settings["weight_decay"],
        "clip_norm": settings["clip_norm"],
        "clip_value": settings["clip_value"],
        "every": settings["accumulate"],
    }

    def tuned(loss, params, learning_rate):
        return compose(rule, loss, net, learning_rate, **options)

    return tuned


def check_settings(settings) -> None:
    """Refuse what the functions of ``tt.updates`` would refuse when a step is compiled."""
    decay, every = settings["weight_decay"], settings["accumulate"]
    if isinstance(decay, bool) or not isinstance(decay, (int, float)) or not 0 <= decay < 1:
        raise ValueError(f"weight_decay lies from 0 to below 1; got {decay!r}")
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise ValueError(f"accumulate is a number of batches, at least 1; got {every!r}")
    for name in ("clip_norm", "clip_value"):
        limit = settings[name]
        if limit is not None and not (isinstance(limit, (int, float)) and limit > 0):
            raise ValueError(f"{name} is a number above 0; got {limit!r}")
