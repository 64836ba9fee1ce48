"""The two phases of fine-tuning, and the best model of both, kept in its file."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from theano_transfer import images, tuning, weights
from theano_transfer.cache import as_cache
from theano_transfer.cli._console import is_terminal, note
from theano_transfer.cli._run_folder import HEAD, UNFROZEN

MONITOR = "val_loss"


class Phases:
    """Train the head on a frozen base, then the top of the base along with it.

    Parameters
    ----------
    options : argparse.Namespace
        Of ``theano-transfer finetune``.
    train, valid : data set

    Attributes
    ----------
    model : Model
    best : BestModel
    history : History
        Of both phases.
    interrupted : bool
    """

    def __init__(self, options, train, valid):
        self.options, self.train, self.valid = options, train, valid
        self.best = BestModel(options.output)
        self.history = tuning.History(MONITOR)
        self.interrupted = False
        self._scratch = options.weights == "none"
        self._cache = cache_arguments(options)  # a file that cannot serve is found out now
        self.model = tuning.Model(
            options.base,
            classes=train.classes,
            weights=None if self._scratch else options.weights,
            input_shape=None if options.size is None else (3, options.size, options.size),
            seed=options.seed,
        )
        self._second = None if self._scratch else self._plan_unfreezing()

    def run(self) -> None:
        """Both phases, or what Ctrl-C leaves of them."""
        options = self.options
        if self._scratch:
            self.model.unfreeze("all", batch_norm=True)
        self._fit(HEAD, options.epochs, options.learning_rate)
        if self._second is not None and not self.interrupted:
            self.best.restore(self.model)
            self.model.unfreeze(self._second)
            self._fit(UNFROZEN, options.unfreeze_epochs, options.learning_rate / 10)

    def _plan_unfreezing(self) -> str | None:
        """The layer to unfreeze from; a name that does not exist is refused now, not later."""
        wanted = self.options.unfreeze
        if wanted == "none":
            return None
        if wanted == "auto":
            return upper_third(self.model.net)
        self.model.unfreeze(wanted)
        self.model.freeze("all")
        return wanted

    def _fit(self, phase: str, epochs: int, rate: float) -> None:
        options, model, done = self.options, self.model, len(self.history)
        model.compile("adam", learning_rate=rate)
        if not options.quiet:
            note(self._announcement(rate))
        history = model.fit(
            self.train,
            validation_data=self.valid,
            initial_epoch=done,
            epochs=done + epochs,
            batch_size=options.batch_size,
            augment=augmentation() if options.augment else None,
            **self._cache,
            early_stopping=options.patience,
            monitor=MONITOR,
            callbacks=[
                *([] if options.quiet or is_terminal() else [EpochLines(done + epochs)]),
                self.best.watcher(),
                *self._logs(phase),
            ],
            **self._states(phase),
            verbose=not options.quiet and is_terminal(),
        )
        self.history = self.history + history
        self.history.best_epoch = self.best.epoch
        self.interrupted = history.interrupted
        if history.stopped and not (history.interrupted or options.quiet):
            note(f"stopped after epoch {history.epochs[-1]}: {history.stopped}")

    def _states(self, phase: str) -> dict[str, Any]:
        """Where the phase keeps its states; a phase that has begun is gone on with."""
        if self.options.run is None:
            return {}
        return {"checkpoints": Path(self.options.run) / phase / "states", "resume": True}

    def _logs(self, phase: str) -> list[tuning.Callback]:
        if self.options.run is None:
            return []
        folder = Path(self.options.run) / phase
        folder.mkdir(parents=True, exist_ok=True)
        logs: list[tuning.Callback] = [tuning.Log(folder / f"log{s}") for s in (".csv", ".jsonl")]
        if self.options.tensorboard:
            logs.append(tuning.TensorBoard(folder / "tensorboard"))
        return logs

    def _announcement(self, rate: float) -> str:
        moving = sum(param.get_value(borrow=True).size for param in self.model.trainable.values())
        total = self.model.net.num_parameters
        frozen = self.model.frozen
        what = f"from {_first_trainable(self.model)} on" if frozen else "everything"
        return (
            f"training {what}: {moving:,} of {total:,} parameters, learning rate {rate:g} "
            "(compiling first)"
        )


def cache_arguments(options) -> dict[str, Any]:
    """What the options say about keeping features, for ``Model.fit``."""
    arguments = {"cache_variants": options.cache_variants}
    if options.cache == "none":
        return {**arguments, "cache": False}
    if options.cache == "auto":
        return {**arguments, "cache": "auto", "cache_bytes": options.cache_bytes}
    return {**arguments, "cache": as_cache(options.cache, options.cache_bytes)}


def upper_third(net) -> str:
    """The block of the network's record from which its upper third begins."""
    blocks = [block for block, first in net.record.blocks if first in net]
    return blocks[-math.ceil(len(blocks) / 3)]


def augmentation() -> images.Augmentation:
    """Changes that leave most objects what they are."""
    return images.Augmentation(
        horizontal_flip=True,
        rotation_range=10,
        width_shift_range=0.08,
        height_shift_range=0.08,
        zoom_range=0.1,
    )


def _first_trainable(model) -> str:
    return next(iter(model.trainable)).rpartition(".")[0]


class BestModel:
    """The best model of all phases, in its file from the moment it is known.

    Attributes
    ----------
    epoch : int or None
        The epoch it comes from, counted through all phases.
    """

    def __init__(self, path: str):
        self.path = path
        self.epoch: int | None = None
        self.loss = math.inf

    @property
    def is_saved(self) -> bool:
        return self.epoch is not None

    def watcher(self) -> tuning.Callback:
        """A callback that saves the model whenever it is better than in all epochs before."""
        return _Watcher(self)

    def restore(self, model: tuning.Model) -> None:
        """Give `model` the parameters of the best."""
        weights.load(model.net, self.path)


class _Watcher(tuning.Callback):
    model: Any
    changes_training = False

    def __init__(self, best: BestModel):
        self._best = best

    def on_epoch_end(self, epoch, numbers):
        best = self._best
        if numbers[MONITOR] < best.loss:
            self.model.save(best.path)
            best.loss, best.epoch = numbers[MONITOR], epoch

    def state(self):
        return [self._best.loss, self._best.epoch]

    def resume(self, state):
        self._best.loss, self._best.epoch = state


class EpochLines(tuning.Callback):
    """A line for each epoch, for log files; terminals get bars."""

    changes_training = False

    def __init__(self, last: int):
        self._last = last

    def on_epoch_begin(self, epoch):
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, numbers):
        seconds = time.perf_counter() - self._began
        text = "  ".join(f"{column} {value:.3f}" for column, value in numbers.items())
        note(f"epoch {epoch}/{self._last}  {text}  {seconds:.1f} s")
