"""Pictures as points: neighbours, and maps of them all in two dimensions."""

from __future__ import annotations

import numpy as np

from theano_transfer._choice import checked_choice
from theano_transfer._optional import optional
from theano_transfer._suggest import checks_options

METHODS = ("pca", "tsne")


@checks_options
def nearest_neighbours(features, queries=None, count=5, *, metric="cosine"):
    """Which pictures are alike to the network.

    Parameters
    ----------
    features : array (n, d)
        Of the pictures to look among, from ``tt.FeatureExtractor(...).transform(pictures)``.
    queries : array (m, d), optional
        Of the pictures whose neighbours are sought. If None, those of `features`, each without
        itself.
    count : int
    metric : str
        As scikit-learn's ``NearestNeighbors`` takes it: 'cosine', 'euclidean' and so on.

    Returns
    -------
    indices : int array (m, count)
        Rows of `features`, the nearest first.
    distances : array (m, count)

    Raises
    ------
    ImportError
        If scikit-learn is missing.
    """
    search = optional("sklearn.neighbors").NearestNeighbors
    features = _matrix(features, "features")
    others = len(features) - (queries is None)
    if not 1 <= count <= others:
        raise ValueError(f"count is an int from 1 to {others}, the pictures there are; got {count}")
    found = search(n_neighbors=count, metric=metric).fit(features)
    # Without X, scikit-learn leaves each point out of its own neighbours.
    asked = () if queries is None else (_matrix(queries, "queries"),)
    distances, indices = found.kneighbors(*asked)
    return indices, distances


def project(features, method="pca", *, seed=0, **options) -> np.ndarray:
    """Features as points of the plane.

    Parameters
    ----------
    features : array (n, d)
    method : {'pca', 'tsne'}
        Principal components: straight, and the same at any time. t-SNE (van der Maaten and
        Hinton, 2008, https://jmlr.org/papers/v9/vandermaaten08a.html): neighbours stay
        neighbours, distances between groups mean little.
    seed : int
        Of t-SNE.
    **options
        Of scikit-learn's ``PCA`` or ``TSNE``, such as ``perplexity=10``.

    Returns
    -------
    float32 array (n, 2)

    Raises
    ------
    ImportError
        If scikit-learn is missing.
    ValueError
        If there is no such method, or there are too few pictures.
    """
    checked_choice(method, METHODS, "projection")
    features = _matrix(features, "features")
    if len(features) < 3:
        raise ValueError(f"a map takes three pictures or more; got {len(features)}")
    if method == "pca":
        made = optional("sklearn.decomposition").PCA(n_components=2, svd_solver="full", **options)
    else:
        options.setdefault("perplexity", min(30.0, (len(features) - 1) / 3))
        options.setdefault("init", "pca")
        made = optional("sklearn.manifold").TSNE(n_components=2, random_state=seed, **options)
    return made.fit_transform(features).astype(np.float32)


def _matrix(values, name) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 2 or values.dtype.kind not in "iuf":
        raise ValueError(
            f"{name} is an array (n, d) of numbers; got {values.dtype}, {values.shape}"
        )
    return values
