"""The rows for GPUs, tried on the processor with small pictures."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import tables
from benchmarks.contestants import GPU_CONTESTANTS, digest
from benchmarks.process import WorkerProcess, WorkerUnavailableError
from benchmarks.summary import deviation
from benchmarks.tasks import GPU_BATCHES, PRECISIONS, Task, gpu_plan

OURS, TORCH = GPU_CONTESTANTS["ours-gpu"], GPU_CONTESTANTS["torch-gpu"]
PYTHON = Path(sys.executable)


def first_step(entry, **task):
    """What the contestant's first step gives, in a worker as in a race."""
    # Of two pictures, statistics of maps of one position would be of two numbers.
    whole = Task(batch=8, device="cpu", **task).as_dict()
    with WorkerProcess(PYTHON, entry.target, entry.variant) as worker:
        worker.ask("versions")
        result = worker.ask("start", task=whole)["result"]
        worker.ask("settle", count=2)
        assert "device" not in worker.ask("memory")
    return result


def test_plan_is_of_everything():
    plan = gpu_plan(["vgg16", "efficientnet_b0"], ["gpu-train"], [64], PRECISIONS, "cuda", 224)
    assert [(task.model, task.precision) for task in plan] == [
        (model, precision) for model in ("vgg16", "efficientnet_b0") for precision in PRECISIONS
    ]
    assert plan[1].title == "vgg16 train everything, tf32, batch 64"
    assert GPU_BATCHES == (64, 128, 256)


def test_only_gpus_have_efficientnet():
    with pytest.raises(ValueError, match="no network is called 'efficientnet_b0'"):
        Task("efficientnet_b0", "forward", 8)


def test_without_a_gpu_it_says_so():
    pytest.importorskip("jax")
    with (
        WorkerProcess(PYTHON, OURS.target) as worker,
        pytest.raises(WorkerUnavailableError, match="finds no device 'cuda'"),
    ):
        worker.ask("start", task=Task("vgg16", "gpu-forward", 2, device="cuda").as_dict())


@pytest.mark.parametrize("batch", GPU_BATCHES)
def test_results_are_compared_in_many_channels(batch):
    channels = np.tile(np.arange(1280), (batch, 1))
    assert len(set(digest(channels))) == 64


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gpu-forward", "gpu-train"])
@pytest.mark.parametrize("model", ["mobilenet_v2", "efficientnet_b0"])
def test_ours_is_the_table(model, kind):
    pytest.importorskip("jax")
    result = first_step(OURS, model=model, kind=kind, size=32)
    assert len(result) == (64 if kind == "gpu-forward" else 1)
    halves = first_step(OURS, model=model, kind=kind, size=32, precision="bfloat16")
    assert deviation(halves, result) < 0.05
    pytest.importorskip("torch")
    assert deviation(first_step(TORCH, model=model, kind=kind, size=32), result) < 1e-3


def test_device_memory_has_a_table():
    empty = {"first_step": {}, "result": [1.0], "details": {}, "others": 0.0, "missing": ""}
    empty |= {"failed": False, "memory": {"peak": 900.0, "step": 1.0, "device": 5120.4}}
    task = Task("resnet50", "gpu-train", 64, "bfloat16", "cuda").as_dict()
    entry = {
        "task": task,
        "results": {
            "ours-gpu": {**empty, "rounds": [[0.1, 0.1]]},
            "torch-gpu": {**empty, "rounds": [[0.12, 0.12]]},
        },
    }
    machine = {"cpu": "x", "instructions": [], "cores": 1, "threads": 1, "system": "", "python": ""}
    record = {
        "date": "2026-01-02", "machine": machine, "settings": {"rounds": 1, "turn": 1.0},
        "versions": {}, "tasks": [entry],
    }  # fmt: skip
    text = tables.report(record)
    row = "| resnet50 train everything, bfloat16, batch 64 | **0.100** | 0.120 (1.20) | 1.20 |"
    assert row in text
    assert "## Device memory" in text
    assert "| 5120 | 5120 |" in text
