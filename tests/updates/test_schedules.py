"""Schedules against their formulas; and that they need no other function."""

import math

import numpy as np
import pytest
import theano

from theano_transfer import updates as up


def test_one_cycle():
    schedule = up.OneCycle(1.0, share=0.25, start=10, end=100)
    assert schedule(0, 8) == pytest.approx(0.1)
    assert schedule(1, 8) == pytest.approx(0.1 + 0.9 * (1 - math.cos(math.pi / 2)) / 2)
    assert schedule(2, 8) == 1
    assert schedule(5, 8) == pytest.approx(0.001 + 0.999 / 2)
    assert schedule(8, 8) == pytest.approx(0.001)


def test_cosine():
    schedule = up.Cosine(1.0, least=0.2)
    np.testing.assert_allclose([schedule(d, 4) for d in (0, 2, 4)], [1, 0.6, 0.2])
    again = up.Cosine(1.0, period=2)
    np.testing.assert_allclose([again(d, 4) for d in (0, 1, 2, 3)], [1, 0.5, 1, 0.5], atol=1e-9)


def test_step_exponential_and_constant():
    step = up.Step(1.0, every=3, factor=0.5)
    assert [step(d, 9) for d in (0, 2.9, 3, 6)] == [1, 1, 0.5, 0.25]
    falling = up.Exponential(2.0, factor=0.5)
    assert [falling(d, 9) for d in (0, 1, 2)] == [2, 1, 0.5]
    assert up.Constant(0.3)(5, 9) == 0.3


def test_warm_up_leads_to_the_schedule():
    schedule = up.WarmUp(up.Cosine(1.0), length=2)
    assert [schedule(d, 6) for d in (0, 1, 2)] == [0, 0.5, 1]
    assert schedule(4, 6) == pytest.approx(0.5)
    assert schedule(6, 6) == pytest.approx(0)


@pytest.mark.parametrize("kind", [up.OneCycle, up.Cosine, up.Step, up.Exponential, up.Constant])
def test_rates_are_finite_and_positive_everywhere(kind):
    for schedule in (kind(0.1), up.WarmUp(kind(0.1), 3)):
        rates = [schedule(done / 7, 5) for done in range(36)]
        assert all(0 <= rate <= 0.1 + 1e-9 for rate in rates)
        assert schedule == eval(repr(schedule), vars(up))


def test_a_changed_rate_is_no_new_function(monkeypatch):
    made = []
    function = theano.function
    monkeypatch.setattr(theano, "function", lambda *a, **k: made.append(a) or function(*a, **k))
    rate = theano.shared(np.float32(0))
    param = theano.shared(np.float32(0))
    step = theano.function([], updates={param: param + rate})
    schedule, total = up.OneCycle(1.0), 0.0
    for n in range(6):
        rate.set_value(np.float32(schedule(n, 6)))
        step()
        total += schedule(n, 6)
    assert len(made) == 1
    assert param.get_value() == pytest.approx(total, rel=1e-5)


def test_wrong_settings_are_refused():
    for make in (
        lambda: up.OneCycle(1.0, share=1.0),
        lambda: up.Step(1.0, every=0),
        lambda: up.Cosine(float("nan")),
        lambda: up.Exponential(-1.0),
    ):
        with pytest.raises(ValueError, match=r"share|every|rate"):
            make()
    with pytest.raises(TypeError, match="rate of Cosine"):
        up.Cosine("high")
