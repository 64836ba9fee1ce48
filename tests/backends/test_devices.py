"""Several devices do what one does."""

import re

import jax
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

import theano_transfer as tt

several = pytest.mark.skipif(len(jax.devices()) < 8, reason="JAX was started with fewer devices")


@pytest.fixture(autouse=True)
def as_before():
    yield
    tt.use("c")


def trained(images, classes, steps=3, **where):
    """Parameters after some steps, and their losses."""
    if where:
        tt.use("jax", device="cpu", **where)
    rng = np.random.default_rng(0)
    net = lasagne.layers.InputLayer((None, 3, 6, 6))
    W = rng.normal(size=(4, 3, 3, 3)).astype("float32")
    # A bias would have a gradient of zero behind it, and Adam makes steps of rounding errors.
    net = tt.layers.Conv2DLayer(net, 4, 3, W=W, b=None)
    net = tt.layers.BatchNormLayer(net, momentum=0.5)
    net = lasagne.layers.GlobalPoolLayer(net)
    W = rng.normal(size=(4, 3)).astype("float32")
    net = lasagne.layers.DenseLayer(net, 3, W=W, nonlinearity=lasagne.nonlinearities.softmax)
    x, y, loss = objective(net)
    params = lasagne.layers.get_all_params(net, trainable=True)
    step = theano.function([x, y], loss, updates=lasagne.updates.adam(loss, params, 0.05))
    losses = [step(images, classes) for _ in range(steps)]
    return net, [p.get_value() for p in lasagne.layers.get_all_params(net)], losses


def objective(net):
    """Variables for pictures and classes, and the loss."""
    x = lasagne.layers.get_all_layers(net)[0].input_var
    y = T.ivector("y")
    output = lasagne.layers.get_output(net)
    return x, y, lasagne.objectives.categorical_crossentropy(output, y).mean()


@pytest.fixture
def batch(rng):
    return rng.normal(size=(16, 3, 6, 6)).astype("float32"), np.arange(16, dtype="int32") % 3


@several
def test_eight_devices_train_as_one(batch):
    _, expected, losses = trained(*batch, devices=1)
    net, found, same = trained(*batch, devices="all")
    np.testing.assert_allclose(same, losses, rtol=1e-5)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    W = lasagne.layers.get_all_params(net)[0]
    array = W.get_value(borrow=True, return_internal_type=True)
    assert len(array.sharding.device_set) == 8
    assert array.sharding.is_fully_replicated


@several
@pytest.mark.parametrize("count", [5, 13])
def test_a_batch_that_cannot_be_split_equally(batch, count):
    images, classes = (part[:count] for part in batch)
    _, expected, _ = trained(images, classes, steps=1, devices=1)
    _, found, _ = trained(images, classes, steps=1, devices=8)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def communication(function, *given):
    """What passes between devices: the operations, each with the shape of its result."""
    kinds = "all-reduce|all-gather|all-to-all|collective-permute|collective-broadcast"
    pattern = rf"= (.*?) ({kinds}|reduce-scatter)(?:-start)?\("
    lines = function.vm.program(*given).splitlines()
    return sorted(found.groups() for found in (re.search(pattern, line) for line in lines) if found)


@several
@pytest.mark.parametrize("count", [16, 13])
def test_a_frozen_part_does_not_communicate(batch, count):
    tt.use("jax", device="cpu", devices="all")
    images, classes = (part[:count] for part in batch)
    base = lasagne.layers.InputLayer((None, 3, 6, 6))
    for channels in (4, 7):
        base = tt.layers.Conv2DLayer(base, channels, 3, pad="same", b=None)
        base = tt.layers.BatchNormLayer(base)
    base = lasagne.layers.MaxPool2DLayer(base, 2)
    tt.freeze(base)
    head = lasagne.layers.GlobalPoolLayer(base)
    head = lasagne.layers.DenseLayer(head, 3, nonlinearity=lasagne.nonlinearities.softmax)
    x, y, loss = objective(head)
    maps = lasagne.layers.get_output(base, deterministic=True)
    params = lasagne.layers.get_all_params(head, trainable=True)
    updates = lasagne.updates.sgd(loss, params, 0.1)
    step = theano.function([x, y], loss, updates=updates)

    # The same step on features: what it says to other devices is about the head.
    features = T.tensor4()
    prediction = lasagne.layers.get_output(head, inputs={base: features})
    loss = lasagne.objectives.categorical_crossentropy(prediction, y).mean()
    above = theano.function([features, y], loss, updates=lasagne.updates.sgd(loss, params, 0.1))
    known = np.zeros((count, 7, 3, 3), "float32")
    assert communication(above, known, classes)
    assert communication(step, images, classes) == communication(above, known, classes)
    if count % 8 == 0:  # other results XLA brings together at the end
        assert not communication(theano.function([x], maps), images)


def test_more_devices_than_there_are():
    with pytest.raises(ValueError, match=r"1000 devices .* JAX has"):
        trained(None, None, devices=1000)
