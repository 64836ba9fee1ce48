import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.layers import hard_sigmoid, hard_swish, relu6, swish


def test_relu6_cuts_off_at_both_ends():
    x = T.vector()
    values = np.array([-np.inf, -1, 0, 0.5, 6, 6.5, np.inf], theano.config.floatX)
    found = theano.function([x], relu6(x))(values)
    np.testing.assert_array_equal(found, [0, 0, 0, 0.5, 6, 6, 6])
    assert found.dtype == theano.config.floatX


def test_whole_numbers_are_rectified_without_a_compiler():
    x = T.lvector()
    mode = theano.compile.mode.Mode(linker="py", optimizer="fast_compile")
    found = theano.function([x], [lasagne.nonlinearities.rectify(x), relu6(x)], mode=mode)(
        [-3, 0, 5, 9]
    )
    np.testing.assert_array_equal(found, [[0, 0, 5, 9], [0, 0, 5, 6]])


def test_relu6_passes_gradients_between_the_ends():
    x = T.vector()
    values = np.array([-1, 0.5, 5.5, 7], theano.config.floatX)
    found = theano.function([x], T.grad(relu6(x).sum(), x))(values)
    np.testing.assert_array_equal(found, [0, 1, 1, 0])


@pytest.mark.parametrize(
    ("nonlinearity", "formula"),
    [
        (swish, lambda x: x / (1 + np.exp(-x))),
        (hard_sigmoid, lambda x: np.clip(x + 3, 0, 6) / 6),
        (hard_swish, lambda x: x * np.clip(x + 3, 0, 6) / 6),
    ],
)
def test_the_swishes_follow_their_formulas_and_have_gradients(nonlinearity, formula):
    x = T.vector()
    y = nonlinearity(x)
    values = np.array([-40, -4, -2.5, -1, 0, 0.5, 2.5, 4, 40], "float64")
    found, slope = theano.function([x], [y, T.grad(y.sum(), x)])(values.astype("float32"))
    np.testing.assert_allclose(found, formula(values), rtol=1e-5, atol=1e-6)
    expected = (formula(values + 1e-5) - formula(values - 1e-5)) / 2e-5
    np.testing.assert_allclose(slope, expected, rtol=1e-3, atol=1e-3)
