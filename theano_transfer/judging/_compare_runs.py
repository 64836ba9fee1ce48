"""Training runs beside each other: which settings differ, and what came of them."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Mapping
from pathlib import Path

from theano_transfer import show
from theano_transfer._files import atomic_write
from theano_transfer._suggest import checks_options
from theano_transfer._version import __version__
from theano_transfer.judging._charts import VALIDATION, chart
from theano_transfer.judging._compare import compare
from theano_transfer.judging._judgement import SINGLE, judge
from theano_transfer.judging._page import charts, page, section, table
from theano_transfer.judging._runs import find_run, read_history, read_settings
from theano_transfer.judging._sections import CALLED
from theano_transfer.tuning import Model

NOT_SETTINGS = ("output",)  # where a run was written says nothing about it


def compare_runs(runs) -> list[dict]:
    """What differs between training runs, and how far each came.

    Parameters
    ----------
    runs : sequence of paths, or mapping of str to path
        Folders of runs (``theano-transfer finetune --run FOLDER``), or models with the table of
        their training beside them. The keys of a mapping are their names.

    Returns
    -------
    list of dict
        A row for each: 'run'; each setting that is not the same in all of them (of folders,
        which keep them); 'epochs', 'seconds' (all of them), 'best_epoch' (of the least validation
        loss, or training loss) and all that was measured in that epoch.

    Raises
    ------
    FileNotFoundError, ValueError
        If a run left no table of its training.
    """
    named = _named(runs)
    settings = {name: read_settings(path) for name, path in named.items()}
    every = dict.fromkeys(key for of_run in settings.values() for key in of_run)
    differing = [
        key
        for key in every
        if key not in NOT_SETTINGS and len({s.get(key) for s in settings.values()}) > 1
    ]
    rows = []
    for name, history in _histories(named).items():
        best = _best(history)
        chosen = {key: settings[name].get(key, "") for key in differing}
        rows.append(
            {
                "run": name,
                **chosen,
                "epochs": len(history),
                "seconds": sum(s for s in history.seconds if not math.isnan(s)),
                "best_epoch": history.epochs[best],
                **{column: values[best] for column, values in history.history.items()},
            }
        )
    return rows


@checks_options
def report_runs(runs, path, data=None, y=None, *, title=None, batch_size=32) -> list[dict]:
    """Write a page (HTML) that shows training runs beside each other.

    Parameters
    ----------
    runs : as for :func:`compare_runs`
    path : str or path
        File to write; whole or not at all.
    data, y : as for ``Model.evaluate``, optional
        Pictures with labels, best some that no run was trained with: then the models are judged
        by them, and set against the first one.
    title : str, optional
    batch_size : int

    Returns
    -------
    list of dict
        As :func:`compare_runs` gives.
    """
    named = _named(runs)
    rows = compare_runs(named)
    histories = _histories(named)
    measured = dict.fromkeys(column for history in histories.values() for column in history.history)
    drawn = (
        chart(
            functools.partial(show.compared_curves, histories, column),
            f"{column} of each run by epoch",
        )
        for column in measured
    )
    parts = [
        section(
            "Runs",
            "What differs between them, and what was measured in the best epoch of each: the one "
            "of the least validation loss, or of the least training loss where there is no other.",
            _as_table("runs", rows),
        ),
        section("Training", "A line for each run.", charts(*drawn)),
    ]
    if data is not None:
        parts.append(_judged(named, data, y, batch_size))
    heading = title or f"{len(named)} runs compared"
    whole = page(heading, "", parts, f"theano_transfer {__version__}")
    with atomic_write(path) as temporary:
        temporary.write_text(whole, encoding="utf-8")
    return rows


def _judged(named, data, y, batch_size):
    """Models one after the other: only one is in memory."""
    judgements = {
        name: judge(Model.load(find_run(path)[0]), data, y, batch_size=batch_size)
        for name, path in named.items()
    }
    rows = compare(judgements)
    first = next(iter(named))
    explanation = f"All of them judged by {len(data) if y is None else len(y)} pictures."
    if next(iter(judgements.values())).task in SINGLE:
        explanation += (
            f" Only it, only first: pictures that a model has right and {first} has not, and the "
            "other way round. The p value is the probability that two equally good models differ "
            "so much or more (McNemar's test)."
        )
    return section("On the same pictures", explanation, _as_table("models", rows))


def _as_table(name: str, rows: list[dict]) -> str:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    headings = [CALLED.get(key, key.replace("_", " ")) for key in keys]
    return table(name, headings, [[row.get(key, math.nan) for key in keys] for row in rows])


def _named(runs) -> dict[str, Path]:
    """Runs by name; for paths alone, by the last part that tells them apart."""
    if isinstance(runs, Mapping):
        found = {str(name): Path(path) for name, path in runs.items()}
    else:
        paths = [Path(path) for path in runs]
        short = [path.name for path in paths]
        names = short if len(set(short)) == len(paths) else [os.fspath(path) for path in paths]
        found = dict(zip(names, paths))
        if len(found) < len(paths):
            raise ValueError("a run was given twice")
    if not found:
        raise ValueError("there are no runs to compare")
    return found


def _histories(named) -> dict:
    found = {}
    for name, path in named.items():
        table_of_run = find_run(path)[1]
        if table_of_run is None:
            raise ValueError(f"no table of its training lies beside {os.fspath(path)!r}")
        found[name] = read_history(table_of_run)
        if not len(found[name]):
            raise ValueError(f"{os.fspath(path)!r} finished no epoch")
    return found


def _best(history) -> int:
    """Index of the epoch of the least loss; NaN is larger than any number."""
    column = next((c for c in (VALIDATION + "loss", "loss") if c in history), None)
    if column is None:
        return len(history) - 1
    losses = [math.inf if math.isnan(loss) else loss for loss in history[column]]
    return losses.index(min(losses))
