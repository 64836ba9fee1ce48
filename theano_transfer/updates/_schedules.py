"""Learning rates that change while training: numbers, to be put into a shared variable.

A compiled function reads the rate from a shared variable, so that another rate is no other
function::

    rate = theano.shared(np.float32(0), name='learning_rate')
    updates = lasagne.updates.adam(loss, params, rate)
    step = theano.function([x, y], loss, updates=updates)
    schedule = OneCycle(1e-3)
    for n in range(steps):
        rate.set_value(np.float32(schedule(n, steps)))
        step(...)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from theano_transfer._suggest import checks_options


class Schedule:
    """A learning rate as a function of how much is done: ``schedule(done, total)``.

    `done` and `total` are both epochs (``done`` may lie between two whole numbers) or both steps;
    lengths in a schedule's settings are in the same unit. ``Model.fit`` counts in epochs, and
    sets the rate before each step. Every kind is a frozen dataclass: it prints its settings, and
    equal settings are equal.
    """

    def __post_init__(self):
        for name, value in vars(self).items():
            if isinstance(value, Schedule):
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"{name} of {type(self).__name__} is a number; got {value!r}")
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(
                    f"{name} of {type(self).__name__} is finite and not negative; got {value!r}"
                )

    def __call__(self, done: float, total: float) -> float:
        raise NotImplementedError


@checks_options
@dataclass(frozen=True)
class Constant(Schedule):
    """`rate`, always."""

    rate: float

    def __call__(self, done, total):
        return self.rate


@checks_options
@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to `rate` along half a cosine, then down along another. Smith, arXiv:1708.07120.

    Parameters
    ----------
    rate : float
    share : float
        Of all steps, in which the rate rises.
    start : float
        It begins at ``rate / start``
    end : float
        and ends at ``rate / start / end``.
    """

    rate: float
    share: float = 0.25
    start: float = 25.0
    end: float = 1e4

    def __post_init__(self):
        super().__post_init__()
        if not 0 < self.share < 1 or not self.start or not self.end:
            raise ValueError(f"share lies between 0 and 1, start and end above 0; got {self!r}")

    def __call__(self, done, total):
        low = self.rate / self.start
        peak = self.share * total
        if done < peak:
            return _cosine(low, self.rate, done / peak)
        return _cosine(self.rate, low / self.end, (done - peak) / (total - peak) if total else 0)


@checks_options
@dataclass(frozen=True)
class Cosine(Schedule):
    """Down from `rate` to `least` along half a cosine. Loshchilov and Hutter, arXiv:1608.03983.

    Parameters
    ----------
    rate, least : float
    period : float
        Starts again after so much, each time from `rate`; 0: never.
    """

    rate: float
    least: float = 0.0
    period: float = 0.0

    def __call__(self, done, total):
        if self.period:
            done, total = done % self.period, self.period
        return _cosine(self.rate, self.least, done / total if total else 0)


@checks_options
@dataclass(frozen=True)
class Step(Schedule):
    """``rate * factor ** floor(done / every)``."""

    rate: float
    every: float = 10.0
    factor: float = 0.1

    def __post_init__(self):
        super().__post_init__()
        if not self.every:
            raise ValueError("every is above 0")

    def __call__(self, done, total):
        return self.rate * self.factor ** math.floor(done / self.every)


@checks_options
@dataclass(frozen=True)
class Exponential(Schedule):
    """``rate * factor ** done``."""

    rate: float
    factor: float = 0.9

    def __call__(self, done, total):
        return self.rate * self.factor**done


@checks_options
@dataclass(frozen=True)
class WarmUp(Schedule):
    """Another schedule after a rise, from nothing in a straight line, to where it begins.

    Parameters
    ----------
    schedule : Schedule
    length : float
        Of the rise; the other schedule has the rest.
    """

    schedule: Schedule
    length: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.schedule, Schedule):
            raise TypeError(f"WarmUp leads to a schedule such as Constant(1e-3); got {self!r}")

    def __call__(self, done, total):
        rest = max(total - self.length, 0.0)
        if done < self.length:
            return self.schedule(0, rest) * done / self.length
        return self.schedule(done - self.length, rest)


KINDS: dict[str, Any] = {
    kind.__name__: kind for kind in (Constant, OneCycle, Cosine, Step, Exponential, WarmUp)
}


def describe_schedule(schedule: Schedule) -> dict:
    """A schedule as JSON values: its kind and its settings.

    Raises
    ------
    TypeError
        If it is of no kind of this module.
    """
    kind = type(schedule).__name__
    if KINDS.get(kind) is not type(schedule):
        raise TypeError(f"a schedule of one's own cannot be put into a file: {schedule!r}")
    settings = {
        name: describe_schedule(value) if isinstance(value, Schedule) else value
        for name, value in vars(schedule).items()
    }
    return {"kind": kind, **settings}


def read_schedule(stored: Mapping) -> Schedule:
    """The schedule that :func:`describe_schedule` described.

    Raises
    ------
    ValueError, TypeError
        If that makes none.
    """
    settings = dict(stored)
    kind = settings.pop("kind", None)
    if kind not in list(KINDS):
        raise ValueError(f"{kind!r} is no kind of schedule")
    return KINDS[kind](
        **{
            name: read_schedule(value) if isinstance(value, Mapping) else value
            for name, value in settings.items()
        }
    )


def _cosine(start: float, end: float, share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
