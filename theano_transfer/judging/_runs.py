"""What a training run left on disk: its model and its history."""

from __future__ import annotations

import csv
import json
import math
import os
from pathlib import Path

from theano_transfer.tuning._history import History

MODELS = ("model.h5", "best.h5")
HISTORIES = ("history.csv", "log.csv")
RECORD = "run.json"
MOST_BYTES = 1 << 20  # of a record
MOST_EPOCHS = 1_000_000


def read_history(path) -> History:
    """The history that ``History.write_csv`` wrote.

    Parameters
    ----------
    path : str or path

    Raises
    ------
    ValueError
        If the file is no such table; it says where.
    """
    history = History()
    shown = os.fspath(path)
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        rows = csv.reader(file)
        try:
            names = next(rows, [])
            if "epoch" not in names or len(set(names)) < len(names):
                raise ValueError("its first line names no column 'epoch', or one column twice")
            for line, row in enumerate(rows, start=2):
                if len(row) != len(names) or line > MOST_EPOCHS:
                    raise ValueError(f"line {line} has {len(row)} entries of {len(names)}")
                values = dict(zip(names, (_number(entry, line) for entry in row)))
                epoch, seconds = values.pop("epoch"), values.pop("seconds", math.nan)
                if not epoch.is_integer():
                    raise ValueError(f"line {line} is of epoch {epoch}")
                history.append(int(epoch), values, seconds)
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{shown!r} is no table of epochs: {error}") from None
    return history


def find_run(path) -> tuple[Path, Path | None]:
    """The model and the history that `path`, a run's folder or a model's file, stands for.

    Beside ``cats.h5``, the history is ``cats_history.csv``; in a folder, ``history.csv`` or
    ``log.csv``, and the model ``model.h5`` or ``best.h5``.

    Raises
    ------
    FileNotFoundError
        If there is no model.
    """
    path = Path(path)
    if not path.is_dir():
        beside = path.with_name(f"{path.stem}_history.csv")
        return path, beside if beside.is_file() else None
    model = next((path / name for name in MODELS if (path / name).is_file()), None)
    if model is None:
        raise FileNotFoundError(
            f"the folder {os.fspath(path)!r} holds no model: expected {' or '.join(MODELS)} in it, "
            "or the path of a model"
        )
    return model, next((path / name for name in HISTORIES if (path / name).is_file()), None)


def read_record(folder) -> dict[str, str]:
    """What ``run.json`` in a run's folder says of the run, for people; nothing where it is not.

    Raises
    ------
    ValueError
        If it is there and makes no sense.
    """

    def said(record):
        found = {"command": str(record["command"]), "seed": str(record.get("seed"))}
        found.update((str(name), str(value)) for name, value in record["versions"].items())
        return found

    return _read(folder, said)


def read_settings(folder) -> dict[str, str]:
    """The options in ``run.json`` of a run's folder; nothing where it is not.

    Raises
    ------
    ValueError
        If it is there and makes no sense.
    """
    return _read(folder, lambda record: {k: str(v) for k, v in record["options"].items()})


def _read(folder, take) -> dict[str, str]:
    """What `take` takes from the record of a run."""
    path = Path(folder) / RECORD
    if not path.is_file():
        return {}
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError("it is too long")
        return take(json.loads(content.decode("utf-8")))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{os.fspath(path)!r} is no record of a run: {error!r}") from None


def _number(entry: str, line: int) -> float:
    if not entry:
        return math.nan
    try:
        return float(entry)
    except ValueError:
        raise ValueError(f"line {line} holds {entry!r}, which is no number") from None
