import pytest

from benchmarks.tables import markdown_table, report, seconds, times_table

TASK = {"model": "vgg16", "kind": "forward", "batch": 8}
ALL = {"model": "vgg16", "kind": "all", "batch": 8}


def result(time=None, **rest):
    empty = {
        "rounds": [] if time is None else [[time, time]],
        "first_step": {},
        "memory": {},
        "result": [1.0],
        "details": {},
        "others": 0.0,
        "missing": "",
        "failed": False,
    }
    return {**empty, **rest}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.03841, "0.0384"),
        (0.5, "0.500"),
        (1.068, "1.07"),
        (12.34, "12.3"),
        (99.96, "100"),
        (123.6, "124"),
    ],
)
def test_three_digits(value, text):
    assert seconds(value) == text


def test_markdown():
    assert markdown_table(["a", "b"], [["x", "1"]]) == "| a | b |\n|---|---:|\n| x | 1 |"


def test_times_and_ratios():
    results = {
        "ours": result(1.0),
        "openvino": result(1.25),
        "onnxruntime": result(1.5),
        "bound-blocked": result(0.9),
        "torch": result(missing="not installed"),
    }
    table = times_table([{"task": TASK, "results": results}])
    head, _, row = table.splitlines()
    assert "PyTorch" not in head
    assert row == (
        "| vgg16 forward, batch 8 | **1.00** | 1.50 (1.50) | 1.25 (1.25) | 0.900 (0.90) "
        "| 1.25 | 90 % |"
    )


def test_report_names_everything_that_went_wrong():
    record = {
        "date": "2026-01-02",
        "machine": {
            "cpu": "a processor",
            "instructions": [],
            "cores": 2,
            "threads": 2,
            "system": "Linux",
            "python": "3.11",
        },
        "settings": {"rounds": 3, "turn": 1.0},
        "versions": {"torch": "2"},
        "interrupted": True,
        "tasks": [
            {
                "task": TASK,
                "results": {
                    "ours": result(1.0, first_step={"cold": 20.0, "warm": 3.0}, others=2.0),
                    "torch": result(1.0, result=[3.0], memory={"peak": 100.0, "step": 9.6}),
                    "keras": result(missing="ended with exit code 1", failed=True),
                },
            },
            {"task": ALL, "results": {"ours": result(2.0, details={"rewriting": 4.25})}},
        ],
    }
    text = report(record)
    assert "Interrupted" in text
    assert "20.0 / 3.0" in text
    assert "100 (10)" in text
    assert "| vgg16 train everything, batch 8 | 4.2 |" in text
    assert "Keras (TensorFlow) failed: ended with exit code 1 (vgg16 forward, batch 8)" in text
    assert "PyTorch computed something else" in text
    assert "Other processes used 25 % of the cores" in text
