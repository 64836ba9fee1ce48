import pytest

from benchmarks.environments import find_python, python_in
from benchmarks.machine import slug
from benchmarks.tasks import Task, plan


def test_inference_comes_in_two_batches():
    found = plan(["vgg16"], ["forward", "all"])
    assert found == [
        Task("vgg16", "forward", 8),
        Task("vgg16", "forward", 32),
        Task("vgg16", "all", 8),
    ]


def test_batches_of_choice():
    assert [task.batch for task in plan(["vgg16"], ["all"], [1, 2])] == [1, 2]


@pytest.mark.parametrize("bad", [("alexnet", "all", 1), ("vgg16", "dream", 1), ("vgg16", "all", 0)])
def test_impossible_tasks(bad):
    with pytest.raises(ValueError, match=r"no network|no task|at least one"):
        Task(*bad)


def test_environments_are_found(tmp_path):
    assert find_python("torch", tmp_path, {}) is None
    python = python_in(tmp_path / "torch")
    python.parent.mkdir(parents=True)
    python.touch()
    assert find_python("torch", tmp_path, {}) == python
    assert find_python("keras", tmp_path / "other", {"keras": tmp_path / "torch"}) == python


def test_slug():
    assert slug("Intel(R) Xeon(R) @ 2.20GHz") == "intel-r-xeon-r-2-20ghz"
    assert slug("???") == "unknown"
