"""Measuring one task: every contestant starts, then they take turns."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.contestants import Entry
from benchmarks.process import WorkerFailedError, WorkerProcess, WorkerUnavailableError
from benchmarks.tasks import Task


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes
    ----------
    rounds : int
        How often each contestant has its turn.
    turn : float
        Seconds of timed steps that a turn should have, at least ``LEAST`` steps.
    threads : int
    cold : bool
        Whether the first step is also measured with an empty compile cache.
    pythons : mapping of str to Path
        Environment -> interpreter.
    cache : Path
        For what is compiled and may be kept.
    """

    rounds: int
    turn: float
    threads: int
    cold: bool
    pythons: Mapping[str, Path]
    cache: Path


LEAST, MOST = 2, 50  # timed steps in a turn


@dataclass
class Result:
    """What one contestant did on one task.

    Attributes
    ----------
    rounds : list of list of float
        Seconds of the timed steps, round by round.
    first_step : dict
        'cold' and 'warm': seconds from the start of the process to the end of the first step.
        A contestant that keeps nothing compiled between processes has 'warm' alone.
    memory : dict
        'peak': high-water mark of the process; 'step': of the timed steps, above what lay in
        memory before the first; 'device': high-water mark of the device, where it has memory of
        its own. MiB.
    others : float
        Seconds of a core that other processes used during the turns.
    missing : str
        Why there is nothing, or no more.
    """

    rounds: list[list[float]] = field(default_factory=list)
    first_step: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    result: list[float] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    others: float = 0.0
    missing: str = ""
    failed: bool = False


def race(
    task: Task,
    entries: Mapping[str, Entry],
    settings: Settings,
    show: Callable[[str], None] = lambda text: None,
) -> tuple[dict[str, Result], bool]:
    """Measure `task` for all `entries`.

    Returns
    -------
    results : dict
        Contestant -> Result, also of those that could not take part.
    interrupted : bool
        Whether Ctrl-C ended it early; the results then hold what was measured.
    """
    results = {name: Result() for name in entries}
    with ExitStack() as stack:
        try:
            running = {}
            for name, entry in entries.items():
                show(f"{name}: first step")
                with _noting_failure(results[name]):
                    running[name] = _start(task, entry, settings, results[name], stack)
            steps = _settle(running, settings, results)
            _take_turns(running, steps, settings, results, show, rewarm=task.kind != "epoch")
            for name, worker in running.items():
                if not results[name].failed:
                    with _noting_failure(results[name]):
                        results[name].memory = worker.ask("memory")
        except KeyboardInterrupt:
            return results, True
    return results, False


@contextmanager
def _noting_failure(result: Result):
    """Keeps a contestant's failure from ending the race."""
    try:
        yield
    except WorkerUnavailableError as reason:
        result.missing = str(reason)
    except (WorkerFailedError, OSError) as error:
        result.missing, result.failed = str(error), True


def _start(task, entry, settings, result, stack) -> WorkerProcess:
    """A worker that has taken its first step; cold and warm starts are timed on the way."""
    variables = {"BENCHMARKS_CACHE": str(settings.cache)}
    if entry.cache:
        if settings.cold:
            folder = tempfile.mkdtemp(prefix="benchmarks-")
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        else:
            kept = settings.cache / "compiled" / entry.environment
            kept.mkdir(parents=True, exist_ok=True)
            folder = str(kept)
        variables |= _cache_variable(entry.cache, folder)

    def start() -> tuple[WorkerProcess, dict[str, Any], float]:
        worker = WorkerProcess(
            settings.pythons[entry.environment],
            entry.target,
            entry.variant,
            threads=settings.threads,
            variables=variables,
        )
        stack.callback(worker.end)
        try:
            reply = worker.ask("start", task=task.as_dict())
        except (WorkerFailedError, WorkerUnavailableError):
            worker.end()  # it would lie in memory to the end of the race
            raise
        return worker, reply, time.perf_counter() - worker.began

    if entry.cache and settings.cold:
        worker, reply, result.first_step["cold"] = start()
        result.details["cold"] = reply["details"]
        worker.end()
    worker, reply, seconds = start()
    if settings.cold or not entry.cache:  # else nobody knows what the cache held
        result.first_step["warm"] = seconds
    result.details |= reply["details"]
    result.result = reply["result"]
    return worker


def _cache_variable(template: str, folder: str) -> dict[str, str]:
    """``'NAME=value'`` as an environment variable; Aesara's flags join those that are set."""
    name, _, value = template.partition("=")
    value = value.format(folder=folder)
    if name == "AESARA_FLAGS" and os.environ.get(name):
        value = f"{os.environ[name]},{value}"
    return {name: value}


def _settle(running, settings, results) -> dict[str, int]:
    """Untimed steps; contestant -> how many steps make a turn."""
    steps = {}
    for name, worker in running.items():
        with _noting_failure(results[name]):
            seconds = worker.ask("settle", count=2)["seconds"][-1]
            steps[name] = max(LEAST, min(MOST, round(settings.turn / max(seconds, 1e-6))))
    return steps


def _take_turns(running, steps, settings, results, show, *, rewarm) -> None:
    """Only one computes at a time; who begins changes from round to round.

    With `rewarm` each turn begins with an untimed step, which brings back what others pushed out
    of the caches. Epochs do without: each call leaves its first one out.
    """
    for turn in range(settings.rounds):
        names = [name for name in running if name in steps and not results[name].failed]
        shift = turn % max(1, len(names))
        for name in names[shift:] + names[:shift]:
            show(f"round {turn + 1} of {settings.rounds}: {name}")
            worker, result = running[name], results[name]
            with _noting_failure(result):
                if rewarm:
                    worker.ask("run", count=1)
                watch = machine.Watch(worker.pid)
                result.rounds.append(worker.ask("run", count=steps[name])["seconds"])
                result.others += watch.others() or 0.0
