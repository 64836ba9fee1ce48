"""An HTML page that needs nothing but itself: elements, style, pictures within."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Iterable, Sequence

import numpy as np

# Nothing is fetched and nothing runs: what a class or a file is called cannot change that.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light; --ink: #1d2430; --soft: #5b6675; --line: #dde2e8; --back: #f4f6f8; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 4px; }
p { margin: 0 0 12px; color: var(--soft); max-width: 75ch; overflow-wrap: anywhere; }
section { background: #fff; border: 1px solid var(--line); border-radius: 10px;
  padding: 18px; margin: 16px 0 0; }
.tiles { display: grid; gap: 10px; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; }
.tile b { display: block; font-size: 1.45rem; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
.charts { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); }
.charts img { width: 100%; max-width: 560px; height: auto; display: block; margin: 0 auto; }
.scroll { overflow-x: auto; }
.beside { display: flex; flex-wrap: wrap; gap: 20px 48px; align-items: flex-start; }
.beside > * { max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { font-weight: 600; color: var(--soft); }
th:first-child, td:first-child { text-align: left; }
table.facts td:last-child { white-space: normal; overflow-wrap: anywhere; text-align: left; }
table.matrix td { text-align: center; min-width: 2.6em; border: 1px solid #fff; }
table.matrix th.said { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left;
  padding: 8px 2px; border: 0; margin: 0 auto; }
table.matrix tbody th { text-align: right; border: 0; }
.cards { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); }
@media (max-width: 380px) { .cards { grid-template-columns: 1fr; } }
figure { margin: 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
figure .row { display: flex; gap: 2px; background: var(--line); }
figure .row div { flex: 1 1 0; min-width: 0; background: #fff; }
figure img { width: 100%; height: auto; display: block; }
figure .row span { display: block; font-size: .75rem; color: var(--soft); padding: 2px 6px;
  overflow-wrap: anywhere; }
figcaption { padding: 8px 10px; font-size: .88rem; overflow-wrap: anywhere; }
figcaption small { color: var(--soft); display: block; }
footer { color: var(--soft); font-size: .85rem; margin: 20px 4px 0; overflow-wrap: anywhere; }
"""


def page(title: str, parts: Iterable[str], footer: str) -> str:
    """The whole page from its title, what is in it (HTML), and a last line (text)."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + f"\n<footer>{text(footer)}</footer>\n</main>\n</body>\n</html>\n"
    )


def text(value: object) -> str:
    """`value` as text: nothing in it is markup, and bytes of file names that are none show."""
    clean = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return html.escape("".join(c if c.isprintable() else " " for c in clean))


def section(title: str, explanation: str, *parts: str) -> str:
    """A part of the page under a heading; `title` and `explanation` are text."""
    says = f"<p>{text(explanation)}</p>\n" if explanation else ""
    return f"<section>\n<h2>{text(title)}</h2>\n{says}" + "\n".join(parts) + "\n</section>"


def number(value: object) -> str:
    """A figure as people read it; a dash for what could not be measured."""
    if isinstance(value, (float, np.floating)):
        return "\N{EN DASH}" if math.isnan(value) else f"{value:.3f}"
    return text(f"{value:,}" if isinstance(value, (int, np.integer)) else value)


def tiles(figures: dict[str, object]) -> str:
    """Figures beside each other, with what they are called below."""
    made = (
        f"<div class='tile'><b>{number(v)}</b><span>{text(k)}</span></div>"
        for k, v in figures.items()
    )
    return f"<div class='tiles'>{''.join(made)}</div>"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; the first column is to the left, the others are figures."""
    head = "".join(f"<th>{text(heading)}</th>" for heading in headings)
    body = "".join(
        "<tr>" + "".join(f"<td>{number(cell)}</td>" for cell in row) + "</tr>\n" for row in rows
    )
    return (
        f"<div class='scroll'><table><thead><tr>{head}</tr></thead>"
        f"<tbody>\n{body}</tbody></table></div>"
    )


def facts(rows: Iterable[tuple[str, object]]) -> str:
    """Names beside what there is to say, which may be long."""
    body = "".join(
        f"<tr><td>{text(name)}</td><td>{number(value)}</td></tr>" for name, value in rows
    )
    return f"<div class='scroll'><table class='facts'><tbody>{body}</tbody></table></div>"


def matrix(counts: np.ndarray, names: Sequence[str]) -> str:
    """A confusion matrix; the shade is the share of the row."""
    head = "".join(f"<th class='said'>{text(name)}</th>" for name in names)
    rows = []
    for name, row in zip(names, counts):
        cells = "".join(_cell(count, count / max(row.sum(), 1)) for count in row)
        rows.append(f"<tr><th>{text(name)}</th>{cells}</tr>")
    return (
        f"<div class='scroll'><table class='matrix'><thead><tr><th>true \N{RIGHTWARDS ARROW} "
        f"said</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
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


def card(pictures: Sequence[tuple[str, str]], caption: str, detail: str) -> str:
    """Pictures (HTML, text below) in a row over a caption and a detail (text)."""
    row = "".join(f"<div>{image}<span>{text(below)}</span></div>" for image, below in pictures)
    return (
        f"<figure><div class='row'>{row}</div><figcaption>{text(caption)}"
        f"<small>{text(detail)}</small></figcaption></figure>"
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


def _cell(count, share) -> str:
    # from white to a blue on which white text can be read
    colour = tuple(round(255 + (end - 255) * share) for end in (0, 90, 156))
    ink = "#fff" if share > 0.5 else "#1d2430"
    shown = f"{count:,}" if count else ""
    return f"<td style='background:rgb{colour};color:{ink}'>{shown}</td>".replace(", ", ",")


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
