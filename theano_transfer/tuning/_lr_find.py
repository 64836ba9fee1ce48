"""Which learning rate to take: the loss while the rate grows. Smith, arXiv:1506.01186."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from theano_transfer.tuning._interrupt import Interrupt
from theano_transfer.tuning._state import StepState

SMOOTHING = 0.9
HOPELESS = 4.0  # times the best loss: there the search ends


@dataclass(frozen=True)
class LearningRates:
    """What a search for a learning rate found.

    Attributes
    ----------
    rates, losses : tuple of float
        Of each step; the losses are smoothed.
    suggestion : float
        Where the loss falls most steeply over the logarithm of the rate, before its minimum.
    minimum : float
        A tenth of the rate at which the loss is least: the boldest that is still reasonable.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float
    minimum: float

    def __repr__(self) -> str:
        return (
            f"<LearningRates: {len(self.rates)} steps, suggestion {self.suggestion:.2g}, "
            f"minimum / 10 {self.minimum:.2g}>"
        )


def search(functions, feed, *, start: float, stop: float, steps: int) -> LearningRates:
    """Train with growing rates, then bring everything back as it was.

    Parameters
    ----------
    functions : Functions
        Compiled.
    feed : Feed or CachedFeed
        Begins again where it ends.
    start, stop : float
        Lowest and highest rate; step k of n has ``start * (stop / start) ** (k / (n - 1))``.
    steps : int

    Raises
    ------
    ValueError
        If the loss was no number from the beginning.
    """
    if not 0 < start < stop or not math.isfinite(stop):
        raise ValueError(f"0 < start < stop, both finite; got {start!r} and {stop!r}")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 5:
        raise ValueError(f"steps is a whole number from 5 on; got {steps!r}")
    step, rate = functions.step, functions.learning_rate
    before = StepState(functions)
    rates: list[float] = []
    losses: list[float] = []
    average, best = 0.0, math.inf
    try:
        with Interrupt() as interrupt, interrupt.absorbed():
            for k, (features, targets, weights) in zip(range(steps), _forever(feed)):
                now = start * (stop / start) ** (k / (steps - 1))
                rate.set_value(np.asarray(now, dtype=rate.dtype))
                sums = step(features, targets, weights)
                average = SMOOTHING * average + (1 - SMOOTHING) * float(sums[0]) / len(targets)
                smooth = average / (1 - SMOOTHING ** (k + 1))
                if not math.isfinite(smooth) or smooth > HOPELESS * best:
                    break
                rates.append(now)
                losses.append(smooth)
                best = min(best, smooth)
                interrupt.check()
    finally:
        before.restore()
    if interrupt.happened:
        raise KeyboardInterrupt
    if len(rates) < 2:
        raise ValueError(
            f"the loss is no number, or grows, at a learning rate of {start:g} already; a lower "
            "start, or other preprocessing, may help"
        )
    return LearningRates(tuple(rates), tuple(losses), *suggest(rates, losses))


def suggest(rates, losses) -> tuple[float, float]:
    """The rate of the steepest fall before the least loss, and a tenth of that of the least."""
    least = int(np.argmin(losses))
    minimum = rates[least] / 10
    if least < 2:
        return minimum, minimum
    slopes = np.gradient(np.asarray(losses[: least + 1]), np.log(rates[: least + 1]))
    return float(rates[int(np.argmin(slopes))]), minimum


def _forever(feed) -> Iterator:
    epoch = 0
    while True:
        yield from feed.batches(epoch)
        epoch += 1
