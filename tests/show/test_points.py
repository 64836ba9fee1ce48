"""Drawings of points and decisions are written, and what does not fit is not."""

import numpy as np
import pytest
from PIL import Image

from theano_transfer import judging, show

pytest.importorskip("sklearn")


@pytest.fixture
def answers(rng):
    labels = rng.integers(0, 3, 60)
    powers = np.exp(rng.normal(size=(60, 3)) + np.eye(3)[labels])
    return labels, powers / powers.sum(axis=1, keepdims=True)


def colours_in(path):
    with Image.open(path) as image:
        return len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0))


def test_drawings_are_written(answers, rng, tmp_path):
    labels, probabilities = answers
    drawings = {
        "scatter": lambda path: show.scatter(rng.normal(size=(60, 2)), labels, "abc", path),
        "curves": lambda path: show.decision_curves(labels, probabilities, "abc", path),
        # the third class is not there, and cannot be told apart
        "two": lambda path: show.decision_curves(labels % 2, probabilities, "abc", path),
        "reliability": lambda path: show.reliability_diagram(
            judging.reliability(labels, probabilities), path
        ),
        "numbers": lambda path: show.predictions_over_targets(
            probabilities, probabilities + 0.1, path
        ),
        "roc": lambda path: show.decision_curves(labels, probabilities, "abc", path, kinds=["roc"]),
        "map": lambda path: show.picture_map(
            rng.normal(size=(9, 2)), rng.integers(0, 256, (9, 3, 6, 6)), path
        ),
        "many": lambda path: show.scatter(
            rng.normal(size=(60, 2)), labels, [str(k) for k in range(30)], path
        ),
    }
    for name, draw in drawings.items():
        path = tmp_path / f"{name}.png"
        draw(path)
        assert colours_in(path) > 20, name


def test_points_without_labels_are_refused(tmp_path):
    with pytest.raises(ValueError, match="one for each label"):
        show.scatter(np.zeros((3, 2)), [0, 1], "ab", tmp_path / "p.png")
    with pytest.raises(ValueError, match="one for each picture"):
        show.picture_map(np.zeros((3, 2)), np.zeros((2, 3, 4, 4)), tmp_path / "p.png")
    with pytest.raises(ValueError, match="'roc'"):
        show.decision_curves([0], [[1.0, 0.0]], "ab", tmp_path / "p.png", kinds=["rok"])
    assert list(tmp_path.iterdir()) == []
