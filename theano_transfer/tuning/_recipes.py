"""Ways of training in several steps: head first, then the base from its top downwards."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theano_transfer.tuning._checkpoints import Checkpoints, as_checkpoints
from theano_transfer.tuning._history import History
from theano_transfer.tuning._names import blocks_of, upper_part
from theano_transfer.updates._groups import depth_groups
from theano_transfer.updates._schedules import OneCycle

if TYPE_CHECKING:
    from theano_transfer.tuning._model import Model

# How many times slower than the head the lowest block learns (fastai's `lr_mult`).
SPREAD = 100.0


def fine_tune(
    model: Model,
    data,
    y=None,
    *,
    epochs: int,
    freeze_epochs: int,
    lr: float,
    stages: int,
    optimizer,
    weight_decay: float,
    label_smoothing: float,
    loss,
    metrics,
    checkpoints,
    **options,
) -> History:
    """See ``Model.fine_tune``."""
    for name, number in (("epochs", epochs), ("stages", stages)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ValueError(f"{name} is a whole number from 1 on; got {number!r}")
    if freeze_epochs < 0:
        raise ValueError(f"freeze_epochs is not negative; got {freeze_epochs!r}")
    steps = plan(model, epochs, freeze_epochs, stages)
    history = History()
    for number, (share, count) in enumerate(steps):
        model.freeze("all")
        rate = lr
        if share > 0:
            model.unfreeze(share)
            rate = lr / 2**number
        model.compile(
            optimizer,
            loss,
            metrics,
            learning_rate=OneCycle(rate, share=0.3 if share else 0.9),
            layer_decay=_decay(model) if share else None,
            weight_decay=weight_decay,
            label_smoothing=label_smoothing,
        )
        done = len(history)
        part = model.fit(
            data,
            y,
            initial_epoch=done,
            epochs=done + count,
            checkpoints=_within(checkpoints, number),
            **options,
        )
        history = history + part
        if part.interrupted:
            break
    model.history = history
    return history


def plan(model, epochs: int, freeze_epochs: int, stages: int) -> list[tuple[float, int]]:
    """(share of the blocks that are trained, epochs) for each step, the head alone first."""
    blocks = len(blocks_of(model.net)) or len(upper_part(model.net, 1.0))
    stages = min(stages, epochs, blocks)
    shares = [(k + 1) / stages for k in range(stages)]
    counts = [epochs // stages + (k >= stages - epochs % stages) for k in range(stages)]
    head = [(0.0, freeze_epochs)] if freeze_epochs else []
    return [*head, *zip(shares, counts)]


def _decay(model) -> float | None:
    """By it the lowest group that is trained learns SPREAD times slower than the head."""
    groups = len(depth_groups(model.net))
    return None if groups < 2 else math.exp(-math.log(SPREAD) / (groups - 1))


def _within(checkpoints, number):
    """A folder of its own for each step: they train different parameters."""
    whole = as_checkpoints(checkpoints)
    if whole is None:
        return None
    return Checkpoints(whole.folder / f"step{number}", keep=whole.keep, every=whole.every)
