"""The options of ``theano.tensor.grad``, and what it is part of."""

import numpy as np
import theano
import theano.tensor as T
from legacy.theano_1_0.values import PYTHON
from numpy.testing import assert_allclose


class TestGradients:
    def test_options(self, x):
        a, b = T.dvectors("ab")
        cost, product = (a**2 * b).sum(), a * b
        other = theano.shared(np.ones(4))
        outputs = [
            T.grad(cost, a, consider_constant=[b], add_names=False),
            *T.grad(cost, [a, other], disconnected_inputs="ignore"),
            T.grad(None, a, known_grads={product: T.ones_like(product) * 3}),
            T.Rop(a**2 * b, a, b),
            T.Lop(a**2 * b, a, b),
            theano.gradient.jacobian(a**2 * b, a),
            theano.gradient.hessian(cost, a),
        ]
        v, w = x[0], x[1]
        found = theano.function([a, b], outputs, mode=PYTHON)(v, w)
        slope = 2 * v * w
        expected = [slope, slope, 0 * v, 3 * w, slope * w, slope * w, np.diag(slope)]
        for one, other in zip(found, [*expected, np.diag(2 * w)]):
            assert_allclose(one, other)

    def test_second_derivatives_of_the_rectifier(self, x):
        a = T.dvector()
        outputs = [
            theano.gradient.hessian((T.nnet.relu(a) ** 3).sum(), a),
            T.Rop(T.nnet.relu(a), a, a),
        ]
        hessian, product = theano.function([a], outputs, mode=PYTHON)(x[0])
        assert_allclose(hessian, np.diag(6 * np.maximum(x[0], 0)))
        assert_allclose(product, np.maximum(x[0], 0))
