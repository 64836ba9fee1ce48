import re

import h5py
import numpy as np
import pytest

from theano_transfer import weights
from theano_transfer.cli._inspect import brief
from theano_transfer.weights._bundled import bundled_file


def write(path, **arrays):
    params = {name.replace("__", "/"): array for name, array in arrays.items()}
    weights.write(path, params, {"model": "none", "classes": [f"class {k}" for k in range(10)]})


def test_a_file_of_ours_is_listed_and_checked(tmp_path, run):
    path = tmp_path / "w.h5"
    write(path, conv__W=np.ones((4, 3, 5, 5), np.float32), conv__b=np.ones(4, np.float32))
    status, out, err = run("inspect", path)
    assert (status, err) == (0, "")
    assert "theano_transfer weights" in out
    assert "model: none" in out
    assert "10 items: " in out
    assert re.search(r"^conv\.W +4 x 3 x 5 x 5 +float32 +300$", out, re.MULTILINE)
    assert "1 layers, 2 arrays, 304 numbers" in out
    assert "SHA-256" in out
    assert "all values are finite" in out


def test_the_shipped_weights_are_sound(run):
    status, out, _ = run("inspect", bundled_file("efficientnet_lite0_imagenet.h5"), "--brief")
    assert status == 0
    assert "model: efficientnet_lite0" in out
    assert "licence" in out
    assert "all values are finite" in out
    assert "stem_conv.W" not in out


def test_a_saved_model_says_what_it_is(trained, run):
    status, out, _ = run("inspect", trained)
    assert status == 0
    assert "a saved model (efficientnet_lite0 with a new head)" in out
    assert "head_predictions.W" in out


def test_values_that_are_not_finite_are_counted(tmp_path, run):
    path = tmp_path / "w.h5"
    values = np.ones((4, 2), np.float32)
    values[1] = np.nan, np.inf
    write(path, dense__W=values, dense__b=np.ones(2, np.float32))
    status, out, _ = run("inspect", path)
    assert status == 1
    assert "dense.W: 2 of 8 values are NaN or infinite" in out
    assert "all values are finite" not in out


def test_a_changed_byte_is_found(tmp_path, run):
    path = tmp_path / "w.h5"
    values = np.arange(1000, dtype=np.float32)
    write(path, dense__W=values)
    data = path.read_bytes()
    start = data.index(values[500:600].tobytes())
    path.write_bytes(data[:start] + bytes([data[start] ^ 1]) + data[start + 1 :])
    status, _, err = run("inspect", path)
    assert status == 1
    assert "dense/W" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x80\x04\x95pickle", "pickle"),
        (b"<!DOCTYPE html>", "HTML"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
    ],
)
def test_another_kind_of_file_is_called_by_its_name(content, said, tmp_path, run):
    path = tmp_path / "file.h5"
    path.write_bytes(content)
    status, _, err = run("inspect", path)
    assert status == 1
    assert said in err


def test_a_cut_file_is_an_error(tmp_path, run):
    path = tmp_path / "w.h5"
    write(path, dense__W=np.zeros(10_000, np.float32))
    path.write_bytes(path.read_bytes()[:5000])
    status, _, err = run("inspect", path)
    assert status == 1
    assert str(path) in err


def test_texts_of_a_file_cannot_drive_the_terminal(tmp_path, run):
    path = tmp_path / "w.h5"
    weights.write(path, {"a/W": np.ones(2, np.float32)}, {"model": "\x1b]0;title\x07"})
    _, out, _ = run("inspect", path)
    assert "\x1b" not in out
    assert "\\x1b]0;title\\x07" in out


def test_an_unknown_hdf5_file_is_refused(tmp_path, run):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["numbers"] = np.ones(3)
    status, _, err = run("inspect", path)
    assert status == 1
    assert "numbers" in err


def test_long_values_are_cut():
    assert brief(list(range(1000))) == "1000 items: 0, 1, 2, ..."
    assert brief("x" * 500) == "x" * 100 + "..."
    assert brief({"a": [1, 2], "b": None}) == "{a: [1, 2], b: null}"
