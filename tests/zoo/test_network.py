"""The mapping of names to layers."""

import copy
import pickle

import pytest
from lasagne.layers import DenseLayer, InputLayer

from theano_transfer import zoo
from theano_transfer.layers import BatchNormLayer
from theano_transfer.zoo import ModelRecord, Network

RECORD = ModelRecord(
    name="tiny",
    title="Tiny",
    paper="none",
    num_parameters=0,
    feature_layer="dense",
    feature_channels=3,
    blocks=(("all", "dense"),),
    top_layers=(),
    preprocessing="tf",
    input_size=8,
)


def tiny():
    net = Network(record=RECORD, classes=["a", "b", "c"])
    x = net.add(InputLayer((None, 4), name="input"))
    x = net.add(DenseLayer(x, 3, name="dense"))
    net.add(BatchNormLayer(x, name="norm"))
    return net


def test_layers_are_found_by_name_and_from_both_ends():
    net = tiny()
    assert list(net) == ["input", "dense", "norm"]
    assert net.output is net["norm"]
    assert net.input_var is net["input"].input_var
    assert net.record.input_shape == (3, 8, 8)


def test_parameters_are_named_by_layer_and_role():
    net = tiny()
    assert list(net.params) == [
        "dense.W", "dense.b", "norm.gamma", "norm.beta", "norm.mean", "norm.var",
    ]  # fmt: skip
    assert net.params["norm.var"] is net["norm"].var
    assert net.num_parameters == 4 * 3 + 3 + 4 * 3


def test_parameters_are_found_under_their_role_whatever_the_variable_is_called():
    first = tiny()
    net = Network()
    x = net.add(InputLayer((None, 4), name="input"))
    net.add(DenseLayer(x, 3, W=first["dense"].W, name="other"))
    assert net.params["other.W"] is first["dense"].W


def test_a_layer_is_added_once_and_under_a_name():
    net = tiny()
    with pytest.raises(ValueError, match="has a layer called 'dense' already"):
        net.add(DenseLayer(net.output, 2, name="dense"))
    with pytest.raises(ValueError, match="needs a name"):
        net.add(DenseLayer(net.output, 2))
    assert len(net) == 3


def test_an_empty_network_says_so():
    with pytest.raises(ValueError, match="no layers"):
        Network().output  # noqa: B018
    with pytest.raises(ValueError, match="no input layer"):
        Network().input_var  # noqa: B018


@pytest.mark.parametrize("again", [copy.copy, Network, Network.copy])
def test_a_copy_has_the_same_layers_and_record(again):
    net = tiny()
    other = again(net)
    assert isinstance(other, Network)
    assert list(other.values()) == list(net.values())
    assert other.record is net.record
    assert other.classes == net.classes
    del other["norm"]
    assert "norm" in net


def test_it_survives_pickling():
    net = pickle.loads(pickle.dumps(tiny()))
    assert list(net) == ["input", "dense", "norm"]
    assert net.record == RECORD
    assert net.classes == ["a", "b", "c"]
    assert net.num_parameters == 27


def test_it_prints_as_one_line():
    assert repr(tiny()) == "<Network Tiny: 3 layers, 27 parameters>"
    assert repr(Network()) == "<Network unnamed: 0 layers, 0 parameters>"


def test_maps_by_stride_are_known_of_the_zoo_alone():
    with pytest.raises(ValueError, match="only architectures of the zoo"):
        Network().feature_info  # noqa: B018
    assert zoo.mobilenet_v2(include_top=False).feature_info == [
        ("expanded_conv_project_BN", 16, 2),
        ("block_2_add", 24, 4),
        ("block_5_add", 32, 8),
        ("block_12_add", 96, 16),
        ("out_relu", 1280, 32),
    ]
