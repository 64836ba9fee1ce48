"""``theano.tensor.slinalg`` and ``nlinalg``."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from legacy.theano_1_0.values import value
from numpy.testing import assert_allclose


class TestLinalg:
    @theano.configparser.change_flags(floatX="float64")  # what lstsq's results are declared as
    def test_solvers(self, x):
        from theano.tensor import nlinalg, slinalg

        a = x @ x.T + np.eye(3)
        b = x[:, 0]
        lower = np.linalg.cholesky(a)
        c, v = T.constant(a), T.constant(b)
        found = value(
            slinalg.solve(c, v),
            slinalg.Solve("lower_triangular", lower=True)(slinalg.cholesky(c), v),
            nlinalg.lstsq()(T.constant(x.T), T.constant(x[:1].T), -1)[0],
            nlinalg.alloc_diag(v),
            nlinalg.diag(c),
        )
        expected = [
            np.linalg.solve(a, b),
            np.linalg.solve(lower, b),
            np.linalg.lstsq(x.T, x[:1].T, rcond=None)[0],
            np.diag(b),
            np.diag(a),
        ]
        for one, other in zip(found, expected):
            assert_allclose(one, other, atol=1e-10)

    @pytest.mark.parametrize("lower", [True, False])
    def test_the_gradient_of_cholesky(self, lower, x, rng):
        """Cholesky reads one triangle, whose elements differences move one at a time."""
        from theano.tensor import slinalg

        a, weights = x @ x.T + np.eye(3), rng.normal(size=(3, 3))

        def cost(matrix):
            symmetric = np.tril(matrix) + np.tril(matrix, -1).T
            factor = np.linalg.cholesky(symmetric)
            return (weights * (factor if lower else factor.T)).sum()

        c = T.constant(a)
        found = value(
            slinalg.CholeskyGrad(lower)(c, slinalg.Cholesky(lower)(c), T.constant(weights))
        )
        expected = np.zeros((3, 3))
        for i, j in zip(*np.tril_indices(3)):
            step = np.zeros((3, 3))
            step[i, j] = 1e-6
            slope = (cost(a + step) - cost(a - step)) / 2e-6
            expected[(i, j) if lower else (j, i)] = slope
        assert_allclose(found, expected, atol=1e-7)

    def test_the_gradient_of_cholesky_refuses(self):
        from theano.tensor import slinalg

        m = T.dmatrix()
        with pytest.raises(ValueError, match="lower=False"):
            slinalg.CholeskyGrad(False)(m, slinalg.cholesky(m), m)
        with pytest.raises(ValueError, match="matrices"):
            slinalg.CholeskyGrad()(m, m, T.dvector())
