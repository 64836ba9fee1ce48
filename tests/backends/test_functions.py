"""Parameters stay on the device, and look as always."""

import jax
import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.graph.basic import Apply
from aesara.graph.op import Op
from aesara.link.jax.dispatch import jax_funcify

from theano_transfer.backends import Ahead


@pytest.fixture
def network(rng):
    """Input, parameter, a second one that is not trained, loss."""
    x = T.matrix("x")
    w = theano.shared(rng.normal(size=(4, 3)).astype("float32"), name="w")
    frozen = theano.shared(rng.normal(size=(5, 4)).astype("float32"), name="frozen")
    return x, w, frozen, (T.dot(T.dot(x, frozen), w) ** 2).mean()


def test_parameters_are_transferred_once(network, rng):
    x, w, frozen, loss = network
    step = theano.function([x], loss, updates=[(w, w - 0.1 * T.grad(loss, w))], mode="JAX")
    measure = theano.function([], loss, givens={x: T.ones((2, 5))}, mode="JAX")
    step(rng.normal(size=(2, 5)).astype("float32"))
    before = measure()
    with jax.transfer_guard_host_to_device("disallow_explicit"):
        after = measure()  # nothing at all is transferred
    np.testing.assert_array_equal(before, after)
    arrays = [v.get_value(borrow=True, return_internal_type=True) for v in (w, frozen)]
    assert all(isinstance(v, jax.Array) for v in arrays)
    step(rng.normal(size=(2, 5)).astype("float32"))
    assert arrays[0].is_deleted()  # the new values took its memory
    assert frozen.get_value(borrow=True, return_internal_type=True) is arrays[1]


def test_values_are_numpys(network):
    x, w, _, loss = network
    step = theano.function([x], loss, updates=[(w, w - 0.1 * T.grad(loss, w))], mode="JAX")
    step(np.ones((2, 5), "float32"))
    value = w.get_value(borrow=True)
    assert type(value) is np.ndarray
    kept = value.copy()
    value[:] = 0  # a copy: the parameter stays
    np.testing.assert_array_equal(w.get_value(), kept)
    step(np.ones((2, 5), "float32"))
    assert not value.any()  # and what was handed out is not overwritten
    w.set_value(np.zeros((4, 3), "float32"))
    assert step(np.ones((2, 5), "float32")) == 0
    w.set_value(w.get_value() + 1)
    assert step(np.ones((2, 5), "float32")) > 0


def test_results_may_be_written_to():
    x = T.vector("x")
    result = theano.function([x], x * 2, mode="JAX")([1, 2])
    result += 1
    np.testing.assert_array_equal(result, [3, 5])


def test_other_backends_find_the_parameters(network, slowly):
    x, w, _, loss = network
    updates = [(w, w - 0.1 * T.grad(loss, w))]
    one = theano.function([x], loss, updates=updates, mode="JAX")
    other = theano.function([x], loss, updates=updates, mode=slowly)
    images = np.ones((2, 5), "float32")
    losses = [f(images) for f in (one, other, one, one, other)]
    assert all(later < earlier for earlier, later in zip(losses, losses[1:]))
    w.set_value(w.get_value())
    assert other(images) < losses[-1]


def test_two_parameters_that_hold_the_same():
    one, other = theano.shared(np.float32([1, 2])), theano.shared(np.float32([0, 0]))
    step = theano.function([], [], updates=[(other, one), (one, one + 0)], mode="JAX")
    move = theano.function([], one.sum(), updates=[(one, one + 1)], mode="JAX")
    for _ in range(3):
        step()
        move()
    np.testing.assert_array_equal(other.get_value(), [3, 4])
    np.testing.assert_array_equal(one.get_value(), [4, 5])


def test_dtypes_are_those_of_the_graph():
    counter = theano.shared(np.int64(2**40))
    x = T.dscalar("x")
    function = theano.function([x], x / 3, updates=[(counter, counter + 1)], mode="JAX")
    assert function(1) == 1 / 3
    assert counter.get_value() == 2**40 + 1
    assert counter.get_value().dtype == "int64"
    assert not jax.config.jax_enable_x64  # elsewhere in the process JAX is as it was


def test_a_part_of_the_outputs():
    x = T.vector("x")
    function = theano.function([x], [x + 1, x * 2, x.sum()], mode="JAX")
    (found,) = function([1, 2], output_subset=[1])
    np.testing.assert_array_equal(found, [2, 4])


class Busy(Op):
    """A matrix, after as many products with itself as are asked for; for JAX alone."""

    __props__ = ()

    def make_node(self, matrix, turns):
        return Apply(self, [matrix, turns], [matrix.type()])

    def perform(self, node, inputs, outputs):
        raise NotImplementedError


@jax_funcify.register(Busy)
def _busy(op, **kwargs):
    return lambda matrix, turns: jax.lax.fori_loop(0, turns, lambda _, m: m @ matrix, matrix)


class TestAhead:
    """Calls that are started before the results of others are read."""

    def test_results_are_those_of_the_function(self, network, rng):
        x, w, _, loss = network
        updates = [(w, w - 0.1 * T.grad(loss, w))]
        step = theano.function([x], [loss], updates=updates, mode="JAX")
        batches = rng.normal(size=(3, 2, 5)).astype("float32")
        start = w.get_value()
        expected = [step(batch)[0] for batch in batches]
        w.set_value(start)
        ahead = Ahead(step)
        started = [ahead.start(ahead.placed(batch)) for batch in batches]
        assert all(isinstance(value, jax.Array) for (value,) in started)
        np.testing.assert_array_equal([ahead.results(one)[0] for one in started], expected)
        assert isinstance(step(batches[0])[0], np.ndarray)  # afterwards as always

    def test_nothing_is_transferred_twice(self, network):
        x, _, _, loss = network
        ahead = Ahead(theano.function([x], [loss], mode="JAX"))
        placed = ahead.placed(np.ones((2, 5), "float32"))
        ahead.start(placed)
        with jax.transfer_guard_host_to_device("disallow_explicit"):
            ahead.start(placed)

    def test_inputs_are_transferred_while_a_call_is_computed(self):
        # Without updates: on a processor XLA computes at once what may write over its inputs.
        matrix, turns = T.matrix(), T.lvector()
        ahead = Ahead(theano.function([matrix, turns], [Busy()(matrix, turns[0])], mode="JAX"))

        def was_transferred_meanwhile(count):
            batch = np.eye(256, dtype="float32"), np.full(1, count)
            started = ahead.start(ahead.placed(*batch))
            jax.block_until_ready(ahead.placed(*batch))
            was_computing = not started[0].is_ready()
            ahead.results(started)
            return was_computing

        was_transferred_meanwhile(1)  # compiles
        # A machine may have other things to do for as long as a short call takes.
        assert any(was_transferred_meanwhile(100 * 10**power) for power in range(3))

    def test_what_does_not_fit_is_refused(self, network):
        x, _, _, loss = network
        with pytest.raises(TypeError, match="number of dimensions"):
            Ahead(theano.function([x], [loss], mode="JAX")).placed(np.ones(3, "float32"))

    def test_the_c_backend_computes_at_once(self, network, slowly):
        x, _, _, loss = network
        function = theano.function([x], [loss], mode=slowly)
        images = np.ones((2, 5), "float32")
        ahead = Ahead(function)
        assert ahead.waits
        assert ahead.results(ahead.start(ahead.placed(images))) == function(images)
