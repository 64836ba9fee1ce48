"""Predictions that are wrong in known ways, and a small model."""

import numpy as np
import pytest
from tuning.conftest import SIZE, make_small_net

import theano_transfer as tt

CLASSES = ["cat", "dog", "owl"]


@pytest.fixture
def answers(rng):
    """(labels, probabilities) of 200 pictures of three classes, about two thirds right."""
    labels = rng.integers(0, 3, 200)
    scores = rng.normal(size=(200, 3)) + 1.5 * np.eye(3)[labels]
    powers = np.exp(scores)
    return labels, powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module", autouse=True)
def quickly(uncompiled):
    """What is tried here follows from numbers, not from how they are computed."""


@pytest.fixture(scope="module")
def small_model(uncompiled):
    model = tt.Model(make_small_net(), classes=CLASSES, head=["avg"], seed=1)
    model.compile("adam", learning_rate=0.05)
    return model


@pytest.fixture(scope="session")
def small_pictures():
    """(x, y): pictures of three classes, told apart by the channel that is bright."""
    rng = np.random.default_rng(1)
    y = np.arange(24) % 3
    x = rng.integers(0, 120, size=(24, 3, SIZE, SIZE))
    x[np.arange(24), y] += 120
    return x.astype(np.uint8), y.astype(np.int32)
