"""What a contestant has to be able to do."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.tasks import Task


class UnavailableError(Exception):
    """This contestant cannot do this task, and why not; not a fault."""


class Contestant:
    """Base class; runs in a process of its own, in the environment of its library.

    A subclass sets up one task in :meth:`prepare` and does one step of it in :meth:`step`.

    Parameters
    ----------
    threads : int
        How many threads may compute.
    variant : str
        Which of the settings a class knows; see the registry.
    """

    def __init__(self, threads: int, variant: str = ""):
        self.threads = threads
        self.variant = variant

    def versions(self) -> dict[str, str]:
        """Name -> version of the libraries that compute. Imports them."""
        raise NotImplementedError

    def prepare(self, task: Task) -> None:
        """Build the network for `task`, and compile what can be compiled without data.

        Raises
        ------
        UnavailableError
        """
        raise NotImplementedError

    def step(self) -> Any:
        """One step, from arrays on the host to a result on the host.

        Returns
        -------
        array or float
            Maps (batch, channel, row, column) of a forward task; the loss of a training step.
        """
        raise NotImplementedError

    def time(self, count: int) -> list[float]:
        """Seconds of each of `count` steps."""
        seconds = []
        for _ in range(count):
            began = time.perf_counter()
            self.step()
            seconds.append(time.perf_counter() - began)
        return seconds

    def details(self) -> dict[str, Any]:
        """What else is worth recording once the first step is done, such as time of compiling."""
        return {}

    def device_peak(self) -> float | None:
        """The most that ever lay in the memory of the device, MiB; None on a processor."""
        return None


def digest(result: Any) -> list[float]:
    """Some numbers of what a step computed, by which contestants are held against each other.

    From first to last, at distances that differ: equal ones can be the number of channels, and
    then all are of one channel, which a rectifier may have made zero.
    """
    flat = np.asarray(result, dtype=np.float64).ravel()
    places = np.linspace(0, flat.size - 1, min(64, flat.size)).round().astype(int)
    return flat[places].tolist()
