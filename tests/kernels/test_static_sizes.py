"""What is known of sizes when a graph is built stays known, and spares nodes."""

import numpy as np
import oracle
import pytest
import theano
import theano.tensor as T
from aesara.tensor.elemwise import DimShuffle

from theano_transfer.kernels import Conv2d, Pool2d


def images(*shape):
    return T.TensorType("float32", shape)()


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({}, (7, 5)),
        ({"border_mode": "half"}, (9, 7)),
        ({"border_mode": "full", "subsample": (2, 3)}, (6, 3)),
        ({"border_mode": ((0, 1), (2, 0)), "filter_dilation": (2, 1)}, (6, 7)),
    ],
)
def test_sizes_of_convolutions(settings, size, rng):
    x, w = images(None, 2, 9, 7), T.tensor4()
    y = T.nnet.conv2d(x, w, filter_shape=(4, 2, 3, 3), **settings)
    assert y.type.shape == (None, 4, *size)
    assert T.grad(y.sum(), x).type.shape == (None, 2, 9, 7)
    value = theano.function([x, w], y)(
        rng.normal(size=(1, 2, 9, 7)).astype("float32"), np.ones((4, 2, 3, 3), "float32")
    )
    assert value.shape[2:] == size


@pytest.mark.parametrize("ignore_border", [True, False])
def test_sizes_of_pooling(ignore_border):
    x = images(None, 3, 9, 6)
    y = T.signal.pool.pool_2d(x, (2, 2), ignore_border=ignore_border)
    assert y.type.shape == (None, 3, 4 if ignore_border else 5, 3)
    value = theano.function([x], y)(np.ones((2, 3, 9, 6), "float32"))
    assert value.shape == (2, 3, *y.type.shape[2:])


def test_unknown_sizes_stay_unknown():
    x, w = T.tensor4(), T.tensor4()
    assert T.nnet.conv2d(x, w).type.shape == (None,) * 4
    assert T.signal.pool.pool_2d(x, (2, 2), ignore_border=True).type.shape == (None,) * 4
    size = T.lscalar()
    y = T.signal.pool.pool_2d(images(None, 3, 9, 6), T.stack([size, size]), ignore_border=True)
    assert y.type.shape == (None,) * 4


def stack_of_layers(x, depth):
    """`depth` convolutions with normalisation, a shortcut around each, and a rectifier."""
    constant = theano.shared(np.ones(4, "float32"))
    w = theano.shared(np.full((4, 4, 3, 3), 0.1, "float32"))
    for _ in range(depth):
        y = T.nnet.conv2d(x, w, border_mode="half", filter_flip=False, filter_shape=(4, 4, 3, 3))
        y = T.nnet.bn.batch_normalization_test(y, *[constant] * 4, axes="spatial")
        x = T.nnet.relu(x + y)
    return x


def test_a_deep_network_compiles_to_one_node_a_layer():
    """The convolution, which takes normalisation, sum and rectifier along: no shape arithmetic."""
    x = images(None, 4, 16, 16)
    function = theano.function([x], stack_of_layers(x, 10))
    nodes = function.maker.fgraph.apply_nodes
    assert sum(not isinstance(node.op, DimShuffle) for node in nodes) == 10


def test_its_gradient_has_no_shape_arithmetic():
    x = images(None, 4, 16, 16)
    function = theano.function([x], T.grad(stack_of_layers(x, 10).sum(), x))
    names = {type(node.op).__name__ for node in function.maker.fgraph.apply_nodes}
    assert not {"Assert", "Switch", "SpecifyShape", "Shape_i"} & names


def test_wrong_image_sizes_are_refused_when_called():
    x = images(None, 2, 9, 7)
    function = theano.function([x], T.signal.pool.pool_2d(x, (2, 2), ignore_border=True))
    with pytest.raises(TypeError, match="shape"):
        function(np.ones((1, 2, 8, 7), "float32"))


