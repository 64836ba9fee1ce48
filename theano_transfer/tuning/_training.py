"""The training loop."""

from __future__ import annotations

import math
import time
from functools import partial

import numpy as np

from theano_transfer._suggest import nearest
from theano_transfer.tuning._callbacks import Callback, EarlyStopping, Judge
from theano_transfer.tuning._checkpoints import Checkpoints
from theano_transfer.tuning._errors import TrainingError
from theano_transfer.tuning._feeds import CachedFeed
from theano_transfer.tuning._history import History
from theano_transfer.tuning._interrupt import Interrupt
from theano_transfer.tuning._progress import Bar
from theano_transfer.tuning._snapshot import Resumed, take
from theano_transfer.tuning._steps import steps

VALIDATION = "val_"  # in front of what is measured on validation data
MOST_NAMES = 8  # pictures of a batch that an error names
NAN_ADVICE = (
    "The weights are back as they were {when}. Usual causes: too high a learning rate (try a "
    "tenth of {rate:.3g}), the wrong preprocessing, or targets that are not finite."
)


class WeightKeeper:
    """Holds one copy of the weights that training may come back to.

    Parameters
    ----------
    params : list of shared variables
        What training changes.

    Attributes
    ----------
    epoch : int or None
        The epoch whose weights are kept; None for those before training.
    values : list of array
        The kept weights, in the order of `params`.
    """

    def __init__(self, params):
        self.params = list(params)
        self.values: list[np.ndarray] = []
        self.keep(None)

    def keep(self, epoch) -> None:
        self.values = [param.get_value() for param in self.params]
        self.epoch = epoch

    def restore(self) -> None:
        """Bring the kept weights back, bit for bit."""
        for param, value in zip(self.params, self.values):
            param.set_value(value)


class Running:
    """Means over the items of an epoch, from sums over batches."""

    def __init__(self, names):
        self.names = list(names)
        self.sums = [0.0] * len(self.names)
        self.count = 0

    def add(self, sums, count: int) -> None:
        self.sums = [total + float(new) for total, new in zip(self.sums, sums)]
        self.count += count

    def means(self, prefix: str = "") -> dict[str, float]:
        return {prefix + n: s / max(self.count, 1) for n, s in zip(self.names, self.sums)}


def plan_monitor(monitor, early_stopping, names, validates: bool):
    """Which column tells the best epoch, and what early stopping that means.

    Parameters
    ----------
    monitor : str or None
    early_stopping : None, int or EarlyStopping
    names : list of str
        What is measured on training data.
    validates : bool
        Whether the same is measured on validation data.

    Returns
    -------
    monitor : str or None
    judge : Judge or None
    callbacks : list
    """
    if isinstance(early_stopping, EarlyStopping) and monitor is None:
        monitor = early_stopping.monitor
    elif monitor is None and validates:
        monitor = f"{VALIDATION}loss"
    elif monitor is None and early_stopping is not None:
        monitor = "loss"
    columns = [*names, *(f"{VALIDATION}{name}" for name in names if validates)]
    if monitor is not None and monitor not in columns:
        if str(monitor).startswith(VALIDATION) and not validates:
            hint = f"; columns that start with {VALIDATION} need validation data"
        else:
            hint = nearest(monitor, columns)
        raise ValueError(f"monitor={monitor!r} is none of {', '.join(columns)}{hint}")
    if early_stopping is None:
        callbacks = []
    elif isinstance(early_stopping, EarlyStopping):
        callbacks = [early_stopping]
    else:
        callbacks = [EarlyStopping(monitor, patience=early_stopping)]
    return monitor, None if monitor is None else Judge(monitor), callbacks


