"""Labels to targets, class names, class weights."""

import numpy as np
import pytest

from theano_transfer.tuning import DataMismatchError
from theano_transfer.tuning._targets import (
    check_classes,
    class_weights,
    item_weights,
    to_targets,
)


def targets(labels, task="classification", outputs=3, indices=False):
    return to_targets(labels, task=task, outputs=outputs, indices=indices)


def test_class_numbers_become_rows_or_stay():
    np.testing.assert_array_equal(targets([0, 2]), [[1, 0, 0], [0, 0, 1]])
    found = targets([0, 2], indices=True)
    np.testing.assert_array_equal(found, [0, 2])
    assert found.dtype == np.int32


def test_rows_stay_or_become_class_numbers():
    rows = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    np.testing.assert_array_equal(targets(rows), rows)
    np.testing.assert_array_equal(targets(rows, indices=True), [1, 0])
    assert targets(rows).dtype == np.float32


def test_a_column_of_class_numbers_is_taken_too():
    np.testing.assert_array_equal(targets([[0], [2]], indices=True), [0, 2])


def test_whole_floats_are_class_numbers():
    np.testing.assert_array_equal(targets([0.0, 2.0], indices=True), [0, 2])


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([0, 3], "0 to 3, but the model has 3 classes"),
        ([-1, 0], "-1 to 0"),
        ([0.5, 1.0], "task='regression'"),
        ([[1, 0], [0, 1]], "row of 2 numbers"),
        (["cat", "dog"], "numbers as labels"),
        (np.zeros((2, 3, 4)), "shape"),
    ],
)
def test_class_numbers_that_do_not_fit(labels, text):
    with pytest.raises(DataMismatchError, match=text):
        targets(labels)


def test_binary_targets_are_a_column():
    for labels in ([0, 1, 1], [[0], [1], [1]], [[1, 0], [0, 1], [0, 1]], [False, True, True]):
        np.testing.assert_array_equal(targets(labels, "binary", 1), [[0], [1], [1]])


def test_several_labels_are_not_taken_for_a_binary_model():
    with pytest.raises(DataMismatchError, match="multilabel"):
        targets([[1, 1], [0, 1]], "binary", 1)


@pytest.mark.parametrize("labels", [[0, 2], [-1, 0]])
def test_binary_labels_outside_zero_and_one(labels):
    with pytest.raises(DataMismatchError, match="from 0 to 1"):
        targets(labels, "binary", 1)


def test_multilabel_targets_are_rows():
    rows = [[1, 1, 0], [0, 0, 0]]
    np.testing.assert_array_equal(targets(rows, "multilabel"), rows)
    with pytest.raises(DataMismatchError, match=r"\(n, 3\)"):
        targets([0, 2], "multilabel")


def test_regression_targets_are_any_finite_numbers():
    np.testing.assert_array_equal(targets([-3.5, 2], "regression", 1), [[-3.5], [2]])
    np.testing.assert_array_equal(targets([[1, 2], [3, 4]], "regression", 2), [[1, 2], [3, 4]])
    with pytest.raises(DataMismatchError, match="finite"):
        targets([np.nan, 1], "regression", 1)
    with pytest.raises(DataMismatchError, match=r"\(n, 2\); got \(2,\)"):
        targets([1, 2], "regression", 2)


def test_class_names_that_agree_pass():
    check_classes(None, ["a", "b"], 2)
    check_classes(["a", "b"], None, 2)
    check_classes(["a", "b"], ["a", "b"], 2)


def test_class_names_that_differ_are_listed():
    with pytest.raises(DataMismatchError, match=r"has 3 classes \(a, b, c\), the model has 2"):
        check_classes(["a", "b", "c"], ["a", "b"], 2)
    with pytest.raises(DataMismatchError, match="1: 'b' in the model, 'c' in the data"):
        check_classes(["a", "c"], ["a", "b"], 2)


def weights(given, **options):
    options = {"task": "classification", "classes": ["a", "b", "c"], "count": 3, **options}
    return class_weights(given, **options)


def test_class_weights_by_name_number_or_sequence():
    assert weights(None) is None
    np.testing.assert_array_equal(weights({"b": 2.0, 2: 0.5}), [1, 2, 0.5])
    np.testing.assert_array_equal(weights([1, 2, 3]), [1, 2, 3])


def test_balanced_class_weights_follow_their_formula():
    labels = np.array([0] * 6 + [1] * 3 + [2] * 1)
    expected = [10 / (3 * 6), 10 / (3 * 3), 10 / (3 * 1)]
    np.testing.assert_allclose(weights("balanced", labels=labels), expected)
    np.testing.assert_allclose(weights("balanced", labels=np.eye(3)[labels]), expected)
    # together the items then weigh as much as without weights
    assert weights("balanced", labels=labels)[labels].sum() == pytest.approx(10)


def test_balanced_weights_of_a_class_without_pictures_are_finite():
    assert np.isfinite(weights("balanced", labels=np.array([0, 1]))).all()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("equal", "'balanced'"),
        ({"d": 1}, "class 'd'.*a, b, c"),
        ({3: 1}, "class 3"),
        ([1, 2], "3 classes"),
        ([1, 2, -1], "not negative"),
        ({"a": float("nan")}, "finite"),
    ],
)
def test_wrong_class_weights(given, text):
    with pytest.raises(ValueError, match=text):
        weights(given)


def test_balanced_weights_need_labels():
    with pytest.raises(ValueError, match="iterator"):
        weights("balanced")


def test_class_weights_are_for_classes():
    with pytest.raises(ValueError, match="regression"):
        weights({0: 1}, task="regression")


def test_items_get_the_weight_of_their_class():
    by_class = np.array([1.0, 10.0, 100.0])
    np.testing.assert_array_equal(item_weights(np.array([2, 0]), by_class), [100, 1])
    np.testing.assert_array_equal(item_weights(np.eye(3)[[2, 0]], by_class), [100, 1])
    np.testing.assert_array_equal(item_weights(np.array([[1.0], [0.0]]), by_class[:2]), [10, 1])
