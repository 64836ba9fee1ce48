"""``theano-transfer models``: what is in the zoo."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from theano_transfer.cli._console import say, table

if TYPE_CHECKING:
    from theano_transfer.weights import WeightsFile

HELP = "list the networks, and where their ImageNet weights are"
EPILOG = """\
The pattern is a shell pattern; quote it.

examples:
  theano-transfer models
  theano-transfer models 'resnet*'
  theano-transfer models resnet50 --files
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pattern", nargs="?", default="*", metavar="PATTERN", help="which names (default: all)"
    )
    parser.add_argument(
        "--files",
        action="store_true",
        help="list all that is known of each file of weights: address, hash, licence...",
    )


def run(options: argparse.Namespace) -> int:
    from theano_transfer import zoo

    names = zoo.models(options.pattern)
    if not names:
        raise ValueError(
            f"no network is called {options.pattern!r}; there are {', '.join(zoo.models())}"
        )
    if options.files:
        for row in _known_files(names):
            say(f"{_described(row)}\n")
        return 0
    titles = ("name", "network", "input", "parameters", "preprocessing")
    rows = [(*titles, "top 1 / 5 %", "licence", "ImageNet weights")]
    for name in names:
        record = zoo.record(name)
        rows.append(
            (
                name,
                record.title,
                f"{record.input_size} x {record.input_size}",
                f"{record.num_parameters:,}",
                record.preprocessing,
                *_published(name),
                _weights(name),
            )
        )
    say(table(rows, right=(3,)))
    return 0


def _known_files(names: list[str]) -> list[WeightsFile]:
    from theano_transfer.weights import REGISTRY, WeightsUnavailableError

    rows = [row for row in REGISTRY if row.model in names]
    if not rows:
        raise WeightsUnavailableError(f"no weights are published for {', '.join(names)}")
    return rows


def _described(row: WeightsFile) -> str:
    """A file of the registry, one line for each thing that is known."""
    right = "not published"
    if row.accuracy is not None:
        names = ("top 1", "top 5")
        right = ", ".join(f"{k} {p:.1f} %" for k, p in zip(names, row.accuracy) if p is not None)
    built = ", ".join(f"{name}={value!r}" for name, value in row.arguments)
    facts = [
        ("network", row.model + (f" ({built})" if built else "")),
        ("classes", f"{row.classes:,}" if row.classes else "none: without the top"),
        ("image size", f"{row.image_size} x {row.image_size}" if row.image_size else ""),
        ("preprocessing", row.preprocessing),
        ("accuracy", right),
        ("licence", row.licence),
        ("source", row.source),
        ("address", row.url if row.base_url else "ships with the project"),
        *(("mirror", mirror + row.file) for mirror in row.mirrors),
        ("bytes", f"{row.size:,}" if row.size else "not published"),
        ("hash", row.shown_hash),
        *(("older file", f"{known}: {what}") for known, what in row.older),
    ]
    return "\n".join([row.file, *(f"    {title:13}  {fact}" for title, fact in facts if fact)])


def _rows(name: str) -> list[WeightsFile]:
    """The published files of a network as it is by default: without top, with it."""
    from theano_transfer import zoo
    from theano_transfer.weights import REGISTRY

    size = zoo.record(name).input_size
    rows = [row for row in REGISTRY if row.model == name and not row.arguments]
    rows = [row for row in rows if row.image_size in (None, size)]
    return sorted(rows, key=lambda row: row.include_top)


def _published(name: str) -> tuple[str, str]:
    """How often the published weights are right, and under what terms they are."""
    rows = _rows(name)
    if not rows:
        return "", ""
    right = rows[0].accuracy or ()
    return " / ".join("-" if part is None else f"{part:.1f}" for part in right), rows[0].licence


def _weights(name: str) -> str:
    """Where the ImageNet weights are, with top and without, in a few words."""
    states = [(_state(row), row) for row in _rows(name)]
    if not states:
        return "none published"
    if len(states) == 1 or states[0][0] == states[1][0] != "download":
        return states[0][0]
    return ", ".join(
        (state + (f" {row.size / 1e6:.0f} MB" if row.size and state == "download" else ""))
        + (" (with top)" if row.include_top else " (without top)")
        for state, row in states
    )


def _state(row: WeightsFile) -> str:
    from theano_transfer.weights import cached_file

    if not row.base_url:
        return "shipped"
    return "cached" if cached_file(row).is_file() else "download"
