"""What a run measures, written down while it runs."""

from __future__ import annotations

import csv
import json
import math
import uuid
from pathlib import Path

from theano_transfer._files import atomic_write
from theano_transfer.tuning._callbacks import Callback
from theano_transfer.tuning._history import History

VALIDATION = "val_"
SUFFIXES = (".csv", ".jsonl")
BESIDE = ("epoch", "seconds", "learning_rate")  # in a line, and no column of the history


class Log(Callback):
    """The history as a file, whole after every epoch.

    Written anew each time, so that a resumed run has neither gaps nor doubled lines. Epochs of
    earlier calls of ``fit``, which another goes on from (`initial_epoch`, ``fine_tune``), stay in
    it.

    Parameters
    ----------
    path : str or path
        Ends in ``.csv`` (a table: epoch, seconds, columns), or in ``.jsonl`` (an object in each
        line: the same, and ``learning_rate`` at the end of the epoch; null for what is no number).
    """

    changes_training = False

    def __init__(self, path):
        self.path = Path(path)
        if self.path.suffix not in SUFFIXES:
            raise ValueError(f"a log ends in {' or '.join(SUFFIXES)}; got {str(path)!r}")
        self._lines: list[dict] = []

    def on_epoch_end(self, epoch, numbers):
        if not self._lines and epoch > 1 and self.path.exists():
            self._lines = self._written()
        seconds, rate = self.model.history.seconds[-1], self.model.learning_rate
        self._lines = [line for line in self._lines if line["epoch"] < epoch]
        self._lines.append({"epoch": epoch, "seconds": seconds, "learning_rate": rate, **numbers})
        if self.path.suffix == ".csv":
            self._history().write_csv(self.path)
            return
        with atomic_write(self.path) as temporary:
            lines = (json.dumps({k: _or_none(v) for k, v in line.items()}) for line in self._lines)
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _history(self) -> History:
        history = History()
        for line in self._lines:
            numbers = {name: value for name, value in line.items() if name not in BESIDE}
            history.append(line["epoch"], numbers, line["seconds"])
        return history

    def _written(self) -> list[dict]:
        """What the file holds of a run that this one goes on with."""
        text = self.path.read_text(encoding="utf-8")
        if self.path.suffix == ".jsonl":
            lines = [json.loads(line) for line in text.splitlines()]
            return [{k: math.nan if v is None else v for k, v in line.items()} for line in lines]
        rows = csv.DictReader(text.splitlines())
        return [
            {**{k: float(v) for k, v in row.items()}, "epoch": int(row["epoch"])} for row in rows
        ]

    def state(self):
        return self._lines

    def resume(self, state):
        self._lines = list(state)


def _or_none(value):
    return value if math.isfinite(value) else None


class TensorBoard(Callback):
    """Losses, metrics and the learning rate as TensorBoard's event files, through tensorboardX.

    Parameters
    ----------
    folder : str or path
        ``tensorboard --logdir FOLDER`` shows it.

    Raises
    ------
    ImportError
        tensorboardX is not installed.
    """

    changes_training = False

    def __init__(self, folder):
        try:
            import tensorboardX  # noqa: F401
        except ImportError as error:
            raise ImportError(
                "TensorBoard's event files are written by tensorboardX, which is not installed: "
                "pip install 'theano-transfer[tensorboard]'"
            ) from error
        self.folder = Path(folder)
        self._writer = None

    def on_epoch_end(self, epoch, numbers):
        from tensorboardX import SummaryWriter

        if self._writer is None:
            # What a run that was killed wrote after its last checkpoint is overlaid.
            # Files are named by the second: another run of the same one must not replace it.
            self._writer = SummaryWriter(
                str(self.folder), purge_step=epoch, filename_suffix=f".{uuid.uuid4().hex}"
            )
        for name, number in {**numbers, "learning_rate": self.model.learning_rate}.items():
            validation = name.startswith(VALIDATION)
            column = name[len(VALIDATION) :] if validation else name
            part = "validation" if validation else "training"
            self._writer.add_scalar(f"{column}/{part}", number, epoch)
        self._writer.flush()

    def on_train_end(self, history):
        if self._writer is not None:
            self._writer.close()
            self._writer = None
