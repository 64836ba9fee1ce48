"""Batch normalisation: by averages, by the batch, what moves the averages, and what does not."""

import lasagne
import numpy as np
import oracle
import pytest
import theano
import theano.tensor as T
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import BatchNormLayer

SHAPE = (4, 3, 5, 6)
TOLERANCE = {"rtol": 1e-4, "atol": 1e-4}


def random_layer(rng, shape=SHAPE, **arguments):
    """A layer with random parameters, and these."""
    layer = BatchNormLayer(InputLayer((None, *shape[1:])), name="bn", **arguments)
    for param in layer.params:
        values = rng.uniform(0.5, 2, size=shape[1])
        param.set_value(values.astype(param.dtype))
    return layer, values_of(layer)


def values_of(layer):
    return {param.name.rpartition(".")[2]: param.get_value() for param in layer.params}


def images(rng, shape=SHAPE):
    return rng.normal(1, 2, size=shape).astype(theano.config.floatX)


def computed(layer, x, **keywords):
    """What the layer makes of `x` in a compiled function, run once."""
    variable = theano.tensor.TensorType(x.dtype, (False,) * x.ndim)()
    return theano.function([variable], get_output(layer, variable, **keywords))(x)


def expected(x, values, by_averages, epsilon=1e-3):
    statistics = (values["mean"], values["var"]) if by_averages else (None, None)
    return oracle.normalise(x, values["gamma"], values["beta"], *statistics, epsilon)


def test_averages_are_used_and_stay_when_deterministic(rng):
    layer, values = random_layer(rng)
    x = images(rng)
    found = computed(layer, x, deterministic=True)
    np.testing.assert_allclose(found, expected(x, values, by_averages=True), **TOLERANCE)
    for role, value in values_of(layer).items():
        np.testing.assert_array_equal(value, values[role])


def test_batch_statistics_are_used_and_move_the_averages(rng):
    layer, values = random_layer(rng, momentum=0.9)
    x = images(rng)
    found = computed(layer, x)
    np.testing.assert_allclose(found, expected(x, values, by_averages=False), **TOLERANCE)
    after = values_of(layer)
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    np.testing.assert_allclose(after["mean"], 0.9 * values["mean"] + 0.1 * mean, rtol=1e-4)
    np.testing.assert_allclose(after["var"], 0.9 * values["var"] + 0.1 * var, rtol=1e-4)
    for role in ("gamma", "beta"):
        np.testing.assert_array_equal(after[role], values[role])


def test_averages_approach_the_statistics_of_the_data(rng):
    layer, _ = random_layer(rng, momentum=0.5)
    x = images(rng)
    variable = T.tensor4()
    step = theano.function([variable], get_output(layer, variable))
    for _ in range(40):
        step(x)
    np.testing.assert_allclose(layer.mean.get_value(), x.mean(axis=(0, 2, 3)), rtol=1e-3)
    np.testing.assert_allclose(layer.var.get_value(), x.var(axis=(0, 2, 3)), rtol=1e-3)


def test_a_training_step_moves_averages_and_parameters(rng):
    layer, values = random_layer(rng)
    variable = T.tensor4()
    loss = (get_output(layer, variable) ** 2).mean()
    params = lasagne.layers.get_all_params(layer, trainable=True)
    assert params == [layer.gamma, layer.beta]
    step = theano.function([variable], loss, updates=lasagne.updates.sgd(loss, params, 0.1))
    step(images(rng))
    for role, value in values_of(layer).items():
        assert not np.array_equal(value, values[role]), role


def test_a_frozen_layer_uses_its_averages_and_keeps_them_in_training_too(rng):
    layer, values = random_layer(rng)
    layer.frozen = True
    x = images(rng)
    by_averages = expected(x, values, by_averages=True)
    for keywords in (
        {},
        {"deterministic": False},
        {"batch_norm_use_averages": False, "batch_norm_update_averages": True},
    ):
        np.testing.assert_allclose(computed(layer, x, **keywords), by_averages, **TOLERANCE)
    for role, value in values_of(layer).items():
        np.testing.assert_array_equal(value, values[role])


