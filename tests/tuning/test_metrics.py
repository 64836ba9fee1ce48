"""Metrics against NumPy."""

import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer import tuning
from theano_transfer.tuning._metrics import find_metrics

RNG = np.random.default_rng(0)
PREDICTION = RNG.uniform(size=(40, 9)).astype("float32")
LABELS = RNG.integers(0, 9, 40).astype("int32")
ONE_HOT = np.eye(9, dtype="float32")[LABELS]
YES_NO = RNG.integers(0, 2, (40, 9)).astype("float32")


def computed(metric, prediction, target):
    p, t = T.matrix(), T.ivector() if target.ndim == 1 else T.matrix()
    return theano.function([p, t], metric(p, t))(prediction, target)


@pytest.mark.parametrize("target", [LABELS, ONE_HOT])
def test_categorical_accuracy(target):
    found = computed(tuning.categorical_accuracy, PREDICTION, target)
    np.testing.assert_array_equal(found, PREDICTION.argmax(axis=1) == LABELS)
    assert 0 < found.sum() < 40


@pytest.mark.parametrize("target", [LABELS, ONE_HOT])
def test_top5_accuracy(target):
    found = computed(tuning.top5_accuracy, PREDICTION, target)
    best = np.argsort(-PREDICTION, axis=1)[:, :5]
    np.testing.assert_array_equal(found, [label in row for label, row in zip(LABELS, best)])
    assert 0 < found.sum() < 40


def test_binary_accuracy():
    found = computed(tuning.binary_accuracy, PREDICTION, YES_NO)
    np.testing.assert_allclose(found, ((PREDICTION > 0.5) == (YES_NO > 0.5)).mean(axis=1))


def test_names():
    assert find_metrics(None, "classification") == {"accuracy": tuning.categorical_accuracy}
    assert find_metrics(None, "regression") == {"mae": tuning.mae}
    assert find_metrics("acc", "multilabel") == {"acc": tuning.binary_accuracy}
    assert list(find_metrics(["accuracy", "top5_accuracy"], "classification")) == [
        "accuracy",
        "top5_accuracy",
    ]
    assert find_metrics(["binary_crossentropy"], "binary")
    assert find_metrics([], "binary") == {}


def test_functions_keep_their_names():
    def hits(prediction, target):
        return target

    assert find_metrics([hits, "mse"], "regression") == {"hits": hits, "mse": tuning.mse}


@pytest.mark.parametrize(
    ("metric", "task", "text"),
    [
        ("acuracy", "classification", "'acuracy'.*top5_accuracy"),
        ("accuracy", "regression", "no accuracy"),
        ("top5_accuracy", "binary", "compares classes"),
    ],
)
def test_what_makes_no_sense_is_refused(metric, task, text):
    with pytest.raises(ValueError, match=text):
        find_metrics([metric], task)


def test_the_column_loss_is_taken():
    def loss(prediction, target):
        return target

    with pytest.raises(ValueError, match="'loss'"):
        find_metrics([loss], "regression")
