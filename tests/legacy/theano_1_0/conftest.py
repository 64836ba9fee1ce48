"""Where Aesara changed what a name of Theano means: as in Theano, and with NumPy's numbers."""

import warnings

import pytest


@pytest.fixture
def x(rng):
    return rng.normal(size=(3, 4))


@pytest.fixture(autouse=True)
def _no_warnings():
    """Old arguments are silently understood: the deprecations of Aesara's are errors here too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
