"""Runs in a folder: what is kept there, and going on after being stopped."""

import json
import signal

import numpy as np
import pytest

from theano_transfer import tuning, weights

QUICK = ("--size", "32", "--epochs", "2", "--unfreeze-epochs", "1", "--batch-size", "8")


def stop_after(monkeypatch, epochs):
    """SIGTERM in the course of the log of an epoch."""
    left = [epochs]
    write = tuning.Log.on_epoch_end

    def on_epoch_end(self, epoch, numbers):
        write(self, epoch, numbers)
        if self.path.suffix == ".csv":
            left[0] -= 1
            if left[0] == 0:
                signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(tuning.Log, "on_epoch_end", on_epoch_end)


@pytest.mark.slow
@pytest.mark.parametrize(("unfreeze", "epochs"), [("none", 1), ("top", 3)])
def test_a_stopped_run_is_gone_on_with(pictures, tmp_path, run, monkeypatch, unfreeze, epochs):
    options = (*QUICK, "--unfreeze", unfreeze, "--augment")
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    assert run("finetune", pictures, *options, "--run", straight)[0] == 0
    with monkeypatch.context() as patched:
        stop_after(patched, epochs)
        with pytest.raises(SystemExit) as ended:
            run("finetune", pictures, *options, "--run", stopped)
    assert ended.value.code == 143
    record = (stopped / "run.json").read_bytes()
    status, out, _ = run("finetune", "--resume", stopped)
    assert status == 0
    assert str(stopped / "model.h5") in out
    one, other = (weights.read(folder / "model.h5") for folder in (straight, stopped))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    logs = [(folder / "head" / "log.csv").read_text() for folder in (straight, stopped)]
    without_seconds = [[line.split(",")[2:] for line in log.splitlines()] for log in logs]
    assert without_seconds[0] == without_seconds[1]
    assert (stopped / "history.csv").is_file()
    assert (stopped / "run.json").read_bytes() == record
    content = json.loads(record)
    assert content["command"].startswith("theano-transfer")
    assert content["seed"] == 0
    assert content["versions"]["numpy"] == np.__version__
    assert content["hashes"] == json.loads((straight / "run.json").read_text())["hashes"]

    status, _, err = run("finetune", pictures, *options, "--run", stopped)
    assert status == 1
    assert "--resume" in err


@pytest.mark.slow
def test_what_cannot_be_gone_on_with_is_refused_in_words(own_pictures, tmp_path, run):
    status, _, err = run("finetune", "--resume", tmp_path)
    assert (status, "holds no run" in err) == (1, True)
    status, _, err = run("finetune", own_pictures, "--resume", tmp_path)
    assert (status, "not allowed with argument DIR" in err) == (2, True)
    status, _, err = run("finetune", "--resume", tmp_path, "--run", tmp_path)
    assert (status, "leave --run out" in err) == (1, True)
    status, _, err = run("finetune", own_pictures, "--tensorboard")
    assert (status, "--run" in err) == (1, True)
    folder = tmp_path / "run"
    assert run("finetune", own_pictures, *QUICK, "--unfreeze", "none", "--run", folder)[0] == 0
    model = (folder / "model.h5").read_bytes()
    status, out, _ = run("finetune", "--resume", folder)  # of a run that is over
    assert (status, str(folder / "model.h5") in out) == (0, True)
    assert (folder / "model.h5").read_bytes() == model
    next((own_pictures / "food").iterdir()).unlink()
    status, _, err = run("finetune", "--resume", folder)
    assert status == 1
    assert "training pictures: 15 pictures" in err
    (folder / "run.json").write_text("{}")
    status, _, err = run("finetune", "--resume", folder)
    assert (status, "cannot be read" in err) == (1, True)
