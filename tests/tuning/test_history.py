"""The record of a run."""

import csv
import math

import pytest

from theano_transfer.tuning import History


def made(first, losses, best=None):
    history = History("val_loss")
    for epoch, loss in enumerate(losses, start=first):
        history.append(epoch, {"loss": loss, "val_loss": 2 * loss}, seconds=0.5)
    history.best_epoch = best
    return history


def test_columns_grow_together():
    history = made(1, [3.0, 2.0])
    history.append(3, {"loss": 1.0, "mae": 7.0})
    assert history.epochs == [1, 2, 3]
    assert history["loss"] == [3, 2, 1]
    assert history["val_loss"][:2] == [6, 4]
    assert math.isnan(history["val_loss"][2])
    assert math.isnan(history["mae"][0])
    assert history["mae"][2] == 7
    assert "mae" in history
    assert "rmse" not in history


def test_unknown_columns_are_answered_with_known_ones():
    with pytest.raises(KeyError, match="loss, val_loss"):
        made(1, [1.0])["accuracy"]
    with pytest.raises(KeyError, match="no epoch"):
        History()["loss"]


def test_two_runs_become_one():
    both = made(1, [3.0, 2.0], best=2) + made(1, [1.5, 1.0, 1.2], best=2)
    assert both.epochs == [1, 2, 3, 4, 5]
    assert both["loss"] == [3, 2, 1.5, 1, 1.2]
    assert both.best_epoch == 4
    assert sum(both.seconds) == 2.5


def test_runs_that_are_numbered_on_already_stay_so():
    both = made(1, [3.0, 2.0]) + made(3, [1.0], best=3)
    assert both.epochs == [1, 2, 3]
    assert both.best_epoch == 3


def test_an_empty_run_adds_nothing():
    assert (made(1, [1.0]) + History()).epochs == [1]
    assert (History() + made(1, [1.0])).epochs == [1]


def test_the_table_as_a_file(tmp_path):
    history = made(1, [1 / 3, 0.25])
    history.write_csv(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "seconds", "loss", "val_loss"]
    assert [float(row["loss"]) for row in rows] == [1 / 3, 0.25]


def test_it_shows_its_last_epoch():
    assert repr(made(1, [3.0, 2.0])) == "<History: 2 epochs, the last loss 2, val_loss 4>"
    assert repr(History()) == "<History: no finished epoch>"
