"""The coordinator's end of a worker: starting it, asking it, ending it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 3600.0  # seconds; compiling a large network with a cold cache takes minutes
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerFailedError(Exception):
    """A worker died, did not answer in time, or answered that something went wrong."""


class WorkerUnavailableError(Exception):
    """The contestant cannot do what was asked, and says why."""


class WorkerProcess:
    """A running ``benchmarks.worker``.

    Parameters
    ----------
    python : path
        The interpreter of the contestant's environment.
    target, variant : str
        As in the registry.
    threads : int
    variables : mapping of str to str
        Additions to the environment.

    Attributes
    ----------
    began : float
        When it was started, by ``time.perf_counter``.
    """

    def __init__(
        self,
        python: str | os.PathLike[str],
        target: str,
        variant: str = "",
        *,
        threads: int = 1,
        variables: Mapping[str, str] = {},
    ):
        # Not a pipe, which would block a worker that prints much.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in end()
        environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), **variables}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        command = [str(python), "-m", "benchmarks.worker", target]
        command += ["--variant", variant, "--threads", str(threads)]
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the coordinator, which then ends its workers
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, do: str, *, patience: float = PATIENCE, **arguments) -> dict[str, Any]:
        """Send a request and wait for the reply.

        Raises
        ------
        WorkerFailedError, WorkerUnavailableError
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Event()

        def give_up():
            late.set()
            self._kill()

        timer = threading.Timer(patience, give_up)
        timer.start()
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if late.is_set():
            raise WorkerFailedError(f"no answer to {do!r} within {patience:.0f} seconds")
        if not line:
            code = self._process.wait()
            raise WorkerFailedError(f"ended with exit code {code}{self._last_words()}")
        reply = json.loads(line)
        if "unavailable" in reply:
            raise WorkerUnavailableError(reply["unavailable"])
        if "error" in reply:
            raise WorkerFailedError(reply["error"])
        return reply

    def end(self) -> None:
        """End it and whatever it started; may be called again."""
        try:
            if self._process.poll() is None:
                with contextlib.suppress(OSError):
                    assert self._process.stdin is not None
                    self._process.stdin.write('{"do": "quit"}\n')
                    self._process.stdin.close()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(5)
        finally:
            self._kill()  # also where a second Ctrl-C ends the waiting
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()
        self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def _kill(self):
        # Its whole group: compilers keep helpers running.
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""
