"""Orders of axes, held against their definitions one element at a time."""

import numpy as np
import pytest

from theano_transfer.weights._arrange import arrange


@pytest.mark.parametrize("flip", [False, True])
def test_kernel(rng, flip):
    stored = rng.standard_normal((3, 5, 2, 4))
    arrangement = arrange(stored.shape, (4, 2, 3, 5), flip=flip)
    result = arrangement.apply(stored)
    assert arrangement.shape == result.shape == (4, 2, 3, 5)
    for r, c, i, o in np.ndindex(stored.shape):
        row, column = (2 - r, 4 - c) if flip else (r, c)
        assert result[o, i, row, column] == stored[r, c, i, o]
    assert ("180" in arrangement.note) == flip


def test_depthwise_kernel(rng):
    stored = rng.standard_normal((3, 5, 4, 2))
    arrangement = arrange(stored.shape, (8, 1, 3, 5))
    result = arrangement.apply(stored)
    assert arrangement.shape == result.shape == (8, 1, 3, 5)
    for r, c, channel, m in np.ndindex(stored.shape):
        assert result[channel * 2 + m, 0, r, c] == stored[r, c, channel, m]


def test_depthwise_and_grouped_agree_for_one_channel(rng):
    stored = rng.standard_normal((3, 3, 1, 6))
    result = arrange(stored.shape, (6, 1, 3, 3)).apply(stored)
    for r, c, o in np.ndindex(3, 3, 6):
        assert result[o, 0, r, c] == stored[r, c, 0, o]


def test_dense_behind_flatten(rng):
    stored = rng.standard_normal((2 * 3 * 4, 5))
    arrangement = arrange(stored.shape, stored.shape, flattened=(4, 2, 3))
    result = arrangement.apply(stored.copy())
    picture = rng.standard_normal((2, 3, 4))  # row, column, channel: as Keras has it
    ours = picture.transpose(2, 0, 1)
    np.testing.assert_allclose(ours.ravel() @ result, picture.ravel() @ stored)
    assert "flattened" in arrangement.note


@pytest.mark.parametrize("flattened", [None, (8, 1, 1), (3, 5, 7)])
def test_dense_otherwise_is_left(rng, flattened):
    stored = rng.standard_normal((8, 5))
    arrangement = arrange(stored.shape, (8, 5), flattened=flattened)
    assert arrangement.apply(stored) is stored
    assert arrangement.note == ""


def test_a_kernel_that_cannot_fit_says_what_it_would_be():
    assert arrange((3, 3, 64, 128), (64, 64, 3, 3)).shape == (128, 64, 3, 3)
