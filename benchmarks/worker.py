"""The process in which one contestant does one task: ``python -m benchmarks.worker``.

Requests come as lines of JSON on standard input, replies leave as lines of JSON on what was
standard output; what libraries print goes to standard error.

===================================  =============================================================
request                              reply
===================================  =============================================================
``{"do": "versions"}``               ``{"versions": {name: version}}``
``{"do": "start", "task": {...}}``   builds, compiles, takes the first step: ``{"prepared": s,
                                     "first": s, "result": [...], "details": {...}}``
``{"do": "settle", "count": n}``     n untimed steps, after which the memory mark is set anew:
                                     ``{"seconds": [...]}``
``{"do": "run", "count": n}``        ``{"seconds": [...]}``
``{"do": "memory"}``                 ``{"peak": MiB, "step": MiB}``, and ``"device": MiB`` where
                                     one has its own
``{"do": "quit"}``                   none
===================================  =============================================================

Where the input ends without it, the coordinator is gone, however that happened: the worker and what
it started end at once, whatever they are doing.

A request that fails is answered by ``{"error": text}``, one that a contestant cannot meet by
``{"unavailable": reason}``.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO

from benchmarks import memory
from benchmarks.contestants import Contestant, UnavailableError, digest, load
from benchmarks.tasks import Task


class Worker:
    """Answers requests on behalf of one contestant."""

    def __init__(self, contestant: Contestant):
        self.contestant = contestant
        self._resting = 0.0
        self._peak = 0.0

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request, failures included."""
        kinds: dict[str, Callable[..., dict[str, Any]]] = {
            "versions": self._versions,
            "start": self._start,
            "settle": self._settle,
            "run": self._run,
            "memory": self._memory,
        }
        arguments = dict(request)
        try:
            return kinds[arguments.pop("do")](**arguments)
        except UnavailableError as reason:
            return {"unavailable": str(reason)}
        except Exception as error:
            traceback.print_exc()
            return {"error": f"{type(error).__name__}: {error}"}

    def _versions(self):
        return {"versions": self.contestant.versions()}

    def _start(self, task):
        began = time.perf_counter()
        self.contestant.prepare(Task(**task))
        prepared = time.perf_counter()
        self._resting = memory.resident()
        result = self.contestant.step()
        first = time.perf_counter()
        return {
            "prepared": prepared - began,
            "first": first - prepared,
            "result": digest(result),
            "details": self.contestant.details(),
        }

    def _settle(self, count):
        seconds = self.contestant.time(count)
        gc.collect()
        self._peak = memory.high_water_mark()
        memory.reset_high_water_mark()
        return {"seconds": seconds}

    def _run(self, count):
        return {"seconds": self.contestant.time(count)}

    def _memory(self):
        steps = memory.high_water_mark()
        device = self.contestant.device_peak()
        return {
            "peak": max(self._peak, steps),
            "step": max(0.0, steps - self._resting),
            **({} if device is None else {"device": device}),
        }


def read(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Requests up to 'quit', read beside whatever computes: the end of the lines is seen then, too.

    A step may take minutes. A worker that looked only after it would take the time from whoever
    measures next.
    """
    waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def receive():
        for line in lines:
            request = json.loads(line)
            if request.get("do") == "quit":
                waiting.put(None)
                return
            waiting.put(request)
        end_at_once()

    threading.Thread(target=receive, daemon=True).start()
    while (request := waiting.get()) is not None:
        yield request


def end_at_once() -> None:
    """This process, and its group where it leads one: compilers keep helpers running."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def serve(worker: Worker, requests: Iterable[dict[str, Any]], replies: TextIO) -> None:
    """Answer one after the other."""
    for request in requests:
        replies.write(json.dumps(worker.answer(request)) + "\n")
        replies.flush()


def keep_to(threads: int) -> None:
    """Leave the other cores to others, so that no library can use more than it was told."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if threads < len(cores):
            os.sched_setaffinity(0, cores[:threads])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker")
    parser.add_argument("target", help="module:class of the contestant")
    parser.add_argument("--variant", default="")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    # Whatever a library prints must not come between the replies.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    keep_to(options.threads)
    contestant = load(options.target)(options.threads, options.variant)
    with contextlib.suppress(BrokenPipeError):  # the coordinator is gone
        serve(Worker(contestant), read(sys.stdin), replies)
    sys.stderr.flush()
    # Some libraries crash or wait for their threads when they are taken down; nothing is lost.
    os._exit(0)


if __name__ == "__main__":
    main()