class Training:
    """One run of training, set up and then :meth:`run`.

    Parameters
    ----------
    model : Model
        Compiled; callbacks may set its ``stop_training`` and ``learning_rate``.
    feed, validation : Feed or CachedFeed
        `validation` may be None.
    callbacks : list of Callback
    keeper : WeightKeeper
    judge : Judge or None
        Tells which epoch is the best.
    restore_best : bool
        Go back to the weights of that epoch at the end.
    history : History
    shown : bool
        Whether to show progress bars.
    checkpoints : Checkpoints, optional
        Where states are saved.
    settings : dict, optional
        What the run was set up with; goes into checkpoints.
    """

    def __init__(
        self,
        model,
        feed,
        validation,
        *,
        callbacks,
        keeper,
        judge,
        restore_best,
        history,
        shown,
        checkpoints: Checkpoints | None = None,
        settings=None,
    ):
        self.model = model
        self.functions = model.functions
        self.feed = feed
        self.validation = validation
        self.callbacks = callbacks
        self.keeper = keeper
        self.judge = judge
        self.keeps_best = restore_best and judge is not None
        self.history: History = history
        self.shown = shown
        self.checkpoints, self.settings = checkpoints, settings
        # Where training is: epochs, batches of the next and their sums; None within a step.
        self._position: tuple | None = None

    def run(
        self, first: int, last: int, interrupt: Interrupt, resumed: Resumed | None = None
    ) -> None:
        """Train epochs `first` to `last`, counted from 1, filling the history.

        `resumed` is a state of this run to go on from.

        Ctrl-C ends it: the history says so, and the best weights come back all the same. Any
        other exception passes through after the kept weights have come back.
        """
        self.model.stop_training = False
        try:
            with interrupt.absorbed():
                for callback in self.callbacks:
                    callback.model = self.model
                self._tell("on_train_begin")
                self._first, self._last = first, last
                if resumed is None:
                    if first > 1:
                        self._judge_start(first - 1, interrupt)
                    self._save(first - 1, 0)
                else:
                    self._go_on(resumed)
                    first = resumed.epochs + 1
                for epoch in range(first, last + 1):
                    if self.model.stop_training:
                        break
                    self._epoch(epoch, last, interrupt, resumed)
                    resumed = None
                if self.model.stop_training:
                    self.history.stopped = str(self.model.stop_training)
            if interrupt.happened and self._position is not None:
                self._save(*self._position)
            if interrupt.happened:
                self.history.interrupted, self.history.stopped = True, "interrupted"
            if self.keeps_best and self.keeper.epoch is not None:
                self.keeper.restore()
                self.history.restored = True
            self._tell("on_train_end", self.history)
        except BaseException:
            self.keeper.restore()
            raise

    def _judge_start(self, epoch, interrupt):
        """Where training goes on, the weights it starts from may be the best ones."""
        monitor = self.history.monitor
        if self.validation is None or monitor is None or not monitor.startswith(VALIDATION):
            return
        numbers = measure(self.functions, self.validation, VALIDATION, check=interrupt.check)
        self._judge(epoch, numbers)

    def _go_on(self, resumed):
        resumed.restore(self)
        if isinstance(self.feed, CachedFeed):
            self.feed.fill(self._first - 1, resumed.epochs)
        self._position = None  # nothing new to save yet

    def _save(self, epochs, batches, running=None):
        """Save where training is, if that is wanted."""
        self._position = epochs, batches, running
        if self.checkpoints is None:
            return
        for name, param in self.model.trainable.items():
            if not np.isfinite(param.get_value(borrow=True)).all():
                place = f"after batch {batches} of epoch {epochs + 1}"
                if not batches:
                    place = f"at the end of epoch {epochs}"
                self._stop_at_nan(f"{name} is no longer finite {place}")
        self.checkpoints.save(epochs, batches, *take(self, epochs, batches, running))

    def _judge(self, epoch, numbers):
        best = self.judge is not None and self.judge.is_better(numbers)
        if best:
            self.history.best_epoch = epoch
            if self.checkpoints is not None:
                self.checkpoints.folder.mkdir(parents=True, exist_ok=True)
                self.model.save(self.checkpoints.best)
        if best or not self.keeps_best:
            self.keeper.keep(epoch)

    def _epoch(self, epoch, last, interrupt, resumed):
        self.model.check_current()
        self._tell("on_epoch_begin", epoch)
        began = time.perf_counter()
        with Bar(f"epoch {epoch}/{last}", self.feed.length, shown=self.shown) as bar:
            numbers = self._train(epoch, bar, interrupt, resumed)
            if self.validation is not None:
                numbers.update(
                    measure(self.functions, self.validation, VALIDATION, check=interrupt.check)
                )
            bar.show(numbers)
        self.history.append(epoch, numbers, time.perf_counter() - began)
        self._judge(epoch, numbers)
        self._tell("on_epoch_end", epoch, numbers)
        self._save(epoch, 0)

    def _train(self, epoch, bar, interrupt, resumed) -> dict[str, float]:
        running, done = Running(self.functions.objective.names), 0
        if resumed is not None:
            resumed.restore_sums(running)
            resumed.restore_rate(self.model)  # whatever `on_epoch_begin` made of it
            done = resumed.batches
        if done and done == self.feed.count:
            return running.means()
        batches = self.feed.batches(epoch - 1, done)
        for step in steps(
            self.functions.step,
            batches,
            done + 1,
            partial(self._begin_step, epoch),
            self._is_watched,
            interrupt,
        ):
            number = step.number
            if not math.isfinite(step.sums[0]):
                names = self.feed.names(epoch - 1, number - 1)
                shown = ", ".join(names[:MOST_NAMES]) + ", ..." * (len(names) > MOST_NAMES)
                self._stop_at_nan(
                    f"the loss became {float(step.sums[0])} in batch {number} of epoch {epoch}"
                    + (f" ({shown})" if names else "")
                )
            running.add(step.sums, step.count)
            bar.update(step.count, running.means())
            self._tell("on_batch_end", number, running.means())
            if step.is_last:
                self._position = epoch - 1, number, running
                if self._saves_after(number) and not interrupt.requested:
                    self._save(*self._position)
                interrupt.check()
        return running.means()

    def _begin_step(self, epoch, number):
        self._set_rate(epoch, number)
        self._position = None

    def _is_watched(self, number):
        """Whether anyone may look at the parameters after this step of an epoch, or keep them."""
        return self._saves_after(number) or any(
            type(each).on_batch_end is not Callback.on_batch_end for each in self.callbacks
        )

    def _saves_after(self, number):
        every = None if self.checkpoints is None else self.checkpoints.every
        return every is not None and number % every == 0

    def _set_rate(self, epoch, number):
        """The rate of the schedule, if there is one, before a step."""
        if self.model.schedule is not None:
            within = 0.0 if self.feed.count is None else (number - 1) / self.feed.count
            self.model.learning_rate = self.model.schedule(
                epoch - self._first + within, self._last - self._first + 1
            )

    def _stop_at_nan(self, what):
        kept = self.keeper.epoch
        when = "before training" if kept is None else f"after epoch {kept}"
        rate = self.model.learning_rate
        self.functions.forget_step()  # its running averages of gradients are no numbers either
        raise TrainingError(f"{what}. " + NAN_ADVICE.format(when=when, rate=rate))

    def _tell(self, event, *details):
        for callback in self.callbacks:
            getattr(callback, event)(*details)


def measure(functions, feed, prefix="", check=lambda: None, note=lambda count: None):
    """Means of loss and metrics over a feed, with dropout off and stored averages.

    Parameters
    ----------
    functions : Functions
    feed : Feed or CachedFeed
    prefix : str
        Put in front of each name.
    check : callable
        Called after each batch; raises to stop.
    note : callable
        Called with the number of pictures of each batch.

    Returns
    -------
    dict of str to float
    """
    running = Running(functions.objective.names)
    for features, targets, weights in feed.batches(0):
        running.add(
            functions.measure(functions.inference.scores(features), targets, weights), len(targets)
        )
        note(len(targets))
        check()
    return running.means(prefix)
