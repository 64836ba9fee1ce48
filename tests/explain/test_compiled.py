"""Compiled functions: guided rectifiers in C."""

import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.explain._guided import GUIDED

MODE = theano.config.mode


@pytest.fixture
def compiled():
    with theano.config.change_flags(mode=MODE):
        yield


def test_guided_rectifiers_in_c(compiled):
    x, weight = T.vectors("x", "weight")
    outputs = []
    for rectify in GUIDED.values():
        y = rectify(x)
        outputs += [y, theano.grad((y * weight).sum(), x)]
    value = np.array([-1, 0, 2, 2, 7, 7], np.float32)
    weights = np.array([1, 1, 1, -1, 1, -1], np.float32)
    found = theano.function([x, weight], outputs)(value, weights)
    for (y, slope), ceiling in zip((found[:2], found[2:]), (np.inf, 6)):
        np.testing.assert_array_equal(y, value.clip(0, ceiling))
        passes = (value > 0) & (value < ceiling) & (weights > 0)
        np.testing.assert_array_equal(slope, passes)
