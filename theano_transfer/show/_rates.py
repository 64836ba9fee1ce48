"""The curve of a search for a learning rate."""

from __future__ import annotations

from theano_transfer.show._figure import BLUE, GREY, ORANGE, figure


def learning_rates(found, path) -> None:
    """Draw the loss over the learning rate, with the suggestion marked.

    Parameters
    ----------
    found : LearningRates
        From ``Model.lr_find``.
    path : str or path
        Picture to write; its suffix (.png, .svg, .pdf) tells the format.
    """
    with figure(path, width=5.5, height=3.6) as drawing:
        axes = drawing.add_subplot()
        axes.plot(found.rates, found.losses, color=BLUE)
        for rate, label, colour in (
            (found.suggestion, "steepest", ORANGE),
            (found.minimum, "least / 10", GREY),
        ):
            axes.axvline(
                rate, color=colour, linewidth=1, linestyle=":", label=f"{label}: {rate:.1e}"
            )
        axes.set_xscale("log")
        axes.set_xlabel("learning rate")
        axes.set_ylabel("loss (smoothed)")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
