"""Curves of a training run."""

from __future__ import annotations

import math

from theano_transfer.show._figure import BLUE, GREY, ORANGE, colours, figure

VALIDATION = "val_"
MARKED = 20  # up to so many epochs, each has a mark


def curves(history, path) -> None:
    """Draw losses and metrics over the epochs, training beside validation.

    Parameters
    ----------
    history : History, or mapping of str to list of float
        As ``fit`` returns it: one panel for each column, with the column of the same name and
        ``val_`` in front in the same panel. The best epoch is marked.
    path : str or path
        Picture to write; its suffix (.png, .svg, .pdf) tells the format.

    Raises
    ------
    ValueError
        If no epoch was finished.
    """
    columns = dict(getattr(history, "history", history))
    count = max((len(column) for column in columns.values()), default=0)
    if count == 0:
        raise ValueError("there is nothing to draw: no epoch was finished")
    epochs = list(getattr(history, "epochs", range(1, count + 1)))
    best = getattr(history, "best_epoch", None)
    names = list(dict.fromkeys(name.removeprefix(VALIDATION) for name in columns))
    across = 2 if len(names) == 4 else min(len(names), 3)
    down = math.ceil(len(names) / across)
    with figure(path, width=max(4.8 * across, 5.5), height=3.6 * down) as drawing:
        for place, name in enumerate(names, start=1):
            axes = drawing.add_subplot(down, across, place)
            _panel(axes, name, epochs, columns, best)


def compared_curves(histories, column, path) -> None:
    """Draw one column of several runs over the epochs.

    Parameters
    ----------
    histories : mapping of str to History
        Runs by name; those without the column are left out.
    column : str
        Such as ``'val_accuracy'``.
    path : str or path
        Picture to write; its suffix (.png, .svg, .pdf) tells the format.

    Raises
    ------
    ValueError
        If no run has such a column.
    """
    chosen = {name: history for name, history in histories.items() if column in history}
    if not chosen:
        known = sorted({name for history in histories.values() for name in history.history})
        raise ValueError(f"no run measured {column!r}; there is {', '.join(known) or 'nothing'}")
    with figure(path, width=5.5, height=3.6) as drawing:
        axes = drawing.add_subplot()
        for (name, history), colour in zip(chosen.items(), colours(len(chosen))):
            marker = "o" if len(history) <= MARKED else None
            axes.plot(
                history.epochs, history[column], color=colour, label=name, marker=marker,
                markersize=3.5,
            )  # fmt: skip
        epochs = [epoch for history in chosen.values() for epoch in history.epochs]
        _frame(axes, column, min(epochs), max(epochs))
        _range(axes, column, [v for history in chosen.values() for v in history[column]])
        axes.legend(frameon=False, fontsize=8)


def _panel(axes, name, epochs, columns, best):
    # A single epoch makes no line, only a mark.
    marker = "o" if len(epochs) <= MARKED else None
    lines = ((name, "training", BLUE, "-"), (VALIDATION + name, "validation", ORANGE, "--"))
    for column, label, colour, style in lines:
        if column in columns:
            axes.plot(
                epochs,
                columns[column],
                style,
                color=colour,
                label=label,
                marker=marker,
                markersize=3.5,
            )
    if best is not None:
        axes.axvline(best, color=GREY, linewidth=0.8, linestyle=":", label=f"best epoch ({best})")
    _frame(axes, name, epochs[0], epochs[-1])
    _range(axes, name, [v for column, *_ in lines for v in columns.get(column, ())])
    axes.legend(frameon=False)


def _frame(axes, name, first, last):
    axes.set_title(name.replace("_", " "))
    axes.set_xlabel("epoch")
    axes.grid(alpha=0.25)
    axes.set_xlim(first - 0.5, last + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.spines[["top", "right"]].set_visible(False)


def _range(axes, name, values):
    # The whole range, or a difference of a hundredth fills the panel.
    if "accuracy" in name:
        axes.set_ylim(-0.02, 1.02)
    elif all(v >= 0 for v in values if v == v):
        axes.set_ylim(bottom=0)
