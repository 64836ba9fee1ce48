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
ALWAYS_PATHS = ("folder", "validation", "output")
PATHS = (*ALWAYS_PATHS, "cache", "weights")
PACKAGES = ("aesara", "Lasagne", "numpy", "scipy", "h5py", "Pillow")


def prepare(options: argparse.Namespace) -> None:
    """Complete the options: for a run that goes on, by those that it was started with.

    Raises
    ------
    ValueError
        If the folder holds a run already, or holds none, or its record makes no sense.
    """
    if options.resume is not None:
        _bring_back(options)
        return
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
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{name(path)} cannot be read: {error}") from error
    for option, value in stored.items():
        setattr(options, option, value)
    options.run = options.resume
    use_device(options)


def write_record(options: argparse.Namespace, train, valid, net) -> None:
    """Write what the run is, before it starts; on going on, check that the data are the same.

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
        before = json.loads(path.read_text(encoding="utf-8")).get("hashes")
        if before != record["hashes"]:
            differing = [
                f"{what}: {(before or {}).get(what)} then, {now} now"
                for what, now in record["hashes"].items()
                if (before or {}).get(what) != now
            ]
            raise ValueError(
                f"what {name(options.run)} was made from has changed, so that it cannot be "
                "resumed:\n  " + "\n  ".join(differing)
            )
        return
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
