"""Update rules as one Op per parameter: the same numbers, fewer nodes, in place."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.tensor.elemwise import Elemwise

from theano_transfer.kernels._updates import FusedUpdate

REWRITES = ("fuse_updates", "update_in_place")

RULES = {
    "sgd": lambda loss, params: lasagne.updates.sgd(loss, params, 0.1),
    "momentum": lambda loss, params: lasagne.updates.momentum(loss, params, 0.1, 0.9),
    "nesterov": lambda loss, params: lasagne.updates.nesterov_momentum(loss, params, 0.1, 0.9),
    "adam": lambda loss, params: lasagne.updates.adam(loss, params, 0.1),
    "adagrad": lambda loss, params: lasagne.updates.adagrad(loss, params, 0.1),
    "rmsprop": lambda loss, params: lasagne.updates.rmsprop(loss, params, 0.1),
    "adadelta": lambda loss, params: lasagne.updates.adadelta(loss, params, 0.1),
}


def network(seed=0):
    """Inputs, loss and parameters of two layers."""
    rng = np.random.default_rng(seed)
    shapes = {"W": (6, 5), "b": (5,), "V": (5, 4), "c": (4,)}
    params = [
        theano.shared(rng.normal(size=shape).astype("float32"), name=name)
        for name, shape in shapes.items()
    ]
    w, b, v, c = params
    x, y = T.matrix("x"), T.ivector("y")
    probabilities = T.nnet.softmax(T.dot(T.tanh(T.dot(x, w) + b), v) + c)
    loss = T.nnet.categorical_crossentropy(probabilities, y).mean() + 1e-3 * (w**2).sum()
    return [x, y], loss, params


def trained(rule, mode, steps=4):
    """The function, and everything that it updates after some steps."""
    inputs, loss, params = network()
    updates = RULES[rule](loss, params)
    function = theano.function(inputs, loss, updates=updates, mode=mode)
    rng = np.random.default_rng(1)
    for _ in range(steps):
        function(rng.normal(size=(8, 6)).astype("float32"), rng.integers(0, 4, 8).astype("int32"))
    return function, [shared.get_value() for shared in updates]


def nodes(function, kind):
    return [n for n in function.maker.fgraph.apply_nodes if type(n.op) is kind]


# The others are made of the same parts.
QUICK = {"sgd", "momentum", "adam"}


@pytest.mark.parametrize(
    "rule", [r if r in QUICK else pytest.param(r, marks=pytest.mark.slow) for r in RULES]
)
def test_same_numbers_and_one_node_per_parameter(rule):
    mode = theano.compile.get_default_mode()
    fused, values = trained(rule, mode)
    plain, expected = trained(rule, mode.excluding(*REWRITES))
    for value, wanted in zip(values, expected):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)
    assert nodes(plain, FusedUpdate) == []
    assert len(nodes(fused, FusedUpdate)) == 4
    for node in nodes(fused, FusedUpdate):
        # every new value is written over the one it replaces
        assert len(node.op.inplace_pattern) == len(node.outputs)
    assert len(nodes(fused, Elemwise)) < len(nodes(plain, Elemwise))


def test_in_place_where_only_the_gradient_knows_the_shape():
    """As of filters: the shape of a shared variable may change, that of their gradient is known."""
    filters = theano.shared(np.ones((4, 3, 3, 3), "float32"))
    images = T.TensorType("float32", (None, 3, 8, 8))("images")
    maps = T.nnet.conv2d(images, filters, input_shape=(None, 3, 8, 8), filter_shape=(4, 3, 3, 3))
    updates = lasagne.updates.momentum(maps.sum(), [filters], 0.1)
    (node,) = nodes(theano.function([images], updates=updates), FusedUpdate)
    assert node.outputs[0].type.shape == (4, 3, 3, 3)
    assert len(node.op.inplace_pattern) == 2


def test_parameters_of_any_number_of_axes_share_the_same_code():
    shapes = [(5,), (3, 4), (2, 3, 3, 3)]
    params = [theano.shared(np.ones(shape, "float32")) for shape in shapes]
    loss = sum((param**2).sum() for param in params)
    step = theano.function([], updates=lasagne.updates.adam(loss, params, 0.1))
    fused = nodes(step, FusedUpdate)
    code = {
        node.op.c_code(
            node,
            "name",
            [f"in{i}" for i in range(len(node.inputs))],
            [f"out{i}" for i in range(len(node.outputs))],
            {"fail": "goto failed;"},
        )
        for node in fused
    }
    assert len(fused) == len(shapes)
    assert len(code) == 1


def frozen_array(values):
    values.flags.writeable = False
    return values


@pytest.mark.parametrize(
    "held", [np.asfortranarray, lambda a: np.repeat(a, 2, axis=1)[:, ::2], frozen_array]
)
def test_arrays_that_cannot_be_overwritten_in_a_line(held):
    values = np.arange(12, dtype="float32").reshape(3, 4)
    kept = held(values.copy())
    param = theano.shared(kept, borrow=True)
    step = theano.function([], updates={param: (param + 1) * 2})
    assert len(nodes(step, FusedUpdate)) == 1
    step()
    step()
    np.testing.assert_array_equal(param.get_value(), ((values + 1) * 2 + 1) * 2)
    if not kept.flags.writeable:
        np.testing.assert_array_equal(kept, values)


def test_a_gradient_of_another_shape_is_refused():
    param, gradient = theano.shared(np.ones((2, 3), "float32")), T.matrix()
    step = theano.function([gradient], updates={param: param - 0.5 * (gradient + 1)})
    with pytest.raises(ValueError, match="shape"):
        step(np.ones((3, 2), "float32"))
    np.testing.assert_array_equal(param.get_value(), np.ones((2, 3)))


def test_values_that_are_also_returned_are_not_overwritten():
    w = theano.shared(np.ones(3, "float32"))
    g = T.vector()
    function = theano.function([g], [w, w * 2], updates={w: w - 0.5 * (g + 1)})
    old, double = function(np.ones(3, "float32"))
    np.testing.assert_array_equal(old, np.ones(3))
    np.testing.assert_array_equal(double, np.full(3, 2))
    np.testing.assert_array_equal(w.get_value(), np.zeros(3))


def test_a_value_handed_out_before_stays():
    w = theano.shared(np.ones(3, "float32"))
    function = theano.function([], updates={w: (w + 1) * 2})
    held = w.get_value()
    function()
    np.testing.assert_array_equal(held, np.ones(3))
    np.testing.assert_array_equal(w.get_value(), np.full(3, 4))


def test_parameters_that_swap_values():
    a, b = (theano.shared(np.full(2, n, "float32")) for n in (1, 3))
    function = theano.function([], updates={a: (b + 1) * 2, b: (a + 1) * 2})
    function()
    np.testing.assert_array_equal(a.get_value(), np.full(2, 8))
    np.testing.assert_array_equal(b.get_value(), np.full(2, 4))


def test_expressions_that_others_need_stay_theirs():
    w = theano.shared(np.ones(3, "float32"))
    x = T.vector()
    step = (x + 1) * 2
    function = theano.function([x], step.sum(), updates={w: w - 0.5 * step})
    assert float(function(np.zeros(3, "float32"))) == 6
    np.testing.assert_array_equal(w.get_value(), np.zeros(3))


def test_parameters_of_other_shapes_that_share_a_constant_stay_apart():
    """The slope of a square holds ``2 - 1``: one node for all parameters."""
    shapes = [(2, 2), (1, 2), (3, 4)]
    params = [theano.shared(np.full(shape, 3, "float32")) for shape in shapes]
    penalty = sum((param**2).sum() for param in params)
    step = theano.function([], updates=lasagne.updates.momentum(penalty, params, 0.25))
    step()
    for param, shape in zip(params, shapes):
        np.testing.assert_allclose(param.get_value(), np.full(shape, 1.5))
