"""Update dictionaries against the formulas, written down in NumPy."""

from functools import partial

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer import updates as up
from theano_transfer.tuning import adamax


@pytest.fixture(autouse=True)
def no_c_compiler():
    """Nothing here takes as long as compiling it would."""
    with theano.config.change_flags(mode="FAST_COMPILE", cxx=""):
        yield


RATE = 0.1
STARTS = {"low.W": [[1.0, -2.0], [0.5, 3.0]], "top.W": [[0.3, 0.7]], "top.b": [2.0]}
TARGETS = {"low.W": [[0.0, 1.0], [-1.0, 0.0]], "top.W": [[1.0, -1.0]], "top.b": [0.5]}


def sgd(theta, grad, memory, rate):
    return theta - rate * grad


def momentum(theta, grad, memory, rate):
    memory["v"] = 0.9 * memory.get("v", 0) - rate * grad
    return theta + memory["v"]


def nesterov(theta, grad, memory, rate):
    memory["v"] = 0.9 * memory.get("v", 0) - rate * grad
    return theta + 0.9 * memory["v"] - rate * grad


def adagrad(theta, grad, memory, rate):
    memory["s"] = memory.get("s", 0) + grad**2
    return theta - rate * grad / np.sqrt(memory["s"] + 1e-6)


def rmsprop(theta, grad, memory, rate):
    memory["s"] = 0.9 * memory.get("s", 0) + 0.1 * grad**2
    return theta - rate * grad / np.sqrt(memory["s"] + 1e-6)


def adadelta(theta, grad, memory, rate):
    memory["s"] = 0.95 * memory.get("s", 0) + 0.05 * grad**2
    step = grad * np.sqrt(memory.get("d", 0) + 1e-6) / np.sqrt(memory["s"] + 1e-6)
    memory["d"] = 0.95 * memory.get("d", 0) + 0.05 * step**2
    return theta - rate * step


def adam(theta, grad, memory, rate):
    t = memory["t"] = memory.get("t", 0) + 1
    memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * grad
    memory["v"] = 0.999 * memory.get("v", 0) + 0.001 * grad**2
    rate = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return theta - rate * memory["m"] / (np.sqrt(memory["v"]) + 1e-8)


def numpy_adamax(theta, grad, memory, rate):
    t = memory["t"] = memory.get("t", 0) + 1
    memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * grad
    memory["u"] = np.maximum(0.999 * memory.get("u", 0), abs(grad))
    return theta - rate / (1 - 0.9**t) * memory["m"] / (memory["u"] + 1e-8)


RULES = {
    lasagne.updates.sgd: sgd,
    lasagne.updates.momentum: momentum,
    lasagne.updates.nesterov_momentum: nesterov,
    lasagne.updates.adagrad: adagrad,
    lasagne.updates.rmsprop: rmsprop,
    lasagne.updates.adadelta: adadelta,
    lasagne.updates.adam: adam,
    adamax: numpy_adamax,
}


def quadratic(scale=1):
    """Three parameters, and gradients ``scale * 2 * (param - target)``."""
    params = [theano.shared(np.array(v, "float32"), name=name) for name, v in STARTS.items()]
    return params, [2 * scale * (p - np.array(TARGETS[p.name], "float32")) for p in params]


def by_hand(rule, rates, steps, decay=None, clip=lambda grads: grads):
    """The parameters after each step, in float64."""
    theta = {name: np.array(value) for name, value in STARTS.items()}
    memories = {name: {} for name in theta}
    for _ in range(steps):
        grads = clip({n: 2 * (theta[n] - np.array(TARGETS[n])) for n in theta})
        new = {n: rule(theta[n], grads[n], memories[n], rates[n]) for n in theta}
        for name, share in (decay or {}).items():
            new[name] = new[name] - rates[name] * share * theta[name]
        theta = new
        yield theta


def compare(params, step, expected):
    for values in expected:
        step()
        for param in params:
            np.testing.assert_allclose(
                param.get_value(), values[param.name], rtol=2e-4, atol=2e-5, err_msg=param.name
            )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_parameter_at_its_own_rate(rule):
    params, grads = quadratic()
    factors = dict(zip(params, (0.1, 1.0, 0.5)))
    updates = up.grouped(rule, grads, factors, theano.shared(np.float32(RATE)))
    step = theano.function([], updates=updates)
    rates = {param.name: RATE * factor for param, factor in factors.items()}
    compare(params, step, by_hand(RULES[rule], rates, 8))


def test_a_factor_of_nothing_leaves_a_parameter_out():
    params, grads = quadratic()
    updates = up.grouped(lasagne.updates.adam, grads, dict(zip(params, (0, 1, 1))))
    assert params[0] not in updates
    assert not any("low.W" in (variable.name or "") for variable in updates)


def test_settings_of_a_rule_reach_it():
    params, grads = quadratic()
    factors = dict.fromkeys(params, 1.0)
    updates = up.grouped(lasagne.updates.momentum, grads, factors, RATE, momentum=0.0)
    step = theano.function([], updates=updates)
    compare(params, step, by_hand(sgd, dict.fromkeys(STARTS, RATE), 3))


