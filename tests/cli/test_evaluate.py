import json

import numpy as np
import pytest

from theano_transfer import Model
from theano_transfer.cli._evaluate import measures

pytestmark = pytest.mark.usefixtures("uncompiled")


def test_figures_are_those_of_the_model(trained, pictures, run):
    status, out, err = run("evaluate", trained, pictures, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    expected = Model.load(trained).evaluate(pictures)
    assert found["accuracy"] == pytest.approx(expected["accuracy"], abs=1e-6)
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-4)
    assert found["pictures"] == 18
    assert {name: figures["pictures"] for name, figures in found["classes"].items()} == {
        "animal": 6,
        "building": 6,
        "food": 6,
    }


def test_as_text_with_a_picture_of_the_confusion_matrix(trained, pictures, tmp_path, run):
    path = tmp_path / "confusion.png"
    status, out, _ = run("evaluate", trained, pictures, "--confusion", path)
    assert status == 0
    assert out.startswith("accuracy 0.")
    assert [line.split()[0] for line in out.splitlines()[3:]] == ["animal", "building", "food"]
    assert path.read_bytes().startswith(b"\x89PNG")


def test_measures_by_hand():
    labels = np.array([0, 0, 0, 1])
    predictions = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    matrix = np.array([[2, 1], [0, 1]])
    found = measures(matrix, predictions, labels, ["a", "b"])
    assert found["accuracy"] == 0.75
    assert found["loss"] == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.7]).mean())
    assert found["classes"]["a"] == {"pictures": 3, "recall": pytest.approx(2 / 3), "precision": 1}
    assert found["classes"]["b"] == {"pictures": 1, "recall": 1, "precision": 0.5}


def test_a_binary_model_gives_the_probability_of_the_second_class():
    found = measures(np.eye(2, dtype=int), np.array([[0.2], [0.9]]), np.array([0, 1]), ["a", "b"])
    assert found["loss"] == pytest.approx(-np.log([0.8, 0.9]).mean())


def test_a_class_that_is_never_said_has_no_precision():
    matrix = np.array([[1, 0], [1, 0]])
    predictions = np.array([[1.0, 0.0], [1.0, 0.0]])
    found = measures(matrix, predictions, np.array([0, 1]), ["a", "b"])
    assert found["classes"]["b"]["precision"] is None
    assert np.isfinite(found["loss"])


def test_other_classes_are_refused_with_the_differences(trained, own_pictures, run):
    (own_pictures / "food").rename(own_pictures / "tools")
    status, out, err = run("evaluate", trained, own_pictures)
    assert (status, out) == (1, "")
    assert "food" in err
    assert "tools" in err


def test_a_broken_picture_is_left_out_or_refused(trained, own_pictures, run):
    bad = own_pictures / "food" / "bad.png"
    bad.write_bytes(b"no picture")
    status, out, err = run("evaluate", trained, own_pictures, "--json")
    assert status == 0
    assert json.loads(out)["pictures"] == 18
    assert "bad.png" in err
    status, out, err = run("evaluate", trained, own_pictures, "--on-error", "raise")
    assert (status, out) == (1, "")
    assert "bad.png" in err


def test_a_regression_has_no_classes_to_evaluate(pictures, tmp_path, run):
    model = Model(
        "efficientnet_lite0", weights=None, classes=1, task="regression", input_shape=(3, 32, 32)
    )
    model.save(tmp_path / "regression.h5")
    status, _, err = run("evaluate", tmp_path / "regression.h5", pictures)
    assert status == 1
    assert "regression" in err
