"""A small network of Lasagne layers, as the files in ``keras_files`` are for."""

from collections import OrderedDict

import lasagne
import numpy as np
from lasagne.layers import DenseLayer, DropoutLayer, FlattenLayer, InputLayer

from theano_transfer.layers import BatchNormLayer, Conv2DLayer, DepthwiseConv2DLayer
from theano_transfer.zoo import ModelRecord, Network

RECORD = ModelRecord(
    name="small",
    title="Small",
    paper="none",
    num_parameters=0,
    feature_layer="dw",
    feature_channels=8,
    blocks=(("block1", "conv"),),
    top_layers=("flatten", "dropout", "fc"),
    preprocessing="tf",
    input_size=16,
    min_size=9,
)


def small_network(*, top=True, classes=7, depthwise=True):
    """input (3, 9, 9) -> conv (4, 7, 8) -> bn -> depthwise (8, 5, 6) -> flatten -> dense."""
    net = Network(record=RECORD)
    x = net.add(InputLayer((None, 3, 9, 9), name="input"))
    x = net.add(Conv2DLayer(x, 4, (3, 2), name="conv"))
    x = net.add(BatchNormLayer(x, name="bn"))
    if depthwise:
        x = net.add(DepthwiseConv2DLayer(x, 3, multiplier=2, b=None, name="dw"))
    if top:
        x = net.add(FlattenLayer(x, name="flatten"))
        x = net.add(DropoutLayer(x, name="dropout"))
        nonlinearity = lasagne.nonlinearities.softmax
        net.add(DenseLayer(x, classes, nonlinearity=nonlinearity, name="fc"))
    return net


def values(net):
    """Copies of all parameters, to compare with later."""
    return OrderedDict((name, param.get_value()) for name, param in net.params.items())


def assert_equal(net, expected):
    found = values(net)
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
