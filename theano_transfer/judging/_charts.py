"""Charts of ``tt.show`` as images within a page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from theano_transfer import show
from theano_transfer.judging._page import drawing

VALIDATION = "val_"


def chart(draw: Callable[[Path], object], description: str) -> str:
    """What `draw` writes to a path, as an image."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "chart.svg")
        draw(path)
        return drawing(path.read_bytes(), description)


def curves(history) -> list[str]:
    """One chart for each thing that was measured: a phone has no room for two side by side."""
    columns: Mapping = getattr(history, "history", history)
    names = dict.fromkeys(name.removeprefix(VALIDATION) for name in columns)
    return [chart(partial(_curve, history, columns, name), f"{name} by epoch") for name in names]


def _curve(history, columns, name, path) -> None:
    wanted = [column for column in (name, VALIDATION + name) if column in columns]
    show.curves(_Part(history, {column: columns[column] for column in wanted}), path)


class _Part:
    """Some columns of a history."""

    def __init__(self, history, columns):
        self.history = columns
        longest = max(len(column) for column in columns.values())
        self.epochs = list(getattr(history, "epochs", range(1, longest + 1)))
        self.best_epoch = getattr(history, "best_epoch", None)
