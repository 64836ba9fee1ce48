"""Real workers, whose library is NumPy."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.contestants import Entry
from benchmarks.process import WorkerFailedError, WorkerProcess, WorkerUnavailableError
from benchmarks.race import Settings, race
from benchmarks.tasks import Task

TARGET = "matmul:Matmul"
TASK = Task("vgg16", "forward", 1)
HERE = str(Path(__file__).parent)
ROOT = Path(__file__).parents[2]
# A race whose first step takes a minute.
COORDINATOR = f"""
import signal
import sys
from pathlib import Path
from benchmarks.contestants import Entry
from benchmarks.race import Settings, race
from benchmarks.tasks import Task
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it may be ignored
entries = {{"tells": Entry("Tells", {TARGET!r}, "here", variant="tells")}}
settings = Settings(1, 0.001, 1, False, {{"here": Path(sys.executable)}}, Path(sys.argv[1]))
race(Task("vgg16", "forward", 1), entries, settings)
"""


@pytest.fixture(autouse=True)
def _workers_find_the_contestant(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", HERE)


@pytest.fixture
def worker():
    with WorkerProcess(sys.executable, TARGET) as started:
        yield started


def test_worker_answers(worker):
    started = worker.ask("start", task=TASK.as_dict())
    assert len(started["result"]) == 64
    assert len(worker.ask("settle", count=2)["seconds"]) == 2
    assert all(x > 0 for x in worker.ask("run", count=3)["seconds"])
    if sys.platform == "linux":
        memory = worker.ask("memory")
        assert 5 < memory["step"] + 5 < memory["peak"] < 2000


def test_errors_of_a_request_do_not_end_the_worker(worker):
    with pytest.raises(WorkerFailedError, match="no network is called"):
        worker.ask("start", task={**TASK.as_dict(), "model": "alexnet"})
    assert "numpy" in worker.ask("versions")["versions"]


def test_worker_that_cannot():
    with (
        WorkerProcess(sys.executable, TARGET, "unavailable") as worker,
        pytest.raises(WorkerUnavailableError, match="does not want to"),
    ):
        worker.ask("start", task=TASK.as_dict())


def test_worker_that_takes_too_long_is_ended():
    with (
        WorkerProcess(sys.executable, TARGET, "sleeps") as worker,
        pytest.raises(WorkerFailedError, match="within 1 seconds"),
    ):
        worker.ask("start", task=TASK.as_dict(), patience=1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("ended_by", ["SIGINT", "SIGKILL"])
def test_no_worker_outlives_the_coordinator(ended_by, tmp_path, monkeypatch):
    told = tmp_path / "told"
    os.mkfifo(told)
    monkeypatch.setenv("MATMUL_TOLD", str(told))
    command = [sys.executable, "-c", COORDINATOR, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT) as coordinator, told.open() as file:
        assert file.readline() == "sleeps\n"
        coordinator.send_signal(getattr(signal, ended_by))
        assert file.read() == ""  # closed by the end of the worker, which did not wake up


def test_a_worker_is_ended_though_the_waiting_for_it_is_interrupted(monkeypatch):
    worker = WorkerProcess(sys.executable, TARGET)
    process = worker._process

    def interrupted(timeout):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(process, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            worker.end()
    assert process.wait() == -signal.SIGKILL
    worker.end()


def test_last_words_of_a_worker_that_does_not_start():
    with (
        WorkerProcess(sys.executable, "matmul:Nobody") as worker,
        pytest.raises(WorkerFailedError, match=r"exit code 1: .*Nobody"),
    ):
        worker.ask("versions")


def test_race(tmp_path):
    cache = "MATMUL_CACHE={folder}"
    entries = {
        "ours": Entry("Ours", TARGET, "here", cache=cache),
        "peer": Entry("Peer", TARGET, "here"),
        "differs": Entry("Differs", TARGET, "here", variant="differs"),
        "unavailable": Entry("Unavailable", TARGET, "here", variant="unavailable"),
        "raises": Entry("Raises", TARGET, "here", variant="raises"),
        "dies": Entry("Dies", TARGET, "here", variant="dies"),
    }
    settings = Settings(
        rounds=3,
        turn=0.001,
        threads=1,
        cold=True,
        pythons={"here": Path(sys.executable)},
        cache=tmp_path,
    )
    results, interrupted = race(TASK, entries, settings)
    assert not interrupted
    ours, peer = results["ours"], results["peer"]
    assert len(ours.rounds) == len(peer.rounds) == 3
    assert all(len(turn) >= 2 for turn in ours.rounds)
    assert ours.first_step.keys() == {"cold", "warm"}
    assert peer.first_step.keys() == {"warm"}
    assert ours.details["cache"] == ours.details["cold"]["cache"]
    assert not Path(ours.details["cache"]).exists()
    assert ours.result == peer.result != results["differs"].result
    assert results["unavailable"].missing == "does not want to"
    assert not results["unavailable"].failed
    assert results["raises"].missing == "ValueError: cannot be prepared"
    assert results["dies"].failed
    assert "exit code 3" in results["dies"].missing


def test_interrupted_race_keeps_what_it_has(tmp_path):
    entries = {"ours": Entry("Ours", TARGET, "here"), "peer": Entry("Peer", TARGET, "here")}
    pythons = {"here": Path(sys.executable)}
    settings = Settings(2, 0.001, 1, True, pythons, tmp_path)

    def interrupt(text):
        if text.startswith("round 2"):
            raise KeyboardInterrupt

    results, interrupted = race(TASK, entries, settings, interrupt)
    assert interrupted
    assert len(results["ours"].rounds) == 1
