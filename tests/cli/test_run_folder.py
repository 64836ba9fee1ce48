"""Runs in a folder: what is kept there, and going on after being stopped."""

import json
import signal

import numpy as np
import pytest

from theano_transfer import tuning, weights
from theano_transfer.cli._finetune import DEFAULTS
from theano_transfer.cli._main import make_parser
from theano_transfer.cli._run_folder import ASIDE, VERSION, prepare

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


@pytest.fixture
def recorded(pictures, tmp_path):
    """The folder of a run that was typed, but has done nothing."""
    folder = tmp_path / "run"
    folder.mkdir()
    typed = ["finetune", str(pictures), *QUICK, "--augment", "--run", str(folder)]
    options = make_parser().parse_args(typed)
    prepare(options, DEFAULTS)
    kept = {key: value for key, value in vars(options).items() if key not in ASIDE}
    (folder / "run.json").write_text(json.dumps({"version": VERSION, "options": kept}))
    return folder


def resumed(folder, *words):
    """What is done when a run is gone on with by these words."""
    options = make_parser().parse_args(["finetune", "--resume", str(folder), *words])
    prepare(options, DEFAULTS)
    return options


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--base", "vgg16"), "--base vgg16 was given, --base efficientnet_lite0 is in the run"),
        (("--unfreeze", "none"), "--unfreeze none was given, --unfreeze auto is in the run"),
        (("--epochs", "1"), "--epochs 1 was given, --epochs 2 is in the run"),
        # What is the default else, but not in this run.
        (("--batch-size", "32"), "--batch-size 32 was given, --batch-size 8 is in the run"),
        (("--tensorboard",), "--tensorboard was given, no --tensorboard is in the run"),
        (("--cache-size", "7"), "--cache-size 7 was given, no --cache-size is in the run"),
        (("--device", "cpu"), "--device cpu was given, no --device is in the run"),
        (("--validation", "more"), "more was given, no --validation is in the run"),
    ],
)
def test_other_options_than_those_of_the_run_are_refused(words, said, recorded, run):
    status, _, err = run("finetune", "--resume", recorded, "--seed", "0", *words)
    assert status == 1
    assert said in err
    assert "--seed" not in err  # is the same
    assert "start a new run" in err


def test_a_record_that_makes_no_sense_is_refused(recorded):
    record = json.loads((recorded / "run.json").read_text())
    record["options"]["epochs"] = "many"
    (recorded / "run.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match=r"cannot be read: epochs is 'many', no whole number"):
        resumed(recorded, "--epochs", "3")


def test_options_of_the_run_may_be_typed_again(recorded, pictures, monkeypatch):
    monkeypatch.chdir(recorded)
    options = resumed(recorded, *QUICK, "--augment", "--output", "model.h5", "--quiet")
    assert (options.folder, options.batch_size, options.augment) == (str(pictures), 8, True)
    assert (options.output, options.quiet) == (str(recorded / "model.h5"), True)
    assert (options.patience, options.validation) == (DEFAULTS["patience"], None)


def test_more_epochs_may_be_asked_for_until_another_phase_has_begun(recorded):
    assert (resumed(recorded).epochs, resumed(recorded).unfreeze_epochs) == (2, 1)
    options = resumed(recorded, "--epochs", "5", "--unfreeze-epochs", "4")
    assert (options.epochs, options.unfreeze_epochs) == (5, 4)
    (recorded / "unfrozen").mkdir()
    assert resumed(recorded, "--epochs", "2", "--unfreeze-epochs", "4").unfreeze_epochs == 4
    with pytest.raises(ValueError, match="--epochs 3 was given, --epochs 2 is in the run"):
        resumed(recorded, "--epochs", "3")


@pytest.mark.slow
def test_more_epochs_than_the_run_was_started_with(pictures, tmp_path, run):
    short, long = tmp_path / "short", tmp_path / "long"
    options = (*QUICK, "--unfreeze", "top", "--augment")
    assert run("finetune", pictures, *options, "--run", short)[0] == 0
    assert run("finetune", pictures, *options, "--unfreeze-epochs", "2", "--run", long)[0] == 0
    before = json.loads((short / "run.json").read_text())
    status, _, err = run("finetune", "--resume", short, "--unfreeze-epochs", "2")
    assert status == 0, err
    after = json.loads((short / "run.json").read_text())
    assert after["options"] == {**before["options"], "unfreeze_epochs": 2}
    assert [len(record.get("resumed", ())) for record in (before, after)] == [0, 1]
    one, other = (weights.read(folder / "model.h5") for folder in (short, long))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    logs = [(folder / "history.csv").read_text().splitlines() for folder in (short, long)]
    assert len(logs[0]) == len(logs[1]) == 1 + 2 + 2
    status, out, _ = run("finetune", "--resume", short)  # now of a run that is over
    assert (status, str(short / "model.h5") in out) == (0, True)
    assert json.loads((short / "run.json").read_text()) == after
