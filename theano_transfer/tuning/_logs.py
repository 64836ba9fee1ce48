"""What a run measures, written down while it runs."""

from __future__ import annotations

import json
import math
import uuid
from pathlib import Path

from theano_transfer._files import atomic_write
from theano_transfer.tuning._callbacks import Callback

VALIDATION = "val_"
SUFFIXES = (".csv", ".jsonl")


class Log(Callback):
    """The history as a file, whole after every epoch.

    Written anew each time, so that a resumed run has neither gaps nor doubled lines.

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
        self._rates: list[float] = []

    def on_train_begin(self):
        self._rates = []

    def on_epoch_end(self, epoch, numbers):
        self._rates.append(self.model.learning_rate)
        history = self.model.history
        if self.path.suffix == ".csv":
            history.write_csv(self.path)
            return
        lines = []
        for number, seconds, row, rate in zip(
            history.epochs, history.seconds, history.rows(), self._rates
        ):
            values = {"seconds": seconds, "learning_rate": rate, **row}
            finite = {name: v if math.isfinite(v) else None for name, v in values.items()}
            lines.append(json.dumps({"epoch": number, **finite}))
        with atomic_write(self.path) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def state(self):
        return self._rates

    def resume(self, state):
        self._rates = list(state)


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
        self._done = 0

    def on_train_begin(self):
        self._done = 0

    def on_epoch_end(self, epoch, numbers):
        from tensorboardX import SummaryWriter

        if self._writer is None:
            # What a run that was killed wrote after its last checkpoint is overlaid.
            # Files are named by the second: another run of the same one must not replace it.
            self._writer = SummaryWriter(
                str(self.folder), purge_step=self._done + 1, filename_suffix=f".{uuid.uuid4().hex}"
            )
        for name, number in {**numbers, "learning_rate": self.model.learning_rate}.items():
            validation = name.startswith(VALIDATION)
            column = name[len(VALIDATION) :] if validation else name
            part = "validation" if validation else "training"
            self._writer.add_scalar(f"{column}/{part}", number, epoch)
        self._writer.flush()
        self._done = epoch

    def on_train_end(self, history):
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def state(self):
        return self._done

    def resume(self, state):
        self._done = state
