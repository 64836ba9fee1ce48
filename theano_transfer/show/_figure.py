"""Figures without a display and without matplotlib's global state."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from theano_transfer._files import atomic_write

# Colours that people with colour blindness tell apart: Okabe and Ito,
# https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"
MANY = 10  # so many lines can be told apart by colour and have names


def colours(count: int):
    """So many colours (red, green, blue, opacity; 0 to 1) that differ as far as they can."""
    import matplotlib
    import numpy as np

    if count <= MANY:
        return matplotlib.colormaps["tab10"](np.arange(count))
    return matplotlib.colormaps["turbo"](np.linspace(0, 1, count))


@contextlib.contextmanager
def figure(path, *, width: float, height: float):
    """Give an empty figure; at the end of the block, write it to `path` whole or not at all.

    Parameters
    ----------
    path : str or path
        The suffix tells the format: .png, .svg, .pdf and what else matplotlib can write.
    width, height : float
        Inches, at 150 dots each where the format has dots.

    Raises
    ------
    ValueError
        If there is no such format; nothing is drawn then.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)
    drawing = Figure(figsize=(width, height), layout=layout)
    canvas = FigureCanvasAgg(drawing)
    suffix = Path(os.fspath(path)).suffix.lower().lstrip(".")
    known = canvas.get_supported_filetypes()
    if suffix not in known:
        raise ValueError(
            f"the suffix of {os.fspath(path)!r} names no picture format; "
            f"use one of .{', .'.join(sorted(known))}"
        )
    yield drawing
    with atomic_write(path) as temporary:
        drawing.savefig(temporary, format=suffix, dpi=150)