def test_right_values(rng):
    x = images(None, 2, 9, 7)
    w = rng.normal(size=(3, 2, 3, 3)).astype("float32")
    y = T.nnet.conv2d(x, w, filter_flip=False, subsample=(2, 1))
    y = T.signal.pool.pool_2d(T.nnet.relu(y), (2, 2), ignore_border=True)
    function = theano.function([x], y)
    assert {type(node.op) for node in function.maker.fgraph.apply_nodes} == {Conv2d, Pool2d}
    image = rng.normal(size=(2, 2, 9, 7)).astype("float32")
    expected = np.maximum(oracle.convolve(image, w, stride=(2, 1)), 0)
    np.testing.assert_allclose(
        function(image), oracle.pool(expected, (2, 2), (2, 2)), rtol=1e-5, atol=1e-5
    )


def test_lengths_that_are_the_same_are_not_compared():
    x, y = T.tensor3(), T.tensor3()
    lengths = tuple(x.shape)
    node = (x * y).owner
    (found,) = node.op.infer_shape(None, node, [lengths, lengths])
    assert all(a is b for a, b in zip(found, lengths))


def test_lengths_that_may_differ_are_compared():
    x, y = T.tensor3(), T.tensor3()
    function = theano.function([x, y], (x + y).shape)
    a, b = np.zeros((2, 3, 4), "float32"), np.zeros((2, 5, 4), "float32")
    np.testing.assert_array_equal(function(a, a), a.shape)
    with pytest.raises((AssertionError, ValueError)):
        function(a, b)


def test_broadcast_inputs_have_no_say(rng):
    x = T.tensor3()
    row = T.TensorType("float32", (True, False, True))()
    function = theano.function([x, row], [(x + row).shape, x + row])
    a, b = rng.normal(size=(2, 3, 4)).astype("float32"), rng.normal(size=(1, 3, 1)).astype("f4")
    shape, total = function(a, b)
    np.testing.assert_array_equal(shape, a.shape)
    np.testing.assert_array_equal(total, a + b)


@pytest.mark.parametrize("axis", [0, 1, -1, "given"])
def test_sizes_of_what_is_joined(axis, rng):
    x, y = images(None, 2), images(None, None)
    place = T.iscalar("place")
    joined = T.join(place if axis == "given" else axis, x, y)
    values = [rng.normal(size=shape).astype("float32") for shape in [(3, 2), (3, 2)]]
    size = joined.shape.eval(
        {x: values[0], y: values[1], **({place: 1} if axis == "given" else {})}
    )
    along = 1 if axis == "given" else axis
    np.testing.assert_array_equal(size, np.concatenate(values, along).shape)


def test_the_length_of_one_axis_asks_for_no_sums_along_others():
    """They would double from block to block of a network with branches."""
    maps, filters = images(None, 2, None, None), T.tensor4("filters")
    inputs = [maps, filters]
    for _ in range(20):
        both = T.join(1, maps, maps)
        maps = T.nnet.conv2d(both, filters, filter_shape=(2, 4, 1, 1))
    with theano.config.change_flags(cxx=""):
        rows = theano.function(inputs, maps.shape[2], mode="FAST_COMPILE", on_unused_input="ignore")
    assert len(rows.maker.fgraph.apply_nodes) < 3


def test_the_length_of_what_was_padded_is_not_told_by_itself():
    """Of which rewriting made a graph with a circle, and never ended."""
    x = T.vector()
    padded = T.set_subtensor(T.zeros((x.shape[0] + 2,))[1 : x.shape[0] + 1], x)
    outputs = [padded, T.grad((padded**2).sum(), x)]
    with theano.config.change_flags(cxx=""):
        function = theano.function([x], outputs)
    found, gradient = function([1, 2])
    np.testing.assert_array_equal(found, [0, 1, 2, 0])
    np.testing.assert_array_equal(gradient, [2, 4])
