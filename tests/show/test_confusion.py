"""Confusion matrices."""

import numpy as np
import pytest
from PIL import Image

from theano_transfer.show import confusion_matrix, count_confusions

TRUE = [0, 0, 0, 1, 1, 2]
PREDICTED = [0, 0, 1, 1, 2, 2]
MATRIX = [[2, 1, 0], [0, 1, 1], [0, 0, 1]]


def test_rows_are_true_and_columns_predicted():
    np.testing.assert_array_equal(count_confusions(TRUE, PREDICTED, 3), MATRIX)


def test_rows_of_numbers_count_by_their_largest():
    one_hot = np.eye(3)
    np.testing.assert_array_equal(
        count_confusions(one_hot[TRUE], 0.2 + one_hot[PREDICTED], 3), MATRIX
    )


def test_a_column_of_probabilities_is_two_classes():
    found = count_confusions([0, 1, 1], [[0.2], [0.7], [0.4]], 2)
    np.testing.assert_array_equal(found, [[1, 0], [1, 1]])


def test_classes_that_never_occur_have_their_row():
    np.testing.assert_array_equal(count_confusions([0], [0], 3), np.diag([1, 0, 0]))


@pytest.mark.parametrize(
    ("true", "predicted", "text"),
    [
        ([0, 1], [0], "2 entries and y_pred has 1"),
        ([0, 3], [0, 1], "y_true runs from 0 to 3"),
        ([0, 1], [0, -1], "y_pred runs from -1"),
        ([0.5, 1], [0, 1], "no class numbers"),
        (["a", "b"], [0, 1], "y_true holds"),
    ],
)
def test_what_makes_no_sense_is_refused(true, predicted, text):
    with pytest.raises(ValueError, match=text):
        count_confusions(true, predicted, 3)


@pytest.mark.parametrize("classes", [3, ["ant", "bee", "cat"]])
def test_it_is_drawn(tmp_path, classes):
    path = tmp_path / "confusion.png"
    found = confusion_matrix(TRUE, PREDICTED, classes, path)
    np.testing.assert_array_equal(found, MATRIX)
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0] > 60).mean()
    assert blue > 0.02


def test_without_a_path_it_is_only_counted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    confusion_matrix(TRUE, PREDICTED, 3)
    assert list(tmp_path.iterdir()) == []


def test_numbers_are_written_into_their_cells(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    figures = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: figures.append(self))
    confusion_matrix(TRUE, PREDICTED, ["ant", "bee", "cat"], tmp_path / "confusion.png")
    axes = figures[0].axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "2", (1, 0): "1", (1, 1): "1", (2, 1): "1", (2, 2): "1"}
    assert axes.get_title() == "4 of 6 right"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ant", "bee", "cat"]
