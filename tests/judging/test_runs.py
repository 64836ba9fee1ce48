"""Reading back what a run left."""

import math

import pytest

from theano_transfer import judging
from theano_transfer.judging._runs import find_run, read_record
from theano_transfer.tuning import History


def test_a_history_comes_back(tmp_path):
    history = History()
    history.append(1, {"loss": 0.1}, 2.5)
    history.append(2, {"loss": 1 / 3, "val_loss": math.inf}, 2.25)
    history.write_csv(tmp_path / "h.csv")
    again = judging.read_history(tmp_path / "h.csv")
    assert (again.epochs, again.seconds) == ([1, 2], [2.5, 2.25])
    assert again["loss"] == [0.1, 1 / 3]
    assert math.isnan(again["val_loss"][0])
    assert again["val_loss"][1] == math.inf


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "epoch"),
        ("loss\n1\n", "epoch"),
        ("epoch,epoch\n1,1\n", "twice"),
        ("epoch,loss\n1\n", "line 2 has 1 entries of 2"),
        ("epoch,loss\n1,high\n", "'high'"),
        ("epoch,loss\n1.5,1\n", "epoch 1.5"),
        ("\x89PNG\r\n\x00\x00", "no table"),
    ],
)
def test_what_is_no_history_is_refused(tmp_path, content, text):
    path = tmp_path / "h.csv"
    path.write_text(content, encoding="utf-8", newline="")
    with pytest.raises(ValueError, match=f"h.csv.*{text}"):
        judging.read_history(path)


def test_a_run_is_a_model_or_its_folder(tmp_path):
    model, table = tmp_path / "cats.h5", tmp_path / "cats_history.csv"
    assert find_run(model) == (model, None)
    table.touch()
    assert find_run(model) == (model, table)
    with pytest.raises(FileNotFoundError, match=r"model\.h5 or best\.h5"):
        find_run(tmp_path)
    (tmp_path / "best.h5").touch()
    assert find_run(tmp_path) == (tmp_path / "best.h5", None)
    (tmp_path / "model.h5").touch()
    (tmp_path / "history.csv").touch()
    assert find_run(tmp_path) == (tmp_path / "model.h5", tmp_path / "history.csv")


def test_the_record_of_a_run_is_read(tmp_path):
    assert read_record(tmp_path) == {}
    path = tmp_path / "run.json"
    path.write_text('{"command": "c", "seed": 3, "versions": {"Python": "3.9"}, "more": []}')
    assert read_record(tmp_path) == {"command": "c", "seed": "3", "Python": "3.9"}
    for broken in ("", "[]", '{"command": "c"}', "[" * 100_000, '{"command": "c", "versions": 3}'):
        path.write_text(broken)
        with pytest.raises(ValueError, match=r"run\.json.*no record"):
            read_record(tmp_path)
