"""Descriptions of graphs: the same for the same function, others for others."""

import subprocess
import sys

import aesara
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.graph.basic import Apply
from aesara.graph.op import Op

import theano_transfer as tt
from theano_transfer.cache._describe import UndescribableError, describe, describe_graph
from theano_transfer.cache._frozen import FrozenPart

X = T.tensor4("x")


def text(output, inputs=(X,)):
    return describe_graph(list(inputs), output)[0]


def conv(**options):
    entry = lasagne.layers.InputLayer((None, 3, 8, 8), input_var=X)
    return tt.layers.Conv2DLayer(entry, 4, 3, **options)


def test_the_same_layers_made_twice_are_the_same():
    assert text(lasagne.layers.get_output(conv())) == text(lasagne.layers.get_output(conv()))


@pytest.mark.parametrize(
    "other",
    [
        lambda: lasagne.layers.get_output(conv(stride=2)),
        lambda: lasagne.layers.get_output(conv(pad="same")),
        lambda: lasagne.layers.get_output(conv(b=None)),
        lambda: lasagne.layers.get_output(conv(nonlinearity=lasagne.nonlinearities.tanh)),
        lambda: lasagne.layers.get_output(tt.layers.Pool2DLayer(conv(), 2)),
    ],
)
def test_other_settings_are_another_function(other):
    assert text(other()) != text(lasagne.layers.get_output(conv()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (X + 1, X + 2),
        (X - 1, 1 - X),
        (X * X + X, X * (X + X)),
        (X.sum(axis=1), X.sum(axis=2)),
        (T.cast(X, "float64"), X),
        (X[:, 1:], X[:, :1]),
        (X.dimshuffle(0, 2, 1, 3), X),
    ],
)
def test_small_differences_show(one, other):
    assert text(one) == text(one)
    assert text(one) != text(other)


def test_shared_variables_are_told_apart_by_their_place():
    a, b = theano.shared(np.float32(1)), theano.shared(np.float32(2))
    (one, first), (other, second) = (describe_graph([X], v) for v in (X * a - b, X * b - a))
    assert one == other  # the function is the same; the values are looked at by whoever asked
    assert (first, second) == ([a, b], [b, a])
    assert text(X * a - a) != one


def test_another_process_describes_the_zoo_in_the_same_way():
    program = (
        "import theano_transfer as tt, lasagne, hashlib, sys\n"
        "from theano_transfer.cache._describe import describe_graph\n"
        "net = tt.zoo.efficientnet_lite0(weights=None, include_top=False)\n"
        "out = lasagne.layers.get_output(net.output, deterministic=True)\n"
        "sys.stdout.write(hashlib.sha256(describe_graph([net.input_var], out)[0]).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**__import__("os").environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 64


@pytest.mark.parametrize("name", [name for name in tt.zoo.models() if "resnet1" not in name])
def test_networks_of_the_zoo_can_be_described(name, undrawn):
    net = tt.zoo.build(name, weights=None, include_top=False)
    output = lasagne.layers.get_output(net.output, deterministic=True)
    _, shared = describe_graph([net.input_var], output)
    params = {p for layer in net.values() for p in layer.params}
    assert params.issuperset(shared)


class Mystery(Op):
    """Of this file, which may hold something else next time."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0] + 1


@pytest.mark.parametrize("thing", [Mystery(), object(), lambda x: x, np.array([object()])])
def test_what_may_change_under_its_name_is_refused(thing):
    with pytest.raises(UndescribableError):
        describe(thing)


def test_graphs_with_unknown_parts_are_known_to_this_process_alone():
    parts = [FrozenPart(X, Mystery()(X), None, (3, 8, 8), "mystery") for _ in range(2)]
    assert "Mystery" in parts[0].unnamed
    assert parts[0].key() == parts[0].key()
    assert parts[0].key() != parts[1].key()


def test_values_of_parameters_are_in_the_key():
    a = theano.shared(np.arange(4, dtype=aesara.config.floatX))
    part, again = (FrozenPart(X, X * a.sum(), None, (3, 8, 8), "a") for _ in range(2))
    before = part.key()
    assert part.unnamed is None
    assert before == again.key()
    a.set_value(a.get_value()[::-1].copy())
    turned = part.key()
    a.get_value(borrow=True)[1] = 7
    changed = part.key()
    assert len({before, turned, changed}) == 3
    a.set_value(np.arange(4, dtype=aesara.config.floatX))
    assert part.key() == before


@pytest.mark.parametrize("size", [8, 1000, 70_000])
def test_changes_in_place_are_noticed_wherever_they_are(rng, size):
    a = theano.shared(rng.normal(size=(size, 3)).astype("float32"))
    part = FrozenPart(X, X * a.sum(), None, (3, 8, 8), "a")
    values, keys = a.get_value(borrow=True), {part.key()}
    for place in (0, size // 2, size - 1):
        values[place, 1] *= 1.001
        keys.add(part.key())
    values[[0, 1]] = values[[1, 0]]
    keys.add(part.key())
    values[:] = values[::-1].copy()
    keys.add(part.key())
    assert len(keys) == 6


def test_random_states_are_no_parameters():
    noise = lasagne.layers.DropoutLayer(lasagne.layers.InputLayer((None, 3, 8, 8), input_var=X))
    part, again = (
        FrozenPart(X, lasagne.layers.get_output(noise), None, (3, 8, 8), "noise") for _ in range(2)
    )
    assert "whenever it is used" in part.unnamed
    assert part.key() != again.key()
