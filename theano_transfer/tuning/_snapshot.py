"""Everything that training changes, as arrays and JSON values, and back again.

What a step changes is asked of the compiled function itself: parameters, averages of batch
normalisation, what the optimiser remembers and the states of random numbers (dropout) are the
shared variables that it updates, whatever rule or layer they come from.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

KEY = "training"
VERSION = 1
MOST_SHOWN = 200  # characters of a setting in an error
STATE, KEPT = "training.state", "training.kept"


def memory_of(step, params) -> list:
    """The containers that a compiled step updates beside the parameters, in a fixed order.

    Parameters
    ----------
    step : compiled function
    params : iterable of shared variables
        Of the network.
    """
    known = {id(param.container) for param in params}
    return [
        given.value
        for given in step.maker.inputs
        if given.update is not None and id(given.value) not in known
    ]


def take(training, epochs: int, batches: int, running) -> tuple[OrderedDict, dict[str, Any]]:
    """The state of a run after so many epochs, and batches of the next.

    Parameters
    ----------
    training : Training
    running : Running or None
        Sums over these batches.

    Returns
    -------
    arrays : OrderedDict of str to array
    attributes : dict
        JSON values.
    """
    model = training.model
    params = model.net.params
    arrays = OrderedDict(
        ("/".join(name.rsplit(".", 1)), param.get_value()) for name, param in params.items()
    )
    memory = [_value(one) for one in memory_of(training.functions.step, params.values())]
    for number, value in enumerate(memory):
        # Files hold floating numbers; a whole number of 32 bits is exact as one of 64.
        whole = value.dtype.kind != "f"
        arrays[f"{STATE}/{number:05d}"] = value.astype("float64") if whole else value
    keeper = training.keeper
    if keeper is not None and training.keeps_best:
        for number, value in enumerate(keeper.values):
            arrays[f"{KEPT}/{number:05d}"] = value
    history, judge = training.history, training.judge
    attributes = {
        "version": VERSION,
        "epochs": epochs,
        "batches": batches,
        "sums": None if running is None else [running.sums, running.count],
        "learning_rate": model.learning_rate,
        "stop": model.stop_training,
        "memory": [[value.dtype.str, list(value.shape)] for value in memory],
        "kept": keeper.epoch,
        "best": None if judge is None else judge.best,
        "history": {
            "epochs": history.epochs,
            "columns": history.history,
            "seconds": history.seconds,
            "best_epoch": history.best_epoch,
        },
        "callbacks": [[type(one).__name__, one.state()] for one in training.callbacks],
        "settings": training.settings,
    }
    return arrays, {KEY: packed(attributes)}


class Resumed:
    """A state that was taken, read and checked.

    Parameters
    ----------
    path : path
        For messages.
    stored : Weights

    Attributes
    ----------
    epochs, batches : int
        Where it was taken.

    Raises
    ------
    ValueError
        If the file holds no state of a run, or one of a newer version.
    """

    def __init__(self, path, stored):
        record = stored.attributes.get(KEY)
        if not isinstance(record, Mapping) or record.get("version") != VERSION:
            raise ValueError(f"{path} holds no state of a training run that this version can read")
        self._path, self._arrays = path, stored
        self._record = unpacked(record)
        self.epochs = int(self._record["epochs"])
        self.batches = int(self._record["batches"])

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise ValueError, naming what differs, unless the run was set up in the same way."""
        before, now = self._record["settings"], unpacked(packed(settings))
        names = dict.fromkeys([*before, *now])
        differing = [
            f"{name}: {_shown(before.get(name))} then, {_shown(now.get(name))} now"
            for name in names
            if before.get(name) != now.get(name)
        ]
        if differing:
            raise ValueError(
                f"the run in {self._path.parent} was set up otherwise, so that it cannot be "
                "resumed:\n  " + "\n  ".join(differing) + "\n"
                "Set it up as it was, or start a new run in another folder."
            )

    def restore(self, training) -> None:
        """Bring back everything but the position."""
        model, record, arrays = training.model, self._record, self._arrays
        params = model.net.params
        memory = memory_of(training.functions.step, params.values())
        wanted = [[_value(one).dtype.str, list(_value(one).shape)] for one in memory]
        missing = [name for name in params if "/".join(name.rsplit(".", 1)) not in arrays]
        if wanted != record["memory"] or missing:
            raise ValueError(
                f"{self._path} does not fit this model: its training step changes other variables"
            )
        for name, param in params.items():
            param.set_value(arrays["/".join(name.rsplit(".", 1))])
        for number, one in enumerate(memory):
            kind = _value(one).dtype
            one.storage[0] = np.array(arrays[f"{STATE}/{number:05d}"], dtype=kind, order="C")
        keeper = training.keeper
        if training.keeps_best:
            keeper.values = [arrays[f"{KEPT}/{n:05d}"] for n in range(len(keeper.params))]
            keeper.epoch = record["kept"]
        else:
            keeper.keep(record["kept"])
        if training.judge is not None:
            training.judge.best = record["best"]
        history = training.history
        history.epochs = list(record["history"]["epochs"])
        history.history = {name: list(c) for name, c in record["history"]["columns"].items()}
        history.seconds = list(record["history"]["seconds"])
        history.best_epoch = record["history"]["best_epoch"]
        model.stop_training = record["stop"]
        waiting = list(training.callbacks)
        for kind, state in record["callbacks"]:
            # By kind and order: callbacks that only watch may be others than before.
            found = next((one for one in waiting if type(one).__name__ == kind), None)
            if found is not None:
                waiting.remove(found)
                found.resume(state)
        self.restore_rate(model)

    def restore_rate(self, model) -> None:
        """The learning rate as it was, to the bit."""
        model.learning_rate = self._record["learning_rate"]

    def restore_sums(self, running) -> None:
        """The sums over the batches of the epoch that was under way."""
        if self._record["sums"] is not None:
            sums, running.count = self._record["sums"]
            running.sums = list(sums)


def _shown(value) -> str:
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + " ..."


def _value(container) -> np.ndarray:
    return np.asarray(container.storage[0])


def packed(value):
    """`value` as strict JSON: what is no finite number becomes ``{"float": "nan"}``."""
    if isinstance(value, Mapping):
        return {str(key): packed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [packed(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, np.integer):
        return int(value)
    return value


def unpacked(value):
    """What :func:`packed` was given; tuples have become lists."""
    if isinstance(value, Mapping):
        if set(value) == {"float"}:
            return float(value["float"])
        return {key: unpacked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unpacked(item) for item in value]
    return value
