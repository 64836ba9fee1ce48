"""The folder of a run: what was typed, with what, on which data; and the way back into it."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from theano_transfer._files import atomic_write
from theano_transfer._version import __version__
from theano_transfer.cli._console import PROGRAM, name
from theano_transfer.cli._options import output_file, use_device

RECORD = "run.json"
VERSION = 1
# Options that say how to go on, not what the run is.
ASIDE = ("command", "debug", "quiet", "run", "resume")
HEAD, UNFROZEN = "head", "unfrozen"  # the phases, in folders of their own
EPOCHS = ("epochs", "unfreeze_epochs")  # how long they last
ALWAYS_PATHS = ("folder", "validation", "output")
PATHS = (*ALWAYS_PATHS, "cache", "weights")
PACKAGES = ("aesara", "Lasagne", "numpy", "scipy", "h5py", "Pillow")


def prepare(options: argparse.Namespace, defaults: Mapping[str, Any]) -> None:
    """Complete the options: for a run that goes on, by those that it was started with.

    Parameters
    ----------
    options : argparse.Namespace
        None where nothing was typed.
    defaults : mapping
        What is meant then; None for options that are not in it.

    Raises
    ------
    ValueError
        If the folder holds a run already, or holds none, or its record makes no sense, or options
        were typed that are not those of the run.
    """
    if options.resume is not None:
        _bring_back(options)
        return
    for option, default in defaults.items():
        if getattr(options, option) is None:
            setattr(options, option, default)
    if options.run is None:
        options.output = options.output or _writable("model.h5")
        return
    record = Path(options.run) / RECORD
    if record.exists():
        raise ValueError(
            f"{name(options.run)} holds a run already: `{PROGRAM} finetune --resume "
            f"{shlex.quote(str(options.run))}` goes on with it, another folder starts anew"
        )
    options.output = options.output or os.path.join(options.run, "model.h5")
    _make_absolute(options)


def _make_absolute(options):
    for path in PATHS:
        given = getattr(options, path)
        # The names of caches and weights may be words, such as 'auto' and 'imagenet'.
        if given is not None and (path in ALWAYS_PATHS or os.path.exists(given)):
            setattr(options, path, os.path.abspath(given))


def _writable(path: str) -> str:
    try:
        return output_file(path)
    except argparse.ArgumentTypeError as error:
        raise ValueError(str(error)) from None


def _bring_back(options):
    """Take the options from the record in `options.resume`."""
    path = Path(options.resume) / RECORD
    if options.run is not None:
        raise ValueError("--resume goes on with a run as it was set up; leave --run out")
    if not path.is_file():
        raise ValueError(f"{name(options.resume)} holds no run: there is no {RECORD} in it")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        stored = dict(record["options"])
        known = set(vars(options)).difference(ASIDE)
        if record["version"] != VERSION or set(stored) != known:
            raise ValueError("another version of theano_transfer wrote it")
        for option in EPOCHS:
            if not isinstance(stored[option], int):
                raise ValueError(f"{option} is {stored[option]!r}, no whole number")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{name(path)} cannot be read: {error}") from error
    _make_absolute(options)
    _check_as_stored(options, stored)
    for option, value in stored.items():
        if getattr(options, option) is None:
            setattr(options, option, value)
    options.run = options.resume
    use_device(options)


def _check_as_stored(options, stored):
    differing = [
        f"{_as_typed(option, getattr(options, option))} was given, "
        f"{_as_typed(option, value)} is in the run"
        for option, value in stored.items()
        if getattr(options, option) not in (None, value)
        and not _means_more_epochs(options, option, value)
    ]
    if differing:
        raise ValueError(
            f"{name(options.resume)} holds a run that was set up otherwise:\n  "
            + "\n  ".join(differing)
            + "\nLeave that out to go on with it, or start a new run with --run FOLDER. Only more "
            "epochs can be asked for, those of the head until more is unfrozen."
        )


def _means_more_epochs(options, option, before):
    """Whether an option lets a phase train for longer that no other has followed yet."""
    if option == "epochs" and (Path(options.resume) / UNFROZEN).exists():
        return False
    return option in EPOCHS and getattr(options, option) >= before


def _as_typed(option, value):
    """An option as it would be typed, for messages."""
    words = "--cache-size" if option == "cache_bytes" else "--" + option.replace("_", "-")
    if value is None or value is False:
        return f"no {words}"
    if value is True:
        return words
    return f"{words} {value >> 20 if option == 'cache_bytes' else name(str(value))}"


def write_record(options: argparse.Namespace, train, valid, net) -> None:
    """Write what the run is, before it starts; on going on, check that the data are the same.

    Where more epochs are asked for on going on, they become those of the run.

    Raises
    ------
    ValueError
        If pictures or starting weights are not those of the run.
    """
    from theano_transfer.tuning._settings import fingerprint

    record: dict[str, Any] = {
        "version": VERSION,
        "command": shlex.join([PROGRAM, *sys.argv[1:]]),
        "options": {key: value for key, value in vars(options).items() if key not in ASIDE},
        "seed": options.seed,
        "hashes": {
            "training pictures": fingerprint(train),
            "validation pictures": fingerprint(valid),
            "weights to start from": digest_of(net),
        },
        "versions": versions(),
    }
    path = Path(options.run) / RECORD
    if options.resume is not None:
        before = json.loads(path.read_text(encoding="utf-8"))
        hashes = before.get("hashes") or {}
        if hashes != record["hashes"]:
            differing = [
                f"{what}: {hashes.get(what)} then, {now} now"
                for what, now in record["hashes"].items()
                if hashes.get(what) != now
            ]
            raise ValueError(
                f"what {name(options.run)} was made from has changed, so that it cannot be "
                "resumed:\n  " + "\n  ".join(differing)
            )
        if before["options"] == record["options"]:
            return
        record = {**before, "options": record["options"]}
        record["resumed"] = [*before.get("resumed", ()), shlex.join([PROGRAM, *sys.argv[1:]])]
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Of the program, Python and the libraries that numbers may depend on."""
    found = {"theano_transfer": __version__, "Python": platform.python_version()}
    found.update((package, importlib.metadata.version(package)) for package in PACKAGES)
    return {**found, "machine": platform.platform()}


def digest_of(net) -> str:
    """A digest of all parameters of a network's base; those of the head follow from the seed."""
    state = hashlib.blake2b(digest_size=16)
    for key, param in net.params.items():
        if not key.startswith("head_"):
            state.update(key.encode())
            state.update(param.get_value(borrow=True).tobytes())
    return state.hexdigest()


def outcome(options: argparse.Namespace, history) -> None:
    """The history of all phases as one table."""
    history.write_csv(Path(options.run) / "history.csv")
