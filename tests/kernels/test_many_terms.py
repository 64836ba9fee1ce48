"""Sums of very many terms, without a compiler."""

import numpy as np
import pytest
import theano
import theano.tensor as T


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE"])
@pytest.mark.parametrize(("count", "combine"), [(32, np.add), (64, np.multiply)])
def test_any_number_of_terms_without_a_compiler(count, combine, mode, rng):
    variables = [T.fmatrix() for _ in range(count)]
    # what follows is done in place
    result = T.nnet.relu({np.add: T.add, np.multiply: T.mul}[combine](*variables) * 2)
    with theano.config.change_flags(cxx=""):
        function = theano.function(variables, result, mode=mode)
    values = rng.uniform(0.5, 1.2, (count, 2, 3)).astype("f4")
    values[0] *= -1, 1, 1
    expected = np.maximum(combine.reduce(values) * 2, 0)
    np.testing.assert_allclose(function(*values), expected, rtol=1e-5)
