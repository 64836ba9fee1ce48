"""What the values of options may be; argparse turns each refusal into a usage error."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
from typing import Any


def positive_int(text: str) -> int:
    """A whole number from 1 on."""
    return _whole(text, least=1)


def count(text: str) -> int:
    """A whole number from 0 on."""
    return _whole(text, least=0)


def rate(text: str) -> float:
    """A finite number above 0."""
    value = _number(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def fraction(text: str) -> float:
    """A number above 0 and below 1."""
    value = _number(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"expected a fraction between 0 and 1, got {text!r}")
    return value


def output_file(text: str) -> str:
    """A path that can be written to: minutes of training should not end in a typing error."""
    folder = os.path.dirname(text) or "."
    if os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{text!r} is a folder; expected the name of a file")
    if not os.path.isdir(folder):
        raise argparse.ArgumentTypeError(f"the folder {folder!r} does not exist; create it first")
    if not os.access(folder, os.W_OK):
        raise argparse.ArgumentTypeError(f"the folder {folder!r} cannot be written to")
    return text


def cache(text: str) -> str:
    """Where features are kept: 'auto', 'memory', 'disk', 'none', or a file that can be made."""
    if text in ("auto", "memory", "disk", "none"):
        return text
    if not text.endswith((".h5", ".hdf5")):
        raise argparse.ArgumentTypeError(
            f"expected auto, memory, disk, none or the name of a file (.h5), got {text!r}"
        )
    return output_file(text)


def mebibytes(text: str) -> int:
    """A whole number of MiB from 1 on, as bytes."""
    return _whole(text, least=1) << 20


def device(text: str) -> str:
    """'cpu', 'jax', 'cuda' or one of several GPUs ('cuda1')."""
    from theano_transfer.backends import Settings

    if text != "jax":
        try:
            Settings(device=text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
    return text


def add_device(parser: argparse._ActionsContainer) -> None:
    """The option of every command that computes."""
    parser.add_argument(
        "--device", type=device, metavar="NAME",
        help="cpu, or through JAX: cuda, cuda1, jax (what it finds); see docs/jax.md",
    )  # fmt: skip


def use_device(options: argparse.Namespace) -> None:
    """Let the device compute that the options name, if any; before anything takes time.

    Raises
    ------
    RuntimeError
        If there is no such device. ``doctor`` reports that itself, and the workers of a cluster
        have devices of their own.
    """
    if options.device is None:
        return
    from theano_transfer import backends

    backends.use_device(options.device)
    elsewhere = options.command == "doctor" or getattr(options, "ray", None) is not None
    if backends.backend() == "jax" and not elsewhere:
        backends.require_devices()


def add_batch_size(parser: argparse._ActionsContainer) -> None:
    """For commands that predict: what they say does not depend on it, only memory and time."""
    parser.add_argument(
        "--batch-size", type=positive_int, default=32, metavar="N",
        help="pictures at a time (default: %(default)s)",
    )  # fmt: skip


def known_hash(text: str) -> str:
    """md5:HEX or sha256:HEX."""
    if not re.fullmatch(r"md5:[0-9a-fA-F]{32}|sha256:[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"expected md5:HEX or sha256:HEX, got {text!r}")
    return text


def arguments_option(parser: argparse.ArgumentParser, help: str) -> None:
    """``--with NAME=VALUE``, repeatable: pairs in ``arguments``."""
    parser.add_argument(
        "--with",
        dest="arguments",
        type=argument,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=help,
    )


def argument(text: str) -> tuple[str, Any]:
    """NAME=VALUE, where the value is a number, true, false or a word."""
    name, _, value = text.partition("=")
    try:
        found = json.loads(value.lower())
    except ValueError:
        found = value if value.isidentifier() else None
    if not name.isidentifier() or type(found) not in (bool, int, float, str):
        raise argparse.ArgumentTypeError(
            f"expected NAME=VALUE with a number, true, false or a word, got {text!r}"
        )
    return name, found


def _whole(text: str, *, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least} on, got {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from None
