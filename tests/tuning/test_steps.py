"""The order of reading, starting and finishing steps."""

import contextlib

import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.tuning._interrupt import Interrupt
from theano_transfer.tuning._steps import steps


@pytest.fixture(scope="module")
def functions():
    """A step of a counter that returns it, without compiling, and through JAX."""

    def compiled(mode):
        count = theano.shared(np.float32(0))
        x, y = T.matrix(), T.vector()
        sums = [count + 0 * (x.sum() + y.sum())]
        with theano.config.change_flags(cxx=""):
            return theano.function([x, y], sums, updates=[(count, count + 1)], mode=mode)

    return {"FAST_COMPILE": compiled("FAST_COMPILE"), "JAX": compiled("JAX")}


def happened(function, count=3, watched=(), interrupted_at=None, broken_at=None):
    """What happened, in its order."""
    log, interrupt = [], Interrupt()

    def batches():
        for number in range(1, count + 1):
            if number == broken_at:
                raise OSError("no such picture")
            log.append(f"read {number}")
            yield np.ones((2, 3), "float32"), np.ones(2, "float32")

    def begin(number):
        log.append(f"start {number}")

    with contextlib.suppress(OSError):
        for step in steps(function, batches(), 1, begin, watched.__contains__, interrupt):
            log.append(f"finish {step.number}" + "*" * step.is_last)
            assert step.count == 2
            if step.is_last and interrupt.requested:
                break
            interrupt.requested = step.number == interrupted_at
    return " ".join(log).replace("read", "r").replace("start", "s").replace("finish", "f")


def test_the_device_has_its_next_step_before_results_are_read(functions):
    pytest.importorskip("jax")
    found = happened(functions["JAX"])
    assert found == "r 1 s 1 r 2 s 2 f 1 r 3 s 3 f 2 f 3*"


def test_the_c_backend_takes_one_after_the_other(functions):
    found = happened(functions["FAST_COMPILE"])
    assert found == "r 1 s 1 f 1* r 2 s 2 f 2* r 3 s 3 f 3*"


def test_nothing_starts_while_somebody_looks(functions):
    found = happened(functions["JAX"], watched=(1, 2))
    assert found == "r 1 s 1 r 2 f 1* s 2 r 3 f 2* s 3 f 3*"


def test_after_an_interruption_what_was_started_is_finished(functions):
    assert happened(functions["JAX"], interrupted_at=1) == "r 1 s 1 r 2 s 2 f 1 f 2*"


def test_what_was_trained_before_a_batch_that_cannot_be_read_counts(functions):
    assert happened(functions["JAX"], broken_at=3) == "r 1 s 1 r 2 s 2 f 1 f 2*"
    assert happened(functions["FAST_COMPILE"], broken_at=2) == "r 1 s 1 f 1*"


def test_results_are_those_of_their_steps(functions):
    function = functions["JAX"]
    first = function(np.ones((1, 1), "float32"), [1])[0] + 1
    batches = [(np.ones((2, 3), "float32"), np.ones(2, "float32"))] * 4
    found = [step.sums[0] for step in steps(function, batches, 1, id, [].__contains__, Interrupt())]
    np.testing.assert_array_equal(found, first + np.arange(4))
