"""Runs beside each other: settings, best epochs, a page."""

import json
import re

import numpy as np
import pytest
from PIL import Image

import theano_transfer as tt
from theano_transfer import judging, show
from theano_transfer.tuning import History

pytest.importorskip("sklearn")

LOSSES = {"slow": [1.0, 0.8, 0.7], "fast": [0.9, 0.4, 0.6]}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of two runs that differ in a rate; the model in them is the same."""
    model = tt.Model(
        "squeezenet1_1", classes=["cat", "dog", "owl"], weights=None, input_shape=(3, 32, 32)
    )
    found = []
    for number, (name, losses) in enumerate(LOSSES.items()):
        folder = tmp_path_factory.mktemp("runs") / name
        folder.mkdir()
        model.save(folder / "model.h5")
        history = History()
        for epoch, loss in enumerate(losses, start=1):
            history.append(epoch, {"loss": loss / 2, "val_loss": loss, "val_accuracy": 1 - loss}, 2)
        history.write_csv(folder / "history.csv")
        options = {"epochs": 3, "learning_rate": 10.0**-number, "output": str(folder), "seed": 0}
        record = {"command": "c", "seed": 0, "versions": {}, "options": options}
        (folder / "run.json").write_text(json.dumps(record))
        found.append(folder)
    return found


def test_settings_that_differ_and_the_best_epochs(runs):
    slow, fast = judging.compare_runs(runs)
    assert (slow["run"], fast["run"]) == ("slow", "fast")
    assert set(fast) == {
        "run", "learning_rate", "epochs", "seconds", "best_epoch", "loss", "val_loss",
        "val_accuracy",
    }  # fmt: skip
    assert (slow["learning_rate"], fast["learning_rate"]) == ("1.0", "0.1")
    assert (slow["best_epoch"], fast["best_epoch"]) == (3, 2)
    assert (fast["val_loss"], fast["val_accuracy"], fast["seconds"]) == (0.4, 0.6, 6)


def test_runs_are_named_by_a_mapping_or_their_folders(runs, tmp_path):
    assert [row["run"] for row in judging.compare_runs({"a": runs[1], "b": runs[0]})] == ["a", "b"]
    other = tmp_path / "slow"
    other.mkdir()
    for path in runs[0].iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    rows = judging.compare_runs([runs[0], other])
    assert [row["run"] for row in rows] == [str(runs[0]), str(other)]


@pytest.mark.parametrize(
    ("spoil", "error", "text"),
    [
        (lambda runs: [], ValueError, "no runs"),
        (lambda runs: [runs[0], runs[0]], ValueError, "given twice"),
        (lambda runs: [runs[0], runs[0].parent], FileNotFoundError, "holds no model"),
    ],
)
def test_what_cannot_be_compared_is_refused(runs, tmp_path, spoil, error, text):
    path = tmp_path / "page.html"
    with pytest.raises(error, match=text):
        judging.report_runs(spoil(runs), path)
    assert list(tmp_path.iterdir()) == []


def test_a_page_sets_runs_against_each_other(runs, small_pictures, tmp_path):
    x, y = small_pictures
    path = tmp_path / "page.html"
    judging.report_runs(runs, path, x, y, title="Two <runs>")
    page = path.read_text(encoding="utf-8")
    assert "Two &lt;runs&gt;" in page
    assert page.count("data:image/svg") == 3
    words = re.sub("<[^>]*>", " ", page)
    for part in ("On the same pictures", "24 pictures", "p value", "learning rate", "0.400"):
        assert part in words


def test_a_column_of_several_runs_is_drawn(tmp_path):
    histories = {}
    for name, losses in LOSSES.items():
        histories[name] = History()
        for epoch, loss in enumerate(losses, start=1):
            histories[name].append(epoch, {"val_loss": loss})
    path = tmp_path / "curves.png"
    show.compared_curves(histories, "val_loss", path)
    with Image.open(path) as image:
        assert len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) > 50
    with pytest.raises(ValueError, match="'loss'; there is val_loss"):
        show.compared_curves(histories, "loss", path)
