"""What a training run measured, epoch by epoch."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping

from theano_transfer._files import atomic_write


class History:
    """Losses and metrics of each epoch.

    Attributes
    ----------
    epochs : list of int
        Numbers of the epochs that were finished, from 1.
    history : dict of str to list of float
        Column name -> one number per finished epoch: ``loss``, the metrics, and the same with
        ``val_`` in front where there was validation data. A number that was not measured in an
        epoch is NaN.
    seconds : list of float
        What each epoch took, validation included.
    monitor : str or None
        The column by which the best epoch is chosen.
    best_epoch : int or None
        The best epoch so far by `monitor`.
    restored : bool
        Whether the model went back to the weights of `best_epoch` at the end.
    interrupted : bool
        Whether Ctrl-C ended the run.
    stopped : str or None
        Why the run ended before its last epoch, in words.
    cached : bool
        Whether features of the frozen part were computed once and kept.
    """

    def __init__(self, monitor: str | None = None):
        self.epochs: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.seconds: list[float] = []
        self.monitor = monitor
        self.best_epoch: int | None = None
        self.restored = False
        self.interrupted = False
        self.stopped: str | None = None
        self.cached = False

    def append(self, epoch: int, numbers: Mapping[str, float], seconds: float = math.nan) -> None:
        """Add a finished epoch."""
        for name in numbers:
            self.history.setdefault(name, [math.nan] * len(self.epochs))
        for name, column in self.history.items():
            column.append(float(numbers.get(name, math.nan)))
        self.epochs.append(int(epoch))
        self.seconds.append(float(seconds))

    def __len__(self) -> int:
        return len(self.epochs)

    def __getitem__(self, name: str) -> list[float]:
        try:
            return self.history[name]
        except KeyError:
            known = ", ".join(self.history) or "nothing: no epoch was finished"
            raise KeyError(f"{name!r} was not measured; there is {known}") from None

    def __contains__(self, name) -> bool:
        return name in self.history

    def __add__(self, other: History) -> History:
        """This run and the one after it as one, its epochs numbered on.

        Frozen training and the fine-tuning after it make one curve this way.
        """
        if not isinstance(other, History):
            return NotImplemented
        both = History(other.monitor)
        last = 0
        for part in (self, other):
            shift = last if part is other and part.epochs and part.epochs[0] <= last else 0
            for epoch, numbers, seconds in zip(part.epochs, part.rows(), part.seconds):
                both.append(epoch + shift, numbers, seconds)
            if part.best_epoch is not None and (part is other or other.best_epoch is None):
                both.best_epoch = part.best_epoch + shift
            last = both.epochs[-1] if both.epochs else 0
        both.interrupted = other.interrupted
        both.restored = other.restored
        both.stopped = other.stopped
        both.cached = self.cached or other.cached
        return both

    def rows(self) -> Iterator[dict[str, float]]:
        """One dictionary of column name -> number for each epoch."""
        for index in range(len(self.epochs)):
            yield {name: column[index] for name, column in self.history.items()}

    def write_csv(self, path) -> None:
        """Write the table to `path`: columns epoch, seconds, and those of ``history``.

        The file appears whole or not at all.
        """
        with atomic_write(path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["epoch", "seconds", *self.history])
            for epoch, seconds, row in zip(self.epochs, self.seconds, self.rows()):
                writer.writerow([epoch, *(repr(number) for number in (seconds, *row.values()))])

    def __repr__(self) -> str:
        if not self.epochs:
            return "<History: no finished epoch>"
        last = ", ".join(f"{name} {column[-1]:.4g}" for name, column in self.history.items())
        return f"<History: {len(self)} epochs, the last {last}>"
