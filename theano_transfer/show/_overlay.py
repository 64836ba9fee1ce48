"""Maps laid over pictures, and pictures in rows."""

from __future__ import annotations

import math

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.show._figure import GREY, figure

STRENGTH = 0.55
CELL, LINE = 1.5, 0.17  # inches: of a picture with its margins, of a line of a title


@checks_options
def overlay(picture, heat, *, strength: float = STRENGTH, largest: float | None = None):
    """A picture with a map of numbers laid over it.

    Parameters
    ----------
    picture : array (3, rows, columns)
        RGB values 0..255.
    heat : array (rows, columns)
        From ``tt.explain.grad_cam``, say. Numbers up to 0 leave the picture as it is; the larger
        they are, the more of the colour (from blue over green to red) there is.
    strength : float
        Share of the colour where `heat` is largest; 0 to 1.
    largest : float, optional
        What counts as largest, so that maps can be compared; the map's own maximum, if None.

    Returns
    -------
    uint8 array (3, rows, columns)
    """
    picture, heat = np.asarray(picture, float), np.asarray(heat, float)
    if picture.ndim != 3 or picture.shape[0] != 3 or picture.shape[1:] != heat.shape:
        raise ValueError(
            f"a picture (3, rows, columns) and a map of its size are needed; got {picture.shape} "
            f"and {heat.shape}"
        )
    top = heat.max() if largest is None else largest
    share = np.clip(heat / top, 0, 1) if top > 0 else np.zeros_like(heat)
    colour = _heat(share).transpose(2, 0, 1) * 255
    weight = strength * np.sqrt(share)
    return np.rint((1 - weight) * picture + weight * colour).clip(0, 255).astype(np.uint8)


def heat_colours(count: int = 9) -> list[str]:
    """Colours of :func:`overlay` from the least to the most, as '#rrggbb', for a legend."""
    from matplotlib.colors import to_hex

    return [to_hex(colour) for colour in _heat(np.linspace(0, 1, count))]


def signed(values, *, largest: float | None = None):
    """A map of numbers as a picture: red above 0, blue below, white at 0.

    Parameters
    ----------
    values : array (rows, columns), or (3, rows, columns), of which the channels are summed
        From ``tt.explain.gradients`` or ``integrated_gradients``, say.
    largest : float, optional
        What gets the full colour; the 99th percentile of the absolute numbers, if None.

    Returns
    -------
    uint8 array (3, rows, columns)
    """
    import matplotlib

    values = np.asarray(values, float)
    flat = values.sum(axis=0) if values.ndim == 3 else values
    top = np.percentile(np.abs(flat), 99) if largest is None else largest
    place = 0.5 + 0.5 * np.clip(flat / top, -1, 1) if top > 0 else np.full(flat.shape, 0.5)
    colours = matplotlib.colormaps["seismic"](place)[..., :3].transpose(2, 0, 1)
    return np.rint(colours * 255).astype(np.uint8)


@checks_options
def picture_grid(pictures, path, *, titles=None, columns: int | None = None) -> None:
    """Draw pictures in rows.

    Parameters
    ----------
    pictures : sequence of arrays
        (3, rows, columns) RGB values 0..255, or (rows, columns) maps, each of which is drawn from
        its least number (dark) to its largest.
    path : str or path
        Picture to write; its suffix (.png, .svg, .pdf) tells the format.
    titles : sequence of str, optional
        One for each.
    columns : int, optional
        Pictures in a row; about as many as there are rows, if None.
    """
    pictures = [np.asarray(picture) for picture in pictures]
    if not pictures:
        raise ValueError("there is nothing to draw: no pictures")
    titles = [""] * len(pictures) if titles is None else list(titles)
    if len(titles) != len(pictures):
        raise ValueError(f"there are {len(pictures)} pictures and {len(titles)} titles")
    across = math.ceil(math.sqrt(len(pictures))) if columns is None else columns
    down = math.ceil(len(pictures) / across)
    by_row = [titles[first : first + across] for first in range(0, len(titles), across)]
    heights = [CELL + LINE * max(map(_lines, row)) for row in by_row]
    with figure(path, width=CELL * across + 0.2, height=sum(heights) + 0.25) as drawing:
        cells = drawing.add_gridspec(down, across, height_ratios=heights)
        for place, (picture, title) in enumerate(zip(pictures, titles)):
            axes = drawing.add_subplot(cells[place // across, place % across])
            if picture.ndim == 3:
                axes.imshow(picture.transpose(1, 2, 0).clip(0, 255).astype(np.uint8))
            else:
                axes.imshow(picture, cmap="viridis")
            axes.set_title(title, fontsize=8, color=GREY)
            axes.axis("off")


def filter_pictures(filters) -> list[np.ndarray]:
    """Filters of a first convolution as pictures, each from its own least to its largest number.

    Parameters
    ----------
    filters : array (n, 3, rows, columns), or (n, 1, rows, columns)
        From ``tt.explain.filters``.

    Returns
    -------
    list of uint8 arrays (3, rows, columns)
    """
    filters = np.asarray(filters, float)
    if filters.ndim != 4 or filters.shape[1] not in (1, 3):
        raise ValueError(f"filters of 3 channels (or 1) can be shown; got shape {filters.shape}")
    low, high = (f(axis=(1, 2, 3), keepdims=True) for f in (filters.min, filters.max))
    scaled = (filters - low) / np.where(high > low, high - low, 1) * 255
    return list(
        np.rint(np.broadcast_to(scaled, (len(filters), 3, *filters.shape[2:]))).astype("u1")
    )


def _heat(share: np.ndarray) -> np.ndarray:
    """Colours (..., 3) from 0 to 1: blue, green, red; without the ends, which are nearly black."""
    import matplotlib

    return matplotlib.colormaps["turbo"](0.1 + 0.82 * share)[..., :3]


def _lines(title) -> int:
    return title.count("\n") + 1 if title else 0
