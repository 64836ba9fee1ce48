"""What may happen between epochs: stopping, saving, changing the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from theano_transfer._suggest import checks_options


class Callback:
    """Base class: override what you need.

    Attributes
    ----------
    model : Model
        Set before training starts. ``self.model.stop_training = True`` ends training after this
        epoch; ``self.model.learning_rate`` may be read and set.
    changes_training : bool
        Whether training may end differently without the callback. If so, a run is resumed only
        with the same; False for logs.
    """

    model: Any = None
    changes_training = True

    def on_train_begin(self) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Before an epoch; epochs are numbered from 1."""

    def on_batch_end(self, batch: int, numbers: Mapping[str, float]) -> None:
        """After a training step; batches are numbered from 1, `numbers` are the epoch's so far."""

    def on_epoch_end(self, epoch: int, numbers: Mapping[str, float]) -> None:
        """After an epoch and its validation."""

    def on_train_end(self, history) -> None:
        """After training, also when it was interrupted; best weights are back by then."""

    def state(self) -> Any:
        """What the callback remembers of the epochs so far, as JSON values, for a checkpoint."""
        return None

    def resume(self, state: Any) -> None:
        """Remember `state` again: training goes on from a checkpoint; after `on_train_begin`."""


class OnEpochEnd(Callback):
    """A function ``(epoch, numbers) -> None`` as a callback."""

    def __init__(self, function: Callable):
        self.function = function

    def on_epoch_end(self, epoch, numbers):
        self.function(epoch, numbers)


def as_callbacks(callbacks) -> list[Callback]:
    """A list of callbacks from None, one, or a list of callbacks and functions."""
    if callbacks is None:
        return []
    if isinstance(callbacks, Callback) or callable(callbacks):
        callbacks = [callbacks]
    found = []
    for callback in callbacks:
        if isinstance(callback, Callback):
            found.append(callback)
        elif callable(callback) and not isinstance(callback, type):
            found.append(OnEpochEnd(callback))
        else:
            raise TypeError(
                "a callback is a tt.tuning.Callback or a function of (epoch, numbers); "
                f"got {callback!r}"
            )
    return found


class Judge:
    """Tells whether a monitored number is better than the best so far.

    Parameters
    ----------
    monitor : str
        Column of the history, such as 'val_loss'.
    mode : {'auto', 'min', 'max'}
        Which way is better; 'auto' takes larger accuracies and smaller everything else.
    min_delta : float
        Smaller improvements do not count.
    """

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0):
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode is 'auto', 'min' or 'max'; got {mode!r}")
        if mode == "auto":
            mode = "max" if "acc" in monitor else "min"
        self.monitor = monitor
        self.sign = 1 if mode == "max" else -1
        self.min_delta = abs(min_delta)
        self.best = -math.inf

    def is_better(self, numbers: Mapping[str, float]) -> bool:
        """Whether `numbers` beat the best so far; if so they are the best from now on."""
        if self.monitor not in numbers:
            raise ValueError(
                f"nothing called {self.monitor!r} was measured; there is {', '.join(numbers)}. "
                "Columns that start with val_ need validation_data"
            )
        value = self.sign * numbers[self.monitor]
        if value > self.best + (self.min_delta if math.isfinite(self.best) else 0):
            self.best = value
            return True
        return False


class Patient(Callback):
    """A callback that waits for `monitor` to become better. Base class."""

    def __init__(self, monitor, patience, min_delta, mode):
        if patience < 1:
            raise ValueError(f"patience is a number of epochs, at least 1; got {patience!r}")
        self.monitor, self.patience = monitor, int(patience)
        self._judge_settings = (monitor, mode, min_delta)
        Judge(*self._judge_settings)

    def on_train_begin(self):
        self._judge = Judge(*self._judge_settings)
        self._waited = 0

    def is_over(self, numbers) -> bool:
        """Whether `patience` epochs, with this one, have not made it better."""
        self._waited = 0 if self._judge.is_better(numbers) else self._waited + 1
        return self._waited >= self.patience

    def state(self):
        return {"best": self._judge.best, "waited": self._waited}

    def resume(self, state):
        self._judge.best, self._waited = state["best"], state["waited"]

    def __repr__(self):
        settings = {k: v for k, v in vars(self).items() if k not in ("model", "_judge", "_waited")}
        return f"{type(self).__name__}({settings})"


class EarlyStopping(Patient):
    """Ends training when `monitor` has not become better for `patience` epochs.

    Parameters
    ----------
    monitor : str
    patience : int
        At least 1.
    min_delta : float
    mode : {'auto', 'min', 'max'}
    """

    @checks_options
    def __init__(self, monitor="val_loss", *, patience=5, min_delta=0.0, mode="auto"):
        super().__init__(monitor, patience, min_delta, mode)

    def on_epoch_end(self, epoch, numbers):
        if self.is_over(numbers):
            self.model.stop_training = f"no better {self.monitor} for {self.patience} epochs"


class Checkpoint(Callback):
    """Saves the model at the end of epochs. A file is replaced only by a whole new one.

    Where one ``fit`` goes on from another (`initial_epoch`, ``fine_tune``), the best is the best
    of all.

    Parameters
    ----------
    path : str or path
        May contain ``{epoch}``, which stands for the epoch's number.
    monitor : str or None
        Save only when this column becomes better; None saves every epoch.
    mode : {'auto', 'min', 'max'}
    """

    changes_training = False

    @checks_options
    def __init__(self, path, monitor: str | None = None, *, mode="auto"):
        self.path, self.monitor, self.mode = str(path), monitor, mode
        self._judge = None if monitor is None else Judge(monitor, mode)
        self._last = 0

    def on_epoch_begin(self, epoch):
        if epoch <= self._last:  # another run
            self._judge = None if self.monitor is None else Judge(self.monitor, self.mode)
        self._last = epoch - 1

    def on_epoch_end(self, epoch, numbers):
        self._last = epoch
        if self._judge is None or self._judge.is_better(numbers):
            # replace, not format: other braces in a file name are just braces
            self.model.save(self.path.replace("{epoch}", str(epoch)))

    def state(self):
        return None if self._judge is None else self._judge.best

    def resume(self, state):
        self._last = 0
        if self._judge is not None:
            self._judge.best = state


class LearningRateSchedule(Callback):
    """Sets the learning rate before each epoch.

    Parameters
    ----------
    schedule : callable
        Epoch (from 1) -> learning rate.
    """

    def __init__(self, schedule: Callable[[int], float]):
        self.schedule = schedule

    def on_epoch_begin(self, epoch):
        self.model.learning_rate = self.schedule(epoch)


class ReduceOnPlateau(Patient):
    """``learning_rate := factor * learning_rate`` when `monitor` stays without improvement.

    Parameters
    ----------
    monitor : str
    factor : float
        Between 0 and 1.
    patience : int
        Epochs without improvement before each reduction.
    least : float
        The learning rate does not fall below it.
    min_delta : float
    mode : {'auto', 'min', 'max'}
    """

    @checks_options
    def __init__(
        self, monitor="val_loss", *, factor=0.1, patience=3, least=0.0, min_delta=0.0, mode="auto"
    ):
        if not 0 < factor < 1:
            raise ValueError(f"factor lies between 0 and 1; got {factor!r}")
        self.factor, self.least = factor, least
        super().__init__(monitor, patience, min_delta, mode)

    def on_epoch_end(self, epoch, numbers):
        if self.is_over(numbers):
            self._waited = 0
            self.model.learning_rate = max(self.factor * self.model.learning_rate, self.least)
