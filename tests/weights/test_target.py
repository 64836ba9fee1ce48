"""What the loader sees of a network."""

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
)
from weights.network import small_network

from theano_transfer.weights import WeightsError
from theano_transfer.weights._target import target_of


def test_a_network_and_its_last_layer_look_the_same():
    net = small_network()
    whole, last = target_of(net), target_of(net.output)
    assert list(whole.params) == list(last.params) == list(net.params)
    assert all(whole.params[name] is net.params[name] for name in net.params)
    assert whole.shapes == last.shapes
    assert whole.flattened == last.flattened == {"fc": (8, 5, 6)}


def test_only_layers_that_are_not_there_are_optional():
    assert target_of(small_network()).optional == frozenset()
    assert target_of(small_network(top=False)).optional == {"flatten", "dropout", "fc"}


def test_which_dense_layers_follow_a_flattening():
    picture = InputLayer((None, 3, 4, 5), name="input")
    vector = InputLayer((None, 60), name="vector")
    unknown = InputLayer((None, 3, None, None), name="unknown")
    relu = lasagne.nonlinearities.rectify
    first = DenseLayer(picture, 60, name="at once")
    cases = {
        first: (3, 4, 5),
        DenseLayer(FlattenLayer(picture), 2, name="flat"): (3, 4, 5),
        DenseLayer(DropoutLayer(FlattenLayer(picture)), 2, name="dropout"): (3, 4, 5),
        DenseLayer(NonlinearityLayer(FlattenLayer(picture), relu), 2, name="relu"): (3, 4, 5),
        DenseLayer(first, 2, name="second"): None,
        DenseLayer(GlobalPoolLayer(picture), 2, name="pooled"): None,
        DenseLayer(GlobalPoolLayer(unknown), 2, name="pooled unknown"): None,
        DenseLayer(vector, 2, name="vector's"): None,
    }
    for layer, expected in cases.items():
        assert target_of(layer).flattened.get(layer.name) == expected, layer.name


def test_roles_are_attributes_not_the_names_of_variables():
    W = theano.shared(np.zeros((4, 2), "f4"), name="a weight of my own")
    layer = DenseLayer(InputLayer((None, 4), name="input"), 2, W=W, name="mine")
    assert list(target_of(layer).params) == ["mine.W", "mine.b"]


def test_a_layer_without_a_name_is_an_error():
    layer = DenseLayer(InputLayer((None, 4)), 2)
    with pytest.raises(WeightsError, match="a DenseLayer with parameters has no name"):
        target_of(layer)


def test_two_layers_of_one_name_are_an_error():
    layer = DenseLayer(InputLayer((None, 4)), 4, name="same")
    with pytest.raises(WeightsError, match=r"two parameters are named 'same\.W'"):
        target_of(DenseLayer(layer, 2, name="same"))


def test_a_shared_parameter_counts_once():
    first = DenseLayer(InputLayer((None, 4)), 4, name="first")
    second = DenseLayer(first, 4, W=first.W, name="second")
    assert list(target_of(second).params) == ["first.W", "first.b", "second.W", "second.b"]
