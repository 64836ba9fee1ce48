"""assert_frozen: what it finds in layers, updates, functions and expressions."""

import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import get_all_params, get_output

import theano_transfer as tt
from theano_transfer.tuning import FrozenError


@pytest.fixture
def loss(net):
    return get_output(net.output).sum()


@pytest.fixture
def all_updates(net, loss):
    return lasagne.updates.sgd(loss, get_all_params(net.output, trainable=True), 0.1)


def faults(layers, updates=None):
    with pytest.raises(FrozenError) as caught:
        tt.assert_frozen(layers, updates)
    return str(caught.value)


def test_frozen_layers_pass(net):
    tt.freeze(net["block1_pool"])
    tt.assert_frozen(net["block1_pool"])
    tt.assert_frozen([net["block1_conv"], net["block1_bn"]])


def test_it_is_an_assertion_and_a_value_error(net):
    with pytest.raises(AssertionError):
        tt.assert_frozen(net)
    with pytest.raises(ValueError, match="frozen"):
        tt.assert_frozen(net)


def test_all_faults_are_listed_at_once(net):
    tt.freeze([net["block1_conv"]])
    message = faults(net)
    for name in ["block1_bn.gamma", "block1_bn.beta", "block2_conv.W", "block2_bn.gamma"]:
        assert f"{name} is trainable" in message
    assert "layer 'block1_bn' is not frozen" in message
    assert "block1_conv" not in message


def test_updates_built_before_freezing_are_found(net, all_updates):
    tt.freeze(net["block1_pool"])
    tt.assert_frozen(net["block1_pool"])
    message = faults(net["block1_pool"], all_updates)
    assert "block1_conv.W is updated" in message
    assert "block2" not in message
    assert "block1_conv.W is updated" in faults(net["block1_pool"], list(all_updates.items()))
    assert "block1_conv.W is updated" in faults(net["block1_pool"], [{}, all_updates])


def test_functions_compiled_before_freezing_are_found_with_their_averages(net, loss, all_updates):
    function = theano.function([net.input_var], loss, updates=all_updates)
    tt.freeze(net["block1_pool"])
    message = faults(net["block1_pool"], function)
    for name in ["block1_conv.W", "block1_bn.gamma", "block1_bn.mean", "block1_bn.var"]:
        assert f"{name} is updated by a compiled function" in message


def test_expressions_built_before_freezing_are_found_by_their_averages(net, loss):
    tt.freeze(net)
    message = faults(net, loss)
    assert "block2_bn.var is updated by an automatic update" in message
    assert "conv" not in message


def test_what_was_built_after_freezing_passes(net):
    tt.freeze(net["block1_pool"])
    loss = get_output(net.output).sum()
    updates = lasagne.updates.adam(loss, tt.trainable_params(net))
    function = theano.function([net.input_var], loss, updates=updates)
    for item in (loss, updates, function, [loss, updates, function], None):
        tt.assert_frozen(net["block1_pool"], item)
    function(np.ones((2, 3, 12, 12), "float32"))


@pytest.mark.parametrize("wrong", [3, "updates", object()])
def test_other_things_are_refused(net, wrong):
    tt.freeze(net)
    with pytest.raises(TypeError, match="compiled function"):
        tt.assert_frozen(net, wrong)
