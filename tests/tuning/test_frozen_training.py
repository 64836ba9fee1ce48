"""Frozen means frozen: trained in earnest, then compared bit by bit."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, GlobalPoolLayer, get_all_params, get_output

import theano_transfer as tt

STEPS = 5


def gradient_nodes(function, kind):
    """How many Apply nodes compute gradients of convolutions by `kind` ('weights', 'inputs')."""
    names = [type(node.op).__name__.lower() for node in function.maker.fgraph.toposort()]
    return sum(f"grad{kind}" in name.replace("_", "") for name in names)


def add_classifier(net):
    return DenseLayer(GlobalPoolLayer(net["block2_pool"]), 3, nonlinearity=None, name="predictions")


def training_function(net, out, update=lasagne.updates.adam):
    """What a lesson would write."""
    y = T.ivector("y")
    scores = get_output(out)
    loss = T.nnet.crossentropy_softmax_1hot(scores, y)[0].mean()
    params = get_all_params(out, trainable=True)
    return theano.function([net.input_var, y], loss, updates=update(loss, params, 0.01))


@pytest.fixture
def batch(pictures):
    x, y = pictures
    return tt.images.preprocess_input(x, "tf"), y


@pytest.mark.parametrize("last", ["block1_conv", "block1_bn", "block1_pool", "block2_bn", None])
def test_frozen_arrays_stay_bit_for_bit_and_others_move(net, batch, values_of, last):
    out = add_classifier(net)
    if last is not None:
        tt.freeze(net[last])
    everything = [*net.values(), out]
    before = values_of(everything)
    function = training_function(net, out)
    for _ in range(STEPS):
        loss = function(*batch)
        assert np.isfinite(loss)
    frozen = {p.name for layer in everything if tt.tuning.is_frozen(layer) for p in layer.params}
    for name, value in values_of(everything).items():
        if name in frozen:
            np.testing.assert_array_equal(value, before[name], err_msg=name)
        else:
            assert not np.array_equal(value, before[name]), name


def test_frozen_layers_above_trainable_ones_stay_too(net, batch, values_of):
    out = add_classifier(net)
    tt.freeze([net["block2_conv"], net["block2_bn"]])
    before = values_of([net["block2_conv"], net["block2_bn"]])
    lower = net["block1_conv"].W.get_value()
    function = training_function(net, out)
    for _ in range(STEPS):
        function(*batch)
    for name, value in values_of([net["block2_conv"], net["block2_bn"]]).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    assert not np.array_equal(net["block1_conv"].W.get_value(), lower)


@pytest.mark.parametrize(
    ("last", "weights", "inputs"),
    # the gradient by the pictures is never wanted
    [(None, 2, 1), ("block1_pool", 1, 0), ("block2_pool", 0, 0)],
)
def test_no_gradient_is_computed_below_the_lowest_trainable_parameter(net, last, weights, inputs):
    out = add_classifier(net)
    if last is not None:
        tt.freeze(net[last])
    function = training_function(net, out, lasagne.updates.sgd)
    assert gradient_nodes(function, "weights") == weights
    assert gradient_nodes(function, "inputs") == inputs


def test_what_was_compiled_before_stays_as_it_was_compiled(net, batch):
    out = add_classifier(net)
    function = training_function(net, out)
    tt.freeze(net)
    before = net["block1_conv"].W.get_value()
    function(*batch)
    assert not np.array_equal(net["block1_conv"].W.get_value(), before)


@pytest.mark.parametrize(("unfrozen", "weights"), [([], 0), (["block2"], 1), (["block1_conv"], 2)])
def test_a_model_computes_no_gradient_below_the_cut(net, pictures, values_of, unfrozen, weights):
    model = tt.Model(net, classes=3, head=["avg"])
    if unfrozen:
        model.unfreeze(*unfrozen, batch_norm=True)
    model.compile("sgd", learning_rate=0.1)
    frozen = [model.net[name] for name in model.frozen]
    before = values_of(frozen)
    model.fit(pictures, epochs=STEPS, batch_size=8, verbose=False)
    assert gradient_nodes(model.functions.step, "weights") == weights
    for name, value in values_of(frozen).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    tt.assert_frozen(frozen, model.functions.step)


def test_a_real_network_frozen_in_part(pictures, values_of):
    """EfficientNet-Lite0 at 32 x 32: 49 convolutions, depthwise ones among them."""
    net = tt.zoo.efficientnet_lite0(weights=None, include_top=False, input_shape=(3, 32, 32))
    model = tt.Model(net, classes=3)
    model.unfreeze("block7", batch_norm=True)
    model.compile("momentum", learning_rate=0.01)
    frozen = [model.net[name] for name in model.frozen]
    before = values_of(frozen)
    moving = {name: param.get_value() for name, param in model.trainable.items()}
    model.fit(pictures, epochs=1, batch_size=8, verbose=False, cache=False)
    assert model.inference.cut.name == "block6d_add"
    assert gradient_nodes(model.functions.step, "weights") == 4  # three of block7, top_conv
    for name, value in values_of(frozen).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    for name, param in model.trainable.items():
        assert not np.array_equal(param.get_value(), moving[name]), name
