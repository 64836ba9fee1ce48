"""Optimisers: adamax against NumPy, the others found by name and moving what they should."""

from functools import partial

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.tuning import adamax
from theano_transfer.tuning._optimizers import OPTIMIZERS, find_optimizer

TARGET = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], "float32")


def numpy_adamax(gradients, start, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Algorithm 2 of Kingma and Ba (2014), step by step in float64."""
    theta = start.astype(float)
    m = np.zeros_like(theta)
    u = np.zeros_like(theta)
    for t, gradient in enumerate(gradients(theta), start=1):
        m = beta1 * m + (1 - beta1) * gradient
        u = np.maximum(beta2 * u, abs(gradient))
        theta -= rate / (1 - beta1**t) * m / (u + epsilon)
        yield theta.copy()


def quadratic():
    param = theano.shared(np.zeros_like(TARGET), name="param")
    return param, ((param - TARGET) ** 2).sum()


def test_adamax_is_the_algorithm_of_the_paper():
    param, loss = quadratic()
    step = theano.function([], loss, updates=adamax(loss, [param], 0.1))

    def gradients(theta):  # theta is changed in place between the steps
        for _ in range(30):
            yield 2 * (theta - TARGET)

    for expected in numpy_adamax(gradients, np.zeros_like(TARGET), 0.1):
        step()
        np.testing.assert_allclose(param.get_value(), expected, rtol=1e-4, atol=1e-5)
    assert abs(param.get_value() - TARGET).max() < 1


def test_adamax_takes_gradients_and_a_symbolic_rate():
    param, loss = quadratic()
    rate = theano.shared(np.float32(0.1))
    gradients = T.grad(loss, [param])
    step = theano.function([], loss, updates=adamax(gradients, [param], rate))
    step()
    # the first step has the length of the rate, whatever the gradient
    np.testing.assert_allclose(param.get_value(), 0.1 * np.sign(TARGET), rtol=1e-5)


def test_adamax_leaves_alone_what_has_no_slope():
    param, _ = quadratic()
    step = theano.function([], updates=adamax([T.zeros_like(param)], [param], 0.1))
    step()
    np.testing.assert_array_equal(param.get_value(), 0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_by_name_descends(name):
    update, rate = find_optimizer(name)
    param, loss = quadratic()
    step = theano.function([], loss, updates=update(loss, [param], rate))
    losses = [float(step()) for _ in range(20)]
    assert losses[-1] < losses[0]
    assert np.isfinite(losses).all()


def test_names_are_those_of_the_manual():
    expected = "sgd momentum nesterov adagrad rmsprop adadelta adam adamax"
    assert list(OPTIMIZERS) == expected.split()


def test_functions_are_taken_as_they_are():
    own = partial(lasagne.updates.momentum, momentum=0.5)
    assert find_optimizer(own)[0] is own


def test_unknown_names_are_answered_with_known_ones():
    with pytest.raises(ValueError, match=r"'adma'.*adamax"):
        find_optimizer("adma")
    with pytest.raises(TypeError, match="update"):
        find_optimizer(None)
