"""The table of a network."""

import pytest
from lasagne.layers import DenseLayer, DropoutLayer, InputLayer

import theano_transfer as tt
from theano_transfer.layers import BatchNormLayer
from theano_transfer.show import table


@pytest.fixture
def net():
    entry = InputLayer((None, 3, None, 4), name="input")
    pooled = tt.layers.Pool2DLayer(entry, (2, 2), name="pool")
    mean = tt.layers.BatchNormLayer(pooled, name="bn")
    dense = DenseLayer(InputLayer((None, 5), name="vector"), 4, name="dense")
    return {"input": entry, "pool": pooled, "bn": mean, "dense": dense}


def test_each_layer_has_a_line(net):
    tt.freeze([net["bn"]])
    assert table(net).splitlines() == [
        "layer  type       output     parameters",
        "--------------------------------------------------",
        "input  Input      3 x ? x 4",
        "pool   Pool2D     3 x ? x 2",
        "bn     BatchNorm  3 x ? x 2          12  frozen",
        "dense  Dense      4                  24  trainable",
        "--------------------------------------------------",
        "",
        "36 parameters: 24 trainable, 12 not",
    ]


def test_averages_are_not_trainable(net):
    assert table(net).endswith("36 parameters: 30 trainable, 6 not")


def test_a_layer_stands_for_all_below_it():
    entry = InputLayer((None, 5))
    dense = DenseLayer(DropoutLayer(entry), 4, name="dense")
    lines = table(dense).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["Input", "Dropout", "dense"]


def test_shared_parameters_count_once():
    first = DenseLayer(InputLayer((None, 4)), 4, name="first")
    second = DenseLayer(first, 4, W=first.W, name="second")
    assert table(second).endswith("24 parameters: 24 trainable, 0 not")


def test_parameters_that_a_user_marked():
    layer = BatchNormLayer(InputLayer((None, 3)), gamma=None, beta=None, name="bn")
    assert "not trainable" in table(layer)
