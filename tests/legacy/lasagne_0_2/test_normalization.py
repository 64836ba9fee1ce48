"""Batch normalisation, standardisation and local response normalisation against NumPy."""

import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import (
    BatchNormLayer,
    Conv2DLayer,
    DenseLayer,
    InputLayer,
    LocalResponseNormalization2DLayer,
    NonlinearityLayer,
    StandardizationLayer,
    batch_norm,
    dnn,
    get_all_layers,
    get_all_params,
    get_output,
    instance_norm,
    layer_norm,
)

import theano_transfer as tt

SHAPE = (4, 3, 5, 2)


def wide(values, axes, ndim):
    return np.expand_dims(values, tuple(axes)) if values.ndim < ndim else values


@pytest.fixture
def x(rng):
    return rng.normal(1, 2, size=SHAPE)


def randomised(layer, rng):
    for param in layer.get_params():
        param.set_value(rng.uniform(0.5, 2, size=param.get_value().shape))
    return layer


@pytest.mark.parametrize("axes", ["auto", 0, (0, 1), (1, 3)])
@pytest.mark.parametrize("epsilon", [1e-4, 1e-7])
@pytest.mark.parametrize("kind", [BatchNormLayer, dnn.BatchNormDNNLayer])
def test_batch_norm(axes, epsilon, kind, rng, x):
    layer = randomised(kind(InputLayer(SHAPE), axes, epsilon=epsilon, alpha=0.25), rng)
    over = {"auto": (0, 2, 3), 0: (0,)}.get(axes, axes)
    beta, gamma, mean, inv_std = (p.get_value() for p in layer.get_params())
    assert mean.shape == tuple(n for axis, n in enumerate(SHAPE) if axis not in over)
    variable = layer.input_layer.input_var
    outputs = [get_output(layer, deterministic=True), get_output(layer)]
    by_averages, by_batch = theano.function([variable], outputs, mode="FAST_COMPILE")(x)
    spread = [np.expand_dims(p, over) for p in (beta, gamma, mean, inv_std)]
    np.testing.assert_allclose(by_averages, (x - spread[2]) * spread[1] * spread[3] + spread[0])
    batch_mean, batch_var = x.mean(over, keepdims=True), x.var(over, keepdims=True)
    normal = (x - batch_mean) / np.sqrt(batch_var + epsilon)
    np.testing.assert_allclose(by_batch, normal * spread[1] + spread[0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(layer.mean.get_value(), 0.75 * mean + 0.25 * batch_mean.squeeze())
    np.testing.assert_allclose(
        layer.inv_std.get_value(),
        0.75 * inv_std + 0.25 / np.sqrt(batch_var + epsilon).squeeze(),
        rtol=1e-6,
    )


def test_halves_of_batch_norm_can_be_asked_for(rng, x):
    layer = randomised(BatchNormLayer(InputLayer(SHAPE)), rng)
    before = [p.get_value() for p in layer.get_params()]

    def run(**keywords):
        output = get_output(layer, **keywords)
        return theano.function([layer.input_layer.input_var], output, mode="FAST_COMPILE")(x)

    by_averages = run(deterministic=True)
    by_batch = run(batch_norm_update_averages=False)
    assert all((p.get_value() == old).all() for p, old in zip(layer.get_params(), before))
    assert not np.allclose(by_batch, by_averages)
    found = run(batch_norm_use_averages=True)
    assert not np.allclose(layer.mean.get_value(), before[2])
    np.testing.assert_allclose(found, by_averages)


def test_gradients_of_batch_norm(rng, x, gradients_hold):
    for settings in ({}, {"axes": 0}, {"gamma": None, "beta": None}):
        layer = randomised(BatchNormLayer(InputLayer(SHAPE), **settings), rng)
        gradients_hold(layer, x, deterministic=True)
        gradients_hold(layer, x, batch_norm_update_averages=False)


def test_frozen_batch_norm_does_not_move(rng, x):
    layer = randomised(BatchNormLayer(InputLayer(SHAPE), name="bn"), rng)
    tt.freeze(layer)
    function = theano.function(
        [layer.input_layer.input_var], get_output(layer), mode="FAST_COMPILE"
    )
    tt.assert_frozen(layer, function)
    before = layer.mean.get_value()
    function(x)
    np.testing.assert_array_equal(layer.mean.get_value(), before)


def test_batch_norm_goes_before_the_nonlinearity():
    for function, kind in (
        (batch_norm, BatchNormLayer),
        (dnn.batch_norm_dnn, dnn.BatchNormDNNLayer),
    ):
        conv = Conv2DLayer(InputLayer(SHAPE), 2, 3, pad=1, name="conv")
        out = function(conv, alpha=0.5)
        assert isinstance(out, NonlinearityLayer)
        assert out.nonlinearity is lasagne.nonlinearities.rectify
        assert out.name == "conv_bn_nonlin"
        assert out.input_layer.name == "conv_bn"
        assert type(out.input_layer) is kind
        assert out.input_layer.alpha == 0.5
        assert conv.b is None
        assert conv.get_params() == [conv.W]
        assert conv.nonlinearity is lasagne.nonlinearities.identity
    assert type(batch_norm(InputLayer((None, 3)))) is BatchNormLayer
    trained = get_all_params(out, trainable=True)
    assert [p.name for p in trained] == ["conv.W", "conv_bn.beta", "conv_bn.gamma"]


def test_standardization(x, computed, gradients_hold):
    for axes, over in (
        ("auto", (2, 3)),
        ("spatial", (2, 3)),
        ("features", (1, 2, 3)),
        (0, (0,)),
    ):
        layer = StandardizationLayer(InputLayer(SHAPE), axes)
        mean, var = x.mean(over, keepdims=True), x.var(over, keepdims=True)
        np.testing.assert_allclose(computed(layer, x), (x - mean) / np.sqrt(var + 1e-4))
    assert StandardizationLayer((None, 3)).axes == (1,)
    gradients_hold(layer, x)
    with pytest.raises(ValueError, match="'features'"):
        StandardizationLayer(InputLayer(SHAPE), "channels")


def test_instance_norm_and_layer_norm(x, computed):
    dense = DenseLayer(InputLayer(SHAPE), 4, name="d")
    out = layer_norm(dense)
    assert [type(layer).__name__ for layer in get_all_layers(out)][2:] == [
        "StandardizationLayer", "ScaleLayer", "BiasLayer", "NonlinearityLayer",
    ]  # fmt: skip
    h = x.reshape(4, -1) @ dense.W.get_value()
    normal = (h - h.mean(1, keepdims=True)) / np.sqrt(h.var(1, keepdims=True) + 1e-4)
    np.testing.assert_allclose(computed(out, x), np.maximum(normal, 0), atol=1e-9)
    plain = instance_norm(InputLayer(SHAPE), learn_scale=False, learn_bias=False)
    assert isinstance(plain, StandardizationLayer)
    scaled = instance_norm(InputLayer(SHAPE))
    assert len(get_all_params(scaled, trainable=True)) == 2
    np.testing.assert_allclose(computed(scaled, x), computed(plain, x))


def test_local_response_normalization(rng, computed, gradients_hold):
    x = rng.normal(size=(2, 6, 3, 2))
    layer = LocalResponseNormalization2DLayer(InputLayer(x.shape), alpha=0.3, k=2, beta=0.75, n=3)
    squares = np.pad(x**2, [(0, 0), (1, 1), (0, 0), (0, 0)])
    sums = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    np.testing.assert_allclose(computed(layer, x), x / (2 + 0.3 * sums) ** 0.75)
    gradients_hold(layer, x)
