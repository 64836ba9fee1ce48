"""``theano.scan`` and its shortcuts, forward and backward."""

import importlib
import sys

import numpy as np
import theano
import theano.tensor as T
from legacy.theano_1_0.values import PYTHON, value
from numpy.testing import assert_allclose, assert_array_equal


class TestScan:
    def test_states_of_known_length_become_products(self, x, rng):
        """Legacy recurrent networks start from T.zeros or T.alloc."""
        w = rng.normal(size=(4, 4))
        weights, steps = theano.shared(w), T.dtensor3()
        starts = [T.zeros((2, 4), "float64"), T.alloc(np.float64(0), steps.shape[1], 4)]
        states, _ = theano.scan(
            lambda row, a, b: [T.tanh(row + T.dot(a, weights)), b + a],
            sequences=steps,
            outputs_info=starts,
            mode=PYTHON,
        )
        function = theano.function([steps], states, mode=PYTHON)
        data = np.stack([x, x + 1], axis=1)
        a = b = np.zeros((2, 4))
        for found_a, found_b, row in zip(*function(data), data):
            a, b = np.tanh(row + a @ w), b + a
            assert_allclose(found_a, a)
            assert_allclose(found_b, b)

    def test_gradients_agree_with_finite_differences(self, x, rng):
        w0 = rng.normal(size=(4, 4)) * 0.3
        weights, steps = T.dmatrix(), T.constant(x)
        states, _ = theano.scan(
            lambda row, state, w: T.tanh(row + T.dot(state, w)),
            sequences=steps,
            outputs_info=T.zeros((4,), "float64"),
            non_sequences=weights,
            strict=True,
            mode=PYTHON,
        )
        cost = (states[-1] ** 2).sum()
        function = theano.function([weights], [cost, T.grad(cost, weights)], mode=PYTHON)
        _, gradient = function(w0)
        for i, j in [(0, 0), (1, 3), (3, 2)]:
            step = np.zeros_like(w0)
            step[i, j] = 1e-6
            expected = (function(w0 + step)[0] - function(w0 - step)[0]) / 2e-6
            assert_allclose(gradient[i, j], expected, rtol=1e-5, atol=1e-8)

    def test_its_loop_is_compiled_or_left_to_python(self):
        """Aesara's C for it does not compile on every Python."""
        try:
            importlib.import_module("aesara.scan.scan_perform_ext")
        except ImportError:
            assert sys.version_info >= (3, 12)

    def test_taps_until_and_updates(self):
        count = theano.shared(0)
        fibonacci, updates = theano.scan(
            lambda a, b: (a + b, {count: count + 1}, theano.scan_module.until(a + b > 50)),
            outputs_info=[{"initial": T.constant(np.array([1, 1])), "taps": [-2, -1]}],
            n_steps=100,
            mode=PYTHON,
        )
        found = theano.function([], fibonacci, updates=updates, mode=PYTHON)()
        assert_array_equal(found, [2, 3, 5, 8, 13, 21, 34, 55])
        assert count.get_value() == len(found)

    def test_shortcuts(self):
        v = T.constant(np.arange(1.0, 5.0))
        zero = T.constant(np.float64(0))
        squares, _ = theano.map(lambda a: a**2, v, mode=PYTHON)
        total, _ = theano.reduce(lambda a, sum_: a + sum_, v, zero, mode=PYTHON)
        left, _ = theano.foldl(lambda a, rest: a - rest, v, zero, mode=PYTHON)
        right, _ = theano.foldr(lambda a, rest: a - rest, v, zero, mode=PYTHON)
        found = value(squares, total, left, right)
        assert_allclose(found[0], [1, 4, 9, 16])
        assert_allclose(found[1:], [10, 4 - (3 - (2 - 1)), 1 - (2 - (3 - 4))])
