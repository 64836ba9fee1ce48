"""Heads: what a list of steps builds."""

import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import (
    DenseLayer,
    DropoutLayer,
    FlattenLayer,
    GlobalPoolLayer,
    InputLayer,
    NonlinearityLayer,
    get_output,
)

from theano_transfer.layers import BatchNormLayer
from theano_transfer.tuning import build_head, parse_head


def head_on(shape, steps, **options):
    options = {"outputs": 3, "task": "classification", **options}
    return build_head(InputLayer(shape, name="in"), parse_head(steps), **options)


def test_no_head_is_average_and_dropout():
    assert parse_head(None) == ("avg", ("dropout", 0.5))


def test_steps_come_into_one_form():
    assert parse_head(["flatten", 256, "dropout", ("dropout", 0.2), ["dropout", 0.1]]) == (
        "flatten",
        256,
        ("dropout", 0.5),
        ("dropout", 0.2),
        ("dropout", 0.1),
    )
    assert parse_head([np.int64(8)]) == (8,)
    assert parse_head([]) == ()


@pytest.mark.parametrize(
    ("steps", "error", "text"),
    [
        ("avg", TypeError, "a head is a list"),
        (256, TypeError, "a head is a list"),
        (["pool"], ValueError, "'pool'"),
        ([0], ValueError, "at least one unit"),
        ([("dropout", 1)], ValueError, "below 1"),
        ([("dropout", float("nan"))], ValueError, "below 1"),
        ([True], TypeError, "True"),
        ([2.5], TypeError, "2.5"),
        ([("dense", 2)], TypeError, "dense"),
    ],
)
def test_wrong_steps_are_named(steps, error, text):
    with pytest.raises(error, match=text):
        parse_head(steps)


def test_layers_have_names_in_order():
    head = head_on((None, 4, 6, 6), ["flatten", 8, "batchnorm", "dropout", 5, ("dropout", 0.2)])
    assert {name: type(layer) for name, layer in head.items()} == {
        "head_flatten1": FlattenLayer,
        "head_dense1": DenseLayer,
        "head_batchnorm1": BatchNormLayer,
        "head_dropout1": DropoutLayer,
        "head_dense2": DenseLayer,
        "head_dropout2": DropoutLayer,
        "head_predictions": DenseLayer,
    }
    assert all(layer.name == name for name, layer in head.items())
    assert head["head_dense1"].W.name == "head_dense1.W"
    assert head["head_dropout2"].p == 0.2
    assert head["head_dense1"].nonlinearity is lasagne.nonlinearities.rectify


@pytest.mark.parametrize(("step", "reduce"), [("avg", np.mean), ("max", np.max)])
def test_global_pooling(step, reduce):
    head = head_on((None, 4, 6, 5), [step])
    layer = head[f"head_{step}1"]
    assert isinstance(layer, GlobalPoolLayer)
    x = np.random.default_rng(0).normal(size=(2, 4, 6, 5)).astype("float32")
    var = layer.input_layer.input_var
    found = theano.function([var], get_output(layer))(x)
    np.testing.assert_allclose(found, reduce(x, axis=(2, 3)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("task", "activation"),
    [
        ("classification", lambda s: np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)),
        ("binary", lambda s: 1 / (1 + np.exp(-s))),
        ("multilabel", lambda s: 1 / (1 + np.exp(-s))),
        ("regression", lambda s: s),
    ],
)
def test_the_task_gives_the_last_layer_its_activation(task, activation):
    head = head_on((None, 4), [], task=task)
    last = head["head_predictions"]
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    found = theano.function([last.input_layer.input_var], get_output(last))(x)
    scores = x @ last.W.get_value() + last.b.get_value()
    np.testing.assert_allclose(found, activation(scores), rtol=1e-5)


def test_the_seed_fixes_weights_and_leaves_lasagnes_own_alone():
    before = lasagne.random.get_rng()
    steps = ["avg", 7, "dropout"]
    first, again, other = (head_on((None, 4, 6, 6), steps, seed=s) for s in (1, 1, 2))
    assert lasagne.random.get_rng() is before
    for name in ("head_dense1", "head_predictions"):
        np.testing.assert_array_equal(first[name].W.get_value(), again[name].W.get_value())
        assert not np.array_equal(first[name].W.get_value(), other[name].W.get_value())
        limit = np.sqrt(6 / sum(first[name].W.get_value().shape))
        assert abs(first[name].W.get_value()).max() <= limit


def test_own_functions_may_stack_several_layers():
    def two(layer):
        return NonlinearityLayer(DenseLayer(layer, 6, nonlinearity=None), name="mine")

    head = head_on((None, 4), [two, 3])
    assert list(head) == ["head_layer1", "mine", "head_dense1", "head_predictions"]
    assert head["head_dense1"].input_layer is head["mine"]


def test_own_functions_are_checked():
    with pytest.raises(TypeError, match="returns a layer"):
        head_on((None, 4), [lambda layer: 3])
    same = [lambda layer: DenseLayer(layer, 2, name="same")] * 2
    with pytest.raises(ValueError, match="'same'"):
        head_on((None, 4), same)


@pytest.mark.parametrize("steps", [["flatten"], [8], []])
def test_unknown_sizes_are_explained(steps):
    with pytest.raises(ValueError, match=r"needs a known size.*put 'avg'"):
        head_on((None, 4, None, None), steps)


def test_pooling_over_a_vector_is_explained():
    with pytest.raises(ValueError, match=r"rows and columns.*head_avg2"):
        head_on((None, 4, 6, 6), ["avg", "avg"])