def test_settings_of_a_rule_reach_it_through_all_that_is_composed():
    params, grads = quadratic()
    layer = Tagged(params)
    updates = up.compose(lasagne.updates.momentum, grads, layer, RATE, momentum=0.0)
    step = theano.function([], updates=updates)
    compare(params, step, by_hand(sgd, dict.fromkeys(STARTS, RATE), 3))


class Tagged(lasagne.layers.Layer):
    """A weight and a bias, and a gain that lacks the tag it should have."""

    def __init__(self, params):
        super().__init__((None, 1))
        for param in params:
            tag = {"regularizable": False} if param.name.endswith(".b") else {}
            self.add_param(param, param.get_value().shape, name=None, **tag)


def test_weights_decay_beside_the_gradient_and_biases_do_not():
    params, grads = quadratic()
    gain = theano.shared(np.ones(2, "float32"), name="gain")
    layer = Tagged([*params, gain])
    assert [p.name for p in up.decayed_params([layer])] == ["low.W", "top.W"]
    factors = dict(zip(params, (0.1, 1.0, 0.5)))
    updates = up.grouped(lasagne.updates.adam, grads, factors, RATE)
    before = dict(updates)
    decayed = up.decoupled_weight_decay(
        updates, up.decayed_params([layer]), 0.3, RATE, factors=factors
    )
    assert dict(updates) == before
    step = theano.function([], updates=decayed)
    rates = {param.name: RATE * factor for param, factor in factors.items()}
    compare(params, step, by_hand(adam, rates, 6, decay={"low.W": 0.3, "top.W": 0.3}))


def test_gradients_are_clipped_by_their_norm_and_by_value():
    def by_norm(grads):
        norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
        return {n: g * min(1, 2.5 / norm) for n, g in grads.items()}

    def by_value(grads):
        return {n: np.clip(g, -0.7, 0.7) for n, g in grads.items()}

    for options, clip in (
        ({"norm": 2.5}, by_norm),
        ({"value": 0.7}, by_value),
        ({"norm": 2.5, "value": 0.7}, lambda grads: by_norm(by_value(grads))),
    ):
        params, grads = quadratic()
        grads = up.clip_gradients(grads, **options)
        step = theano.function([], updates=lasagne.updates.momentum(grads, params, RATE))
        compare(params, step, by_hand(momentum, dict.fromkeys(STARTS, RATE), 6, clip=clip))


@pytest.mark.parametrize("rule", [lasagne.updates.nesterov_momentum, lasagne.updates.adam])
def test_accumulated_batches_move_the_parameters_as_one_would(rule):
    """Gradients of each batch: scale * those of the whole. Mean scale of each three: 1."""
    scale = T.scalar("scale")
    params, grads = quadratic(scale)
    updates = up.accumulate(
        lambda means: up.grouped(rule, means, dict.fromkeys(params, 1.0), RATE), grads, params, 3
    )
    step = theano.function([scale], updates=updates)
    before = [param.get_value() for param in params]
    for values in by_hand(RULES[rule], dict.fromkeys(STARTS, RATE), 4):
        for share in (0.5, 0.25):
            step(share)
            for param, value in zip(params, before):
                np.testing.assert_array_equal(param.get_value(), value)
        step(2.25)
        before = [param.get_value() for param in params]
        for param in params:
            np.testing.assert_allclose(param.get_value(), values[param.name], rtol=2e-4, atol=2e-5)


def test_a_reader_can_print_all_of_it():
    params, grads = quadratic()
    rate = theano.shared(np.float32(RATE), name="rate")
    updates = up.grouped(lasagne.updates.momentum, grads, dict(zip(params, (0.5, 1, 1))), rate)
    lines = up.table(updates).splitlines()
    assert len(lines) == len(updates) == 6
    assert all(line.split(" :=")[0].strip() != "(no name)" for line in lines)
    (low,) = [line for line in lines if line.startswith("momentum 1 of low.W")]
    assert "gradient of low.W" in low
    assert "rate" in low


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda p, x: up.accumulate(lambda g: {}, x, p, 0), ValueError, "at least 1"),
        (lambda p, x: up.clip_gradients(p, norm=0), ValueError, "above 0"),
        (lambda p, x: up.decoupled_weight_decay({}, p, 2), ValueError, "below 1"),
    ],
)
def test_wrong_settings_are_refused(act, error, text):
    with pytest.raises(error, match=text):
        act(*quadratic())


def test_rules_with_settings_of_their_own_can_be_given():
    params, grads = quadratic()
    rule = partial(lasagne.updates.momentum, momentum=0.9)
    updates = up.grouped(rule, grads, dict.fromkeys(params, 1.0), RATE)
    compare(
        params,
        theano.function([], updates=updates),
        by_hand(momentum, dict.fromkeys(STARTS, RATE), 4),
    )
