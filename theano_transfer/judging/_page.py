"""An HTML page that needs nothing but itself: elements, style, pictures within."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np

from theano_transfer.judging._style import STYLE

# Nothing is fetched and nothing runs: what a class or a file is called cannot change that.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
DEEP = 0.77


class Section(NamedTuple):
    """A part of the page: what its heading says, and all of it as HTML."""

    title: str
    whole: str


def page(title: str, lead: str, sections: Sequence[Section], footer: str) -> str:
    """The whole page from its title, a sentence below it, its parts, and a last line (text)."""
    links = "".join(f'<a href="#{_anchor(one.title)}">{text(one.title)}</a>' for one in sections)
    says = f"<p>{text(lead)}</p>\n" if lead else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<div class="page">\n<header>\n<h1>{text(title)}</h1>\n{says}'
        f'<nav aria-label="parts of this page">{links}</nav>\n</header>\n<main>\n'
        + "\n".join(one.whole for one in sections)
        + f"\n</main>\n<footer>{text(footer)}</footer>\n</div>\n</body>\n</html>\n"
    )


def text(value: object) -> str:
    """`value` as text: nothing in it is markup, and bytes of file names that are none show."""
    clean = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return html.escape("".join(c if c.isprintable() else " " for c in clean))


def section(title: str, explanation: str, *parts: str) -> Section:
    """A part of the page under a heading; `title` and `explanation` are text."""
    says = f"<p>{text(explanation)}</p>\n" if explanation else ""
    whole = (
        f'<section id="{_anchor(title)}">\n<h2>{text(title)}</h2>\n{says}'
        + "\n".join(parts)
        + "\n</section>"
    )
    return Section(title, whole)


def number(value: object) -> str:
    """A figure as people read it; a dash for what could not be measured."""
    if isinstance(value, (float, np.floating)):
        return "\N{EN DASH}" if math.isnan(value) else f"{value:.3f}"
    return text(f"{value:,}" if isinstance(value, (int, np.integer)) else value)


def tiles(figures: dict[str, object]) -> str:
    """Figures beside each other, with what they are called below; the first one stands out."""
    made = (
        f"<div class='{kind}'><b>{number(v)}</b><span>{text(k)}</span></div>"
        for kind, (k, v) in zip(chain(["tile first"], repeat("tile")), figures.items())
    )
    return f"<div class='tiles'>{''.join(made)}</div>"


def table(
    name: str, headings: Sequence[str], rows: Iterable[Sequence[object]], shares: bool = False
) -> str:
    """A table called `name`; the first column is to the left, the others are figures.

    With `shares`, fractions (from 0 to 1) have bars of their length behind them.
    """
    head = "".join(f'<th scope="col">{text(heading)}</th>' for heading in headings)
    body = "".join(
        f'<tr><th scope="row">{number(first)}</th>'
        + "".join(_figure(cell, shares) for cell in rest)
        + "</tr>\n"
        for first, *rest in rows
    )
    return _scrolling(name, f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>")


def facts(rows: Iterable[tuple[str, object]]) -> str:
    """Names beside what there is to say, which may be long."""
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th><td>{number(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table class='facts'><tbody>{body}</tbody></table>"


def matrix(counts: np.ndarray, names: Sequence[str]) -> str:
    """A confusion matrix; the shade is the share of the row."""
    head = "".join(
        f'<th scope="col" title="{text(name)}"><span>{text(name)}</span></th>' for name in names
    )
    rows = []
    for name, row in zip(names, counts):
        cells = "".join(_cell(count, count / max(row.sum(), 1)) for count in row)
        rows.append(f'<tr><th scope="row" title="{text(name)}">{text(name)}</th>{cells}</tr>')
    return _scrolling(
        "confusion matrix: rows are true classes, columns what was said",
        f"<table class='matrix'><thead><tr><th>true \N{RIGHTWARDS ARROW} said</th>{head}</tr>"
        f"</thead><tbody>{''.join(rows)}</tbody></table>",
    )


def charts(*images: str) -> str:
    """Charts beside each other where there is room."""
    return f"<div class='charts'>{''.join(images)}</div>"


def side_by_side(*parts: str) -> str:
    """Parts in a row where there is room, each as wide as it needs."""
    return f"<div class='beside'>{''.join(parts)}</div>"


def cards(figures: Iterable[str]) -> str:
    """Figures in a grid."""
    return f"<div class='cards'>{''.join(figures)}</div>"


def card(pictures: Sequence[tuple[str, str]], caption: str, detail: str, kind: str = "") -> str:
    """Pictures (HTML, text below) in a row over a caption and a detail (text).

    `kind` is 'right', 'wrong' or nothing, and tells the colour of the edge.
    """
    row = "".join(f"<div>{image}<span>{text(below)}</span></div>" for image, below in pictures)
    return (
        f"<figure class='{kind}'><div class='row'>{row}</div><figcaption>{text(caption)}"
        f"<small>{text(detail)}</small></figcaption></figure>"
    )


def scale(colours: Sequence[str], least: str, most: str) -> str:
    """What colours of maps mean, from the least to the most."""
    return (
        f"<div class='scale'>{text(least)}<i style='background:linear-gradient(to right,"
        f"{','.join(colours)})'></i>{text(most)}</div>"
    )


def picture(pixels: np.ndarray, description: str) -> str:
    """RGB pixels (3, rows, columns), 0..255, as an image within the page."""
    from PIL import Image

    file = io.BytesIO()
    whole = np.rint(np.asarray(pixels)).clip(0, 255).astype(np.uint8)
    Image.fromarray(np.ascontiguousarray(whole.transpose(1, 2, 0))).save(file, "JPEG", quality=85)
    rows, columns = whole.shape[1:]
    size = f'width="{columns}" height="{rows}"'
    return f'<img src="{_data("image/jpeg", file.getvalue())}" alt="{text(description)}" {size}>'


def drawing(svg: bytes, description: str) -> str:
    """A chart within the page."""
    return f'<img src="{_data("image/svg+xml", svg)}" alt="{text(description)}">'


def _scrolling(name: str, what: str) -> str:
    """What may be wider than a phone: it scrolls by itself, by keys too."""
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{text(name)}">{what}</div>'


def _figure(cell: object, shares: bool) -> str:
    if shares and isinstance(cell, float) and 0 <= cell <= 1:
        return f"<td class='bar' style='--share:{cell:.0%}'>{number(cell)}</td>"
    return f"<td>{number(cell)}</td>"


def _cell(count, share) -> str:
    # On a deep shade letters are white; from here on they can be read better than black ones.
    deep = " class='deep'" if share > DEEP else ""
    shown = f"{count:,}" if count else ""
    return f"<td{deep} style='background:rgb(var(--hue) / {share:.3f})'>{shown}</td>"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
