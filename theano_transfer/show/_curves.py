"""Curves of a training run."""

from __future__ import annotations

import math

from theano_transfer.show._figure import BLUE, GREY, ORANGE, figure

VALIDATION = "val_"


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


def _panel(axes, name, epochs, columns, best):
    # A single epoch makes no line, only a mark.
    marker = "o" if len(epochs) <= 20 else None
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
    axes.set_title(name.replace("_", " "))
    axes.set_xlabel("epoch")
    axes.grid(alpha=0.25)
    axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    # The whole range, or a difference of a hundredth fills the panel.
    if "accuracy" in name:
        axes.set_ylim(-0.02, 1.02)
    elif all(v >= 0 for column, *_ in lines for v in columns.get(column, ()) if v == v):
        axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
