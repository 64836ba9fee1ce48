"""Logs: what was measured, in files that others read."""

import csv
import json
import struct
import sys

import pytest

import theano_transfer as tt
from theano_transfer.tuning import Checkpoint, Log, TensorBoard


@pytest.fixture
def model(net):
    model = tt.Model(net, classes=3, head=["avg"])
    model.compile("sgd", learning_rate=tt.updates.Step(0.5, every=1, factor=0.5))
    return model


def records(folder):
    """The events in TensorFlow's file format, read by hand."""
    from tensorboardX.proto.event_pb2 import Event

    for path in folder.iterdir():
        content = path.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            yield Event.FromString(content[12 : 12 + length])
            content = content[16 + length :]


def events(folder):
    """{(tag, step): value}."""
    return {
        (value.tag, event.step): value.simple_value
        for event in records(folder)
        for value in event.summary.value
    }


def purged(folder):
    """The steps from which each file tells TensorBoard to forget what others hold."""
    from tensorboardX.proto.event_pb2 import SessionLog

    starts = (e for e in records(folder) if e.session_log.status == SessionLog.START)
    return sorted(event.step for event in starts)


def test_logs_hold_the_history_also_of_a_resumed_run(model, pictures, tmp_path):
    logs = [Log(tmp_path / "log.csv"), Log(tmp_path / "log.jsonl"), TensorBoard(tmp_path / "tb")]
    x, y = pictures

    def fit(epochs):
        model.compile("sgd", learning_rate=0.5)
        return model.fit(
            x, y, validation_data=(x, y), epochs=epochs, callbacks=logs, verbose=False,
            checkpoints=tmp_path / "states", resume=True,
        )  # fmt: skip

    fit(1)
    history = fit(3)
    assert history.epochs == [1, 2, 3]
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    assert [float(row["val_loss"]) for row in rows] == history["val_loss"]
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert [line["loss"] for line in lines] == history["loss"]
    assert {line["learning_rate"] for line in lines} == {0.5}
    written = events(tmp_path / "tb")
    for step, loss in enumerate(history["val_loss"], start=1):
        assert written["loss/validation", step] == pytest.approx(loss, rel=1e-6)
    assert ("accuracy/training", 3) in written
    assert ("learning_rate/training", 3) in written


@pytest.mark.slow
@pytest.mark.usefixtures("interpreted")
def test_logs_and_the_best_model_are_of_all_steps_of_a_recipe(model, pictures, tmp_path):
    x, y = pictures
    options = {"validation_data": (x, y), "batch_size": 24, "verbose": False}
    best = Checkpoint(tmp_path / "best{epoch}.h5", "val_loss")
    paths = [tmp_path / "log.csv", tmp_path / "log.jsonl"]
    tb = tmp_path / "tb"
    history = model.fine_tune(
        pictures, epochs=2, freeze_epochs=2, lr=0.02, **options,
        callbacks=[best, TensorBoard(tb), *map(Log, paths)],
    )  # fmt: skip
    falling = [
        epoch
        for epoch, loss in enumerate(history["val_loss"], start=1)
        if loss == min(history["val_loss"][:epoch])
    ]
    assert sorted(path.name for path in tmp_path.glob("*.h5")) == [f"best{e}.h5" for e in falling]
    assert sorted(step for tag, step in events(tb) if tag == "loss/training") == [1, 2, 3, 4]
    assert purged(tb) == [1, 3, 4]  # each step of the recipe begins anew, after those before
    # another program goes on with the files
    model.fit(
        pictures, initial_epoch=4, epochs=5, callbacks=list(map(Log, paths)), **options
    )  # fmt: skip
    losses = [*history["loss"], model.history["loss"][-1]]
    with open(paths[0], newline="") as file:
        assert [float(row["loss"]) for row in csv.DictReader(file)] == losses
    lines = [json.loads(line) for line in paths[1].read_text().splitlines()]
    assert [line["loss"] for line in lines] == losses
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4, 5]
    # and one that starts anew, with its own
    log = Log(paths[0])
    for _ in range(2):
        model.fit(pictures, epochs=1, callbacks=log, **options)
    with open(paths[0], newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1"]


def test_a_schedule_changes_the_rate_without_another_function(model, pictures, monkeypatch):
    import theano

    made, rates = [], []
    function = theano.function
    monkeypatch.setattr(
        theano, "function", lambda *a, **k: made.append(k.get("name")) or function(*a, **k)
    )
    model.fit(
        pictures, epochs=3, verbose=False, callbacks=lambda *_: rates.append(model.learning_rate)
    )
    assert rates == [0.5, 0.25, 0.125]
    assert made.count("step") == 1


def test_what_a_log_is_called_says_how_it_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"\.csv or \.jsonl"):
        Log(tmp_path / "log.txt")


def test_a_missing_tensorboardx_is_named_with_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"pip install .*tensorboard"):
        TensorBoard(tmp_path)
