"""Where a network is cut."""

import theano.tensor as T
from lasagne.layers import (
    DenseLayer,
    DropoutLayer,
    ElemwiseSumLayer,
    FlattenLayer,
    InputLayer,
    NonlinearityLayer,
    get_all_layers,
)

import theano_transfer as tt
from theano_transfer.tuning import build_head, parse_head
from theano_transfer.tuning._cut import computes_the_same, find_cut

import pytest  # isort: skip


def with_head(net, steps):
    head = build_head(net.output, parse_head(steps), outputs=3, task="classification")
    return head["head_predictions"]


@pytest.mark.parametrize(
    ("frozen", "steps", "cut"),
    [
        (None, ["avg"], "input"),
        ("block1_conv", ["avg"], "block1_conv"),
        ("block1_pool", ["avg"], "block1_pool"),
        ("block2_bn", ["avg"], "head_avg1"),
        ("block2_pool", ["avg", "dropout"], "head_avg1"),
        ("block2_pool", ["flatten", 4], "head_flatten1"),
        ("block2_pool", ["dropout", "flatten"], "block2_pool"),
    ],
)
def test_the_cut_is_the_highest_layer_that_training_leaves_alone(net, frozen, steps, cut):
    if frozen:
        tt.freeze(net[frozen])
    assert find_cut(with_head(net, steps)).name == cut


def test_batch_normalisation_that_is_not_frozen_is_above_the_cut(net):
    tt.freeze(net["block1_conv"])
    tt.freeze(net, "block2*")
    assert find_cut(with_head(net, ["avg"])).name == "block1_conv"


@pytest.fixture
def residual():
    """input -> stem -> (left, right) -> sum -> after."""
    entry = InputLayer((None, 5), name="input")
    stem = DenseLayer(entry, 4, name="stem")
    left = DenseLayer(stem, 4, name="left")
    right = DenseLayer(stem, 4, name="right")
    total = ElemwiseSumLayer([left, right], name="sum")
    after = DenseLayer(total, 2, name="after")
    return {layer.name: layer for layer in get_all_layers(after)}


@pytest.mark.parametrize(
    ("frozen", "cut"),
    [
        ("stem left right", "sum"),
        ("stem left", "stem"),  # both branches rest on it, and `right` is trained
        ("stem", "stem"),
        ("left right", "input"),
    ],
)
def test_all_paths_go_through_the_cut(residual, frozen, cut):
    tt.freeze(residual, *frozen.split())
    assert find_cut(residual["after"]).name == cut


def test_everything_frozen_is_cut_at_the_top(residual):
    tt.freeze(residual)
    assert find_cut(residual["after"]).name == "after"


def test_frozen_layers_without_parameters_are_no_reason_to_cut():
    entry = InputLayer((None, 3, 4, 4), name="input")
    dense = DenseLayer(FlattenLayer(entry, name="flat"), 2, name="dense")
    assert find_cut(dense).name == "input"


def test_several_inputs_are_refused():
    both = ElemwiseSumLayer([InputLayer((None, 3)), InputLayer((None, 3))])
    with pytest.raises(ValueError, match="one input layer; this one has 2"):
        find_cut(DenseLayer(both, 2))


def test_layers_that_differ_in_training_are_found(net):
    entry = InputLayer((None, 3))
    assert computes_the_same(entry)
    assert computes_the_same(NonlinearityLayer(entry, T.tanh))
    assert not computes_the_same(DropoutLayer(entry))
    assert computes_the_same(DropoutLayer(entry, p=0))
    assert not computes_the_same(net["block1_bn"])
    tt.freeze(net)
    assert computes_the_same(net["block1_bn"])
    assert not computes_the_same(tt.freeze([DropoutLayer(entry)])[0])
