import numpy as np
import pytest
import theano
import theano.tensor as T


def test_sequences_taps_and_gradients(agree, with_gradients, rng):
    x, w = T.matrix("x"), T.matrix("w")

    def step(now, before, last, other, w):
        state = T.tanh(T.dot(now, w) + 0.5 * before - 0.1 * last)
        return state, other + state.sum(), state * 2

    outputs, _ = theano.scan(
        step,
        sequences=x,
        outputs_info=[{"initial": x[:2] * 0, "taps": [-2, -1]}, T.zeros(()), None],
        non_sequences=w,
    )
    found = [v for y in outputs for v in with_gradients(y, x, w)]
    found += [outputs[0][-1], outputs[2][::2]]
    values = [rng.normal(size=s).astype("float32") for s in ((5, 3), (3, 3))]
    agree([x, w], found, *values)


def test_a_number_of_steps_that_is_given():
    n, x = T.iscalar("n"), T.scalar("x")
    powers, _ = theano.scan(lambda last, x: last * x, None, T.ones_like(x), x, n_steps=n)
    function = theano.function([x, n], [powers, powers[-1], T.grad(powers[-1], x)], mode="JAX")
    for count in (1, 4):
        every, last, gradient = function(2, count)
        np.testing.assert_array_equal(every, 2.0 ** np.arange(1, count + 1))
        assert (last, gradient) == (2**count, count * 2 ** (count - 1))


def test_updates_inside():
    total = theano.shared(np.float32(0))
    x = T.vector("x")
    _, updates = theano.scan(lambda v: {total: total + v}, x)
    theano.function([x], [], updates=updates, mode="JAX")([1, 2, 3])
    assert total.get_value() == 6


def test_an_end_that_data_decide_is_refused():
    def step(last):
        return last * 2, theano.scan_module.until(last > 10)

    powers, _ = theano.scan(step, outputs_info=T.ones(()), n_steps=9)
    with pytest.raises(NotImplementedError, match="until"):
        theano.function([], powers, mode="JAX")
