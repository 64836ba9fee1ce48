"""``theano-transfer inspect``: what a weight file or saved model holds, and whether it is whole."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from theano_transfer.cli._console import name, say, table

HELP = "show what is in a weight file or a saved model, and check it"
EPILOG = """\
Every array is read: checksums are compared, and values that are not finite are counted.
The exit status is 1 if the file is damaged.

examples:
  theano-transfer inspect model.h5
  theano-transfer inspect model.h5 --brief
"""
MOST_CHARACTERS = 100


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="weight file, ours or Keras's, or saved model")
    parser.add_argument("--brief", action="store_true", help="leave out the table of arrays")


def run(options: argparse.Namespace) -> int:
    from theano_transfer.weights._formats import open_source

    with open_source(options.file) as source:
        size = os.path.getsize(options.file)
        say(f"{name(options.file)}: {_kind(source)}, {size:,} bytes")
        if source.attributes:
            say("\nattributes")
            for key, value in source.attributes.items():
                say(f"  {name(key)}: {brief(value)}")
        if not options.brief:
            say(f"\n{_arrays(source.arrays)}")
        say("\nchecks")
        lines, sound = check(source)
        for line in lines:
            say(f"  {line}")
    return 0 if sound else 1


def _kind(source) -> str:
    tuned = source.attributes.get("tuned")
    if isinstance(tuned, Mapping):
        return f"{source.kind}, a saved model ({name(str(tuned.get('base')))} with a new head)"
    return source.kind


def brief(value: Any) -> str:
    """A JSON value on one line; long ones are cut, lists say how long they are."""
    if isinstance(value, list) and len(value) > 6:
        return f"{len(value)} items: {brief(value[:3])[1:-1]}, ..."
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name(str(k))}: {brief(v)}" for k, v in value.items()) + "}"
    text = name(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "..."


def _arrays(arrays) -> str:
    rows = [("array", "shape", "type", "numbers")]
    for key, array in arrays.items():
        shape = " x ".join(map(str, array.shape)) or "scalar"
        rows.append((key, shape, str(array.dtype), f"{_numbers(array):,}"))
    return table(rows, right=(3,))


def _numbers(array) -> int:
    return int(np.prod(array.shape, dtype=np.int64))


def check(source) -> tuple[list[str], bool]:
    """What reading every array showed, in lines, and whether all was well.

    Damage that makes an array unreadable raises WeightsFileError, which names the array.
    """
    layers = {key.rpartition(".")[0] for key in source.arrays}
    total = sum(_numbers(array) for array in source.arrays.values())
    unsound = []
    for key, array in source.arrays.items():
        values = array.read()
        bad = values.size - int(np.isfinite(values).sum())
        if bad:
            unsound.append(f"{name(key)}: {bad:,} of {values.size:,} values are NaN or infinite")
    hashed = bool(source.arrays) and all(
        array.text("sha256") is not None for array in source.arrays.values()
    )
    return [
        f"{len(layers)} layers, {len(source.arrays)} arrays, {total:,} numbers: all were read",
        "every array has the SHA-256 that the file says"
        if hashed
        else "files of this kind carry no checksums",
        *(unsound or ["all values are finite"]),
    ], not unsound
