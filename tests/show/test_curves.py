"""Curves of a run: what is drawn, and that it is written whole or not at all."""

import matplotlib
import numpy as np
import pytest
from PIL import Image

from theano_transfer.show import _figure as figure_module
from theano_transfer.show import curves
from theano_transfer.tuning import History


@pytest.fixture
def history():
    made = History("val_loss")
    for epoch in range(1, 7):
        made.append(
            epoch,
            {"loss": 2 / epoch, "accuracy": 1 - 1 / epoch, "val_loss": 1.0, "val_accuracy": 0.5},
        )
    made.best_epoch = 4
    return made


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were drawn."""
    from matplotlib.figure import Figure

    found = []
    save = Figure.savefig

    def remember(self, *args, **kwargs):
        found.append(self)
        return save(self, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", remember)
    return found


def test_training_and_validation_share_a_panel(history, tmp_path, drawn):
    curves(history, tmp_path / "curves.png")
    panels = drawn[0].axes
    assert [axes.get_title() for axes in panels] == ["loss", "accuracy"]
    lines = {line.get_label(): line for line in panels[0].get_lines()}
    assert list(lines) == ["training", "validation", "best epoch (4)"]
    np.testing.assert_array_equal(lines["training"].get_xdata(), range(1, 7))
    np.testing.assert_array_equal(lines["training"].get_ydata(), history["loss"])
    np.testing.assert_array_equal(lines["validation"].get_ydata(), history["val_loss"])
    assert set(lines["best epoch (4)"].get_xdata()) == {4}


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_suffix_tells_the_format(history, tmp_path, suffix):
    path = tmp_path / f"curves.{suffix}"
    curves(history, path)
    assert path.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")
    if suffix == "png":
        pixels = np.asarray(Image.open(path).convert("L"))
        assert (pixels < 128).mean() > 0.002  # there is ink
        assert (pixels > 250).mean() > 0.8  # on white


def test_a_dictionary_will_do(tmp_path, drawn):
    curves({"loss": [3, 2, 1]}, str(tmp_path / "curves.png"))
    (line,) = drawn[0].axes[0].get_lines()
    np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])


def test_a_single_epoch_shows_as_a_mark(tmp_path, drawn):
    curves({"loss": [3.0], "val_loss": [float("nan")]}, tmp_path / "curves.png")
    assert drawn[0].axes[0].get_lines()[0].get_marker() == "o"


def test_nothing_to_draw_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no epoch"):
        curves(History(), tmp_path / "curves.png")
    assert list(tmp_path.iterdir()) == []


def test_unknown_formats_are_refused_before_drawing(history, tmp_path):
    for name in ("curves.docx", "curves"):
        with pytest.raises(ValueError, match=r"\.png"):
            curves(history, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_picture(history, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    path = tmp_path / "curves.png"
    path.write_bytes(b"old")

    def fail(self, *args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        curves(history, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_global_state_is_touched(history, tmp_path):
    import sys

    backend = dict.__getitem__(matplotlib.rcParams, "backend")
    had_pyplot = "matplotlib.pyplot" in sys.modules
    curves(history, tmp_path / "curves.png")
    assert dict.__getitem__(matplotlib.rcParams, "backend") == backend
    assert ("matplotlib.pyplot" in sys.modules) == had_pyplot
    assert figure_module.BLUE != figure_module.ORANGE
