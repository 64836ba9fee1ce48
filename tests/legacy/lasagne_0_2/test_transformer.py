"""Spatial transformers against SciPy's interpolation and against a spline solved in NumPy."""

import numpy as np
import pytest
from lasagne.layers import InputLayer, TPSTransformerLayer, TransformerLayer
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import map_coordinates

MODES = {"nearest": "nearest", "mirror": "mirror", "wrap": "grid-wrap"}


def sampled(x, points, size, mode):
    """`x` at points (batch, 2, n) given as (x, y) in [-1, 1], as (batch, channel, *size)."""
    out = np.zeros((*x.shape[:2], *size))
    for b, c in np.ndindex(*x.shape[:2]):
        rows = (points[b, 1] + 1) / 2 * (x.shape[2] - 1)
        columns = (points[b, 0] + 1) / 2 * (x.shape[3] - 1)
        values = map_coordinates(x[b, c], [rows, columns], order=1, mode=MODES[mode])
        out[b, c] = values.reshape(size)
    return out


def grid(rows, columns):
    x, y = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    return np.stack([x.ravel(), y.ravel()])


@pytest.mark.parametrize("border", MODES)
def test_affine(border, rng, computed, gradients_hold):
    x = rng.normal(size=(2, 3, 6, 5))
    theta = np.array([1, 0, 0, 0, 1, 0]) + 0.4 * rng.normal(size=(2, 6))
    layer = TransformerLayer(
        InputLayer((None, 3, 6, 5)), InputLayer((None, 6)), (2, 1), border_mode=border
    )
    points = theta.reshape(2, 2, 3) @ np.concatenate([grid(3, 5), np.ones((1, 15))])
    expected = sampled(x, points, (3, 5), border)
    np.testing.assert_allclose(computed(layer, x, theta), expected, rtol=1e-6, atol=1e-8)
    gradients_hold(layer, x, theta, step=1e-6)


def test_the_identity_changes_nothing(rng, computed):
    x = rng.normal(size=(2, 1, 4, 5))
    theta = np.tile([1.0, 0, 0, 0, 1, 0], (2, 1))
    layer = TransformerLayer(InputLayer((None, 1, None, None)), InputLayer((None, 6)))
    np.testing.assert_allclose(computed(layer, x, theta), x)
    layer = TPSTransformerLayer(
        InputLayer((None, 1, 4, 5)), InputLayer((None, 18)), control_points=9
    )
    np.testing.assert_allclose(computed(layer, x, np.zeros((2, 18))), x, atol=1e-9)


def test_spline(rng, computed, gradients_hold):
    x = rng.normal(size=(2, 2, 5, 6))
    offsets = 0.1 * rng.normal(size=(2, 18))
    layer = TPSTransformerLayer(
        InputLayer((None, 2, 5, 6)), InputLayer((None, 18)), control_points=9
    )
    control = grid(3, 3)
    points = np.stack(
        [
            RBFInterpolator(
                control.T, (control + each.reshape(2, 9)).T, kernel="thin_plate_spline"
            )(grid(5, 6).T).T
            for each in offsets
        ]
    )
    expected = sampled(x, points, (5, 6), "nearest")
    np.testing.assert_allclose(computed(layer, x, offsets), expected, rtol=1e-6, atol=1e-8)
    gradients_hold(layer, x, offsets, step=1e-7, tolerance=1e-4)


def test_what_does_not_fit_says_so():
    images = InputLayer((None, 1, None, 5))
    with pytest.raises(ValueError, match="6"):
        TransformerLayer(images, InputLayer((None, 5)))
    with pytest.raises(ValueError, match="square"):
        TPSTransformerLayer(images, InputLayer((None, 10)), control_points=5)
    with pytest.raises(ValueError, match="known rows"):
        TPSTransformerLayer(images, InputLayer((None, 32)), precompute_grid=True)
    with pytest.raises(ValueError, match="'edge'"):
        TransformerLayer(images, InputLayer((None, 6)), border_mode="edge")
