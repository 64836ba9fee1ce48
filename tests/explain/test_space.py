"""Neighbours and projections."""

import numpy as np
import pytest

from theano_transfer import explain

pytest.importorskip("sklearn")


@pytest.fixture
def features(rng):
    """Two groups of 20 points, far apart along one direction of 10."""
    points = rng.normal(size=(40, 10)).astype(np.float32)
    points[20:, 0] += 50
    return points


def test_neighbours_are_those_of_all_distances(features):
    indices, distances = explain.nearest_neighbours(features, count=4, metric="euclidean")
    away = np.linalg.norm(features[:, None].astype(float) - features, axis=2)
    np.fill_diagonal(away, np.inf)
    np.testing.assert_array_equal(indices, np.argsort(away, axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(away, axis=1)[:, :4], rtol=1e-4)


def test_queries_are_looked_up_among_others(features):
    indices, distances = explain.nearest_neighbours(features, features[7:9] * 3, count=2)
    np.testing.assert_array_equal(indices[:, 0], [7, 8])  # length says nothing to the cosine
    np.testing.assert_allclose(distances[:, 0], 0, atol=1e-6)


@pytest.mark.parametrize("count", [0, 40])
def test_too_many_neighbours_are_refused(features, count):
    with pytest.raises(ValueError, match="1 to 39"):
        explain.nearest_neighbours(features, count=count)


def test_principal_components_are_those_of_the_singular_values(features):
    found = explain.project(features)
    centred = features - features.mean(axis=0, dtype=float)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(found), np.abs(u[:, :2] * s[:2]), rtol=1e-3, atol=1e-3)


def test_groups_stay_apart_in_t_sne(features):
    found = explain.project(features, "tsne", seed=1)
    assert found.shape == (40, 2)
    middles = found[:20].mean(axis=0), found[20:].mean(axis=0)
    spread = max(found[:20].std(), found[20:].std())
    assert np.linalg.norm(middles[0] - middles[1]) > spread
    np.testing.assert_array_equal(found, explain.project(features, "tsne", seed=1))


def test_wrong_projections_name_the_nearest(features):
    with pytest.raises(ValueError, match="'tsne'"):
        explain.project(features, "t-sne")
    with pytest.raises(ValueError, match="three pictures"):
        explain.project(features[:2])
