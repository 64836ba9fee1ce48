"""``python -m benchmarks run`` and ``gpu``: measure task after task, and keep what was measured."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import environments, machine, tables
from benchmarks.contestants import CONTESTANTS
from benchmarks.process import WorkerFailedError, WorkerProcess, WorkerUnavailableError
from benchmarks.race import Result, Settings, race


def run(options) -> int:
    """The command; 130 after Ctrl-C, 1 where nobody could take part."""
    settings = Settings(
        rounds=options.rounds,
        turn=options.turn,
        threads=options.threads,
        cold=options.cold,
        pythons=_pythons(options),
        cache=options.environments.resolve(),
    )
    plan = options.plan(options)
    versions, absent = _look_who_is_there(options.contestants, settings)
    present = {name: CONTESTANTS[name] for name in options.contestants if name not in absent}
    for name, reason in absent.items():
        _say(f"{name} does not take part: {reason}")
    if not present:
        _say("nobody takes part")
        return 1
    began = datetime.now()
    record: dict[str, Any] = {
        "date": began.strftime("%Y-%m-%d"),
        "machine": machine.describe(settings.threads),
        "settings": {"rounds": settings.rounds, "turn": settings.turn},
        "versions": versions,
        "interrupted": False,
        "tasks": [],
    }
    name = f"{began:%Y-%m-%d-%H%M}_{machine.slug(record['machine']['cpu'])}"
    stem = options.output / name
    for number, task in enumerate(plan, start=1):
        _say(f"[{number}/{len(plan)}] {task.title}")
        taking_part = {key: x for key, x in present.items() if task.kind in x.kinds}
        results, interrupted = race(task, taking_part, settings, _show_progress)
        _show_progress("")
        for contestant, reason in absent.items():
            if task.kind in CONTESTANTS[contestant].kinds:
                results[contestant] = Result(missing=reason)
        entry = {
            "task": task.as_dict(),
            "results": {key: asdict(result) for key, result in results.items()},
        }
        record["tasks"].append(entry)
        record["interrupted"] = interrupted
        print(tables.times_table([entry]), flush=True)
        _write(stem, record)
        if interrupted:
            _say("interrupted")
            break
    print(f"\n{tables.report(record)}")
    _say(f"written: {stem}.md and .json")
    return 130 if record["interrupted"] else 0


def _pythons(options) -> dict[str, Path]:
    given = {}
    for text in options.environment:
        name, equals, folder = text.partition("=")
        if not equals or name not in ("ours", *environments.ENVIRONMENTS):
            known = ", ".join(["ours", *environments.ENVIRONMENTS])
            raise SystemExit(f"--environment takes NAME=FOLDER with NAME of {known}; got {text!r}")
        given[name] = Path(folder)
    pythons = {}
    for name in ("ours", *environments.ENVIRONMENTS):
        python = environments.find_python(name, options.environments, given)
        if python is not None:
            pythons[name] = python.absolute()
        elif name in given:
            raise SystemExit(f"there is no virtual environment in {given[name]}")
    return pythons


def _look_who_is_there(names, settings) -> tuple[dict[str, str], dict[str, str]]:
    """Versions of everything that computes; contestant -> why it cannot take part.

    Importing each library once also brings it into the disk cache, so that no first step pays
    for having been measured first.
    """
    versions: dict[str, str] = {}
    absent: dict[str, str] = {}
    for name in names:
        entry = CONTESTANTS[name]
        if entry.environment not in settings.pythons:
            absent[name] = f"run `python -m benchmarks install --peers {entry.environment}` first"
            continue
        _show_progress(f"looking for {name}")
        try:
            with WorkerProcess(
                settings.pythons[entry.environment], entry.target, entry.variant
            ) as worker:
                versions |= worker.ask("versions")["versions"]
        except (WorkerFailedError, WorkerUnavailableError, OSError) as error:
            absent[name] = str(error)
    _show_progress("")
    return versions, absent


def _write(stem: Path, record) -> None:
    """The JSON and the Markdown file, each in one step: a crash leaves no half of one."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    for suffix, text in (
        (".json", json.dumps(record, indent=1) + "\n"),
        (".md", tables.report(record)),
    ):
        # a name may hold dots, which with_suffix would cut off
        target = stem.parent / (stem.name + suffix)
        new = target.with_name(f".{target.name}.new")
        new.write_text(text, encoding="utf-8")
        os.replace(new, target)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _show_progress(text: str) -> None:
    """On one line that is written over; nothing where nobody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
