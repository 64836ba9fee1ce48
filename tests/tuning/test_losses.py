"""Losses against their formulas in float64, and where formulas fail in float32."""

from functools import partial

import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer import tuning
from theano_transfer.tuning._losses import find_loss, per_item, smoothed
from theano_transfer.tuning._scores import linear, sigmoid, softmax, split_prediction

RNG = np.random.default_rng(0)
SCORES = RNG.normal(0, 2, (6, 4))
LABELS = RNG.integers(0, 4, 6)
ONE_HOT = np.eye(4)[LABELS]
YES_NO = RNG.integers(0, 2, (6, 4)).astype(float)


def np_softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def np_sigmoid(scores):
    return 1 / (1 + np.exp(-scores))


def computed(loss, activation, target, scores=SCORES, gradient=False):
    """Loss of each item from scores through `activation` (None: predictions come as they are)."""
    x = T.matrix()
    t = T.ivector() if np.asarray(target).ndim == 1 else T.matrix()
    value = loss(x if activation is None else activation(x), t)
    outputs = [value, T.grad(value.sum(), x)] if gradient else value
    function = theano.function([x, t], outputs, on_unused_input="ignore")
    return function(
        np.asarray(scores, "float32"),
        np.asarray(target, "int32" if np.asarray(target).ndim == 1 else "float32"),
    )


@pytest.mark.parametrize("through", [softmax, None])
def test_categorical(through):
    given = SCORES if through else np_softmax(SCORES)
    expected = -(ONE_HOT * np.log(np_softmax(SCORES))).sum(axis=1)
    found = computed(tuning.categorical_crossentropy, through, ONE_HOT, given)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    found = computed(tuning.sparse_categorical_crossentropy, through, LABELS, given)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_categorical_with_soft_targets():
    target = np_softmax(RNG.normal(size=(6, 4)))
    found = computed(tuning.categorical_crossentropy, softmax, target)
    expected = -(target * np.log(np_softmax(SCORES))).sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("through", [sigmoid, None])
def test_binary(through):
    p = np_sigmoid(SCORES)
    expected = -(YES_NO * np.log(p) + (1 - YES_NO) * np.log(1 - p)).mean(axis=1)
    found = computed(tuning.binary_crossentropy, through, YES_NO, SCORES if through else p)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_regression_losses():
    target = RNG.normal(size=(6, 4))
    difference = SCORES - target
    found = computed(tuning.mse, linear, target)
    np.testing.assert_allclose(found, (difference**2).mean(axis=1), rtol=1e-5)
    found = computed(tuning.mae, linear, target)
    np.testing.assert_allclose(found, abs(difference).mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize(
    ("loss", "activation", "target"),
    [
        (tuning.categorical_crossentropy, softmax, [[0.0, 1.0]]),
        (tuning.sparse_categorical_crossentropy, softmax, [1]),
        (tuning.binary_crossentropy, sigmoid, [[0.0, 1.0]]),
    ],
)
def test_scores_far_apart_give_finite_losses_and_slopes(loss, activation, target):
    """Softmax and sigmoid of these are exactly 0 and 1 in float32."""
    value, slope = computed(loss, activation, target, [[500.0, -500.0]], gradient=True)
    expected = 1000 if activation is softmax else 500  # the binary loss is a mean over two
    np.testing.assert_allclose(value, [expected], rtol=1e-6)
    np.testing.assert_allclose(slope, [[1, -1]] if activation is softmax else [[0.5, -0.5]])


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (tuning.categorical_crossentropy, [[0.0, 1.0]]),
        (tuning.sparse_categorical_crossentropy, [1]),
        (tuning.binary_crossentropy, [[0.0, 1.0]]),
    ],
)
def test_probabilities_of_zero_give_finite_losses(loss, target):
    value = computed(loss, None, target, [[1.0, 0.0]])
    assert np.isfinite(value).all()
    assert value[0] > 40


def test_the_scores_behind_a_prediction_are_found():
    x = T.matrix()
    for activation in (softmax, sigmoid):
        scores, found = split_prediction(activation(x))
        assert scores is x
        assert found is activation
    assert split_prediction(x) == (x, linear)
    assert split_prediction(2 * softmax(x))[1] is linear
    columns = T.nnet.softmax(x, axis=0)
    assert split_prediction(columns) == (columns, linear)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda p, t: p.sum(axis=1), lambda p: p.sum(axis=1)),
        (lambda p, t: p, lambda p: p.mean(axis=1)),
        (lambda p, t: p.mean(), lambda p: np.full(6, p.mean())),
        (lambda p, t: p.dimshuffle(0, 1, "x"), lambda p: p.mean(axis=1)),
    ],
)
def test_own_losses_become_one_number_for_each_item(expression, expected):
    found = computed(lambda p, t: per_item(expression(p, t), t), None, ONE_HOT)
    np.testing.assert_allclose(found, expected(SCORES), rtol=1e-5)


def test_losses_are_found_by_name():
    assert find_loss(None, "classification").name == "sparse_categorical_crossentropy"
    assert find_loss(None, "regression").name == "mse"
    assert find_loss("mean_squared_error", "regression").function is tuning.mse
    own = find_loss(lambda p, t: p, "multilabel")
    assert own.tasks == ("multilabel",)
    with pytest.raises(ValueError, match=r"'crossentropy'.*categorical_crossentropy"):
        find_loss("crossentropy", "classification")
    with pytest.raises(TypeError, match="name or a function"):
        find_loss(3, "classification")


@pytest.mark.parametrize("gamma", [0.0, 1.5])
def test_focal(gamma):
    p = np_softmax(SCORES)
    expected = -(ONE_HOT * (1 - p) ** gamma * np.log(p)).sum(axis=1)
    loss = partial(tuning.focal, gamma=gamma)
    np.testing.assert_allclose(computed(loss, softmax, ONE_HOT), expected, rtol=1e-4)
    p = np_sigmoid(SCORES)
    each = YES_NO * (1 - p) ** gamma * np.log(p) + (1 - YES_NO) * p**gamma * np.log(1 - p)
    loss = partial(tuning.binary_focal, gamma=gamma)
    np.testing.assert_allclose(computed(loss, sigmoid, YES_NO), -each.mean(axis=1), rtol=1e-4)


@pytest.mark.parametrize("name", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_smoothed_labels_of_classes(name):
    soft = 0.8 * ONE_HOT + 0.2 / 4
    expected = -(soft * np.log(np_softmax(SCORES))).sum(axis=1)
    record = find_loss(name, "classification")
    target = LABELS if record.indices else ONE_HOT
    found = computed(smoothed(record, 0.2).function, softmax, target)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_smoothed_answers_of_yes_or_no():
    soft, p = 0.8 * YES_NO + 0.1, np_sigmoid(SCORES)
    expected = -(soft * np.log(p) + (1 - soft) * np.log(1 - p)).mean(axis=1)
    record = smoothed(find_loss("binary_crossentropy", "multilabel"), 0.2)
    np.testing.assert_allclose(computed(record.function, sigmoid, YES_NO), expected, rtol=1e-5)


def test_a_regression_has_no_labels_to_smooth():
    with pytest.raises(ValueError, match="regression"):
        smoothed(find_loss("mse", "regression"), 0.1)
