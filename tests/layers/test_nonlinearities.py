import numpy as np
import theano
import theano.tensor as T

from theano_transfer.layers import relu6


def test_relu6_cuts_off_at_both_ends():
    x = T.vector()
    values = np.array([-np.inf, -1, 0, 0.5, 6, 6.5, np.inf], theano.config.floatX)
    found = theano.function([x], relu6(x))(values)
    np.testing.assert_array_equal(found, [0, 0, 0, 0.5, 6, 6, 6])
    assert found.dtype == theano.config.floatX


def test_relu6_passes_gradients_between_the_ends():
    x = T.vector()
    values = np.array([-1, 0.5, 5.5, 7], theano.config.floatX)
    found = theano.function([x], T.grad(relu6(x).sum(), x))(values)
    np.testing.assert_array_equal(found, [0, 1, 1, 0])