@pytest.mark.parametrize("use", [True, False])
@pytest.mark.parametrize("update", [True, False])
@pytest.mark.parametrize("deterministic", [True, False])
def test_either_half_can_be_asked_for(rng, use, update, deterministic):
    layer, values = random_layer(rng)
    x = images(rng)
    found = computed(
        layer,
        x,
        deterministic=deterministic,
        batch_norm_use_averages=use,
        batch_norm_update_averages=update,
    )
    np.testing.assert_allclose(found, expected(x, values, by_averages=use), **TOLERANCE)
    for role in ("mean", "var"):
        assert np.array_equal(values_of(layer)[role], values[role]) == (not update)


def test_one_value_per_channel_leaves_the_averages_finite(rng):
    layer, values = random_layer(rng, momentum=0.9)
    computed(layer, images(rng, (1, 3, 1, 1)))
    np.testing.assert_allclose(layer.var.get_value(), 0.9 * values["var"], atol=1e-4)


@pytest.mark.parametrize("by_averages", [True, False])
def test_vectors_are_normalised_per_feature(rng, by_averages):
    layer, values = random_layer(rng, (8, 3))
    x = images(rng, (8, 3))
    found = computed(layer, x, deterministic=by_averages)
    wide = expected(x[:, :, None, None], values, by_averages)
    np.testing.assert_allclose(found, wide[:, :, 0, 0], **TOLERANCE)


@pytest.mark.parametrize("by_averages", [True, False])
def test_gradients_match_finite_differences(rng, by_averages):
    layer, values = random_layer(rng)
    x, weights = images(rng), rng.normal(size=SHAPE)
    variable = T.tensor4()
    output = get_output(layer, variable, deterministic=by_averages)
    loss = (output * weights.astype(theano.config.floatX)).sum()
    gradients = theano.function([variable], T.grad(loss, [variable, layer.gamma, layer.beta]))(x)

    def reference(x, gamma, beta):
        return (expected(x, {**values, "gamma": gamma, "beta": beta}, by_averages) * weights).sum()

    arguments = (x, values["gamma"], values["beta"])
    oracle.check_gradients(reference, arguments, gradients, rng, rtol=1e-3)


def test_gamma_and_beta_can_be_left_out(rng):
    layer, values = random_layer(rng, gamma=None, beta=None)
    assert list(values) == ["mean", "var"]
    x = images(rng)
    neutral = {**values, "gamma": np.ones(3), "beta": np.zeros(3)}
    for by_averages in (True, False):
        np.testing.assert_allclose(
            computed(layer, x, deterministic=by_averages),
            expected(x, neutral, by_averages),
            **TOLERANCE,
        )


def test_epsilon_counts(rng):
    layer, values = random_layer(rng, epsilon=0.5)
    x = images(rng)
    for by_averages in (True, False):
        found = computed(layer, x, deterministic=by_averages)
        np.testing.assert_allclose(found, expected(x, values, by_averages, 0.5), **TOLERANCE)
        values = values_of(layer)


def test_tags():
    layer = BatchNormLayer((None, 3, 5, 5), name="bn")
    assert [p.name for p in layer.get_params()] == ["bn.gamma", "bn.beta", "bn.mean", "bn.var"]
    assert layer.get_params(trainable=True) == [layer.gamma, layer.beta]
    assert layer.get_params(regularizable=True) == []


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((None, 3, 5, 5), {"epsilon": 1e-6}, "epsilon must be at least 1e-05; got 1e-06"),
        ((None, 3, 5, 5), {"momentum": 1.5}, "momentum must lie between 0 and 1; got 1.5"),
        ((None, None, 5, 5), {}, "known number of channels"),
        ((None,), {}, "known number of channels"),
    ],
)
def test_what_does_not_fit_is_refused(shape, arguments, message):
    with pytest.raises(ValueError, match=message):
        BatchNormLayer(shape, **arguments)


def test_the_least_epsilon_may_be_used(rng):
    """PyTorch's default; as float32 it is a little less, which Theano refuses."""
    images = InputLayer((None, 2, 3, 3))
    layer = BatchNormLayer(images, epsilon=1e-5)
    x = rng.normal(size=(4, 2, 3, 3)).astype("float32")
    function = theano.function([images.input_var], get_output(layer, deterministic=True))
    np.testing.assert_allclose(function(x), x / np.sqrt(1 + 1e-5), rtol=1e-6)
