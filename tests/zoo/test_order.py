"""The order in which a network has its layers."""

from lasagne.layers import ConcatLayer, DenseLayer, InputLayer

from theano_transfer.zoo import Network
from theano_transfer.zoo._order import sort_as_keras


def test_layers_are_sorted_by_their_distance_from_the_output():
    net = Network()
    x = net.add(InputLayer((None, 2), name="input"))
    short = net.add(DenseLayer(x, 2, name="short"))
    first = net.add(DenseLayer(x, 2, name="first"))
    second = net.add(DenseLayer(first, 2, name="second"))
    net.add(ConcatLayer([short, second], name="together"))
    sort_as_keras(net)
    assert list(net) == ["input", "first", "short", "second", "together"]


def test_equally_distant_layers_come_as_they_are_merged():
    net = Network()
    x = net.add(InputLayer((None, 2), name="input"))
    late = net.add(DenseLayer(x, 2, name="late"))
    early = net.add(DenseLayer(x, 2, name="early"))
    net.add(ConcatLayer([early, late], name="together"))
    sort_as_keras(net)
    assert list(net) == ["input", "early", "late", "together"]
    assert net.output.name == "together"


def test_a_thousand_layers_are_not_too_deep():
    net = Network()
    x = net.add(InputLayer((None, 1), name="input"))
    for number in range(1500):
        x = net.add(DenseLayer(x, 1, name=f"dense{number}"))
    names = list(net)
    sort_as_keras(net)
    assert list(net) == names
