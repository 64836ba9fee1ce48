"""What becomes part of a kernel, against the same graph with nothing fused."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.kernels import BatchNormTrain, BatchNormTrainGrad, Conv2d
from theano_transfer.kernels._batch_norm import SumChannels
from theano_transfer.layers import ZeroPad2DLayer, relu6

PLAIN = theano.compile.get_default_mode().excluding("fusion")


def ops(function):
    return [type(node.op) for node in function.maker.fgraph.toposort()]


def kernels(function, kind):
    return [n.op for n in function.maker.fgraph.toposort() if type(n.op) is kind]


def convolve(x, w):
    return T.nnet.conv2d(x, w, border_mode="half", filter_flip=False)


def normalise(x, gamma, beta):
    epsilon = np.float32(1e-3)
    return BatchNormTrain()(x, gamma, beta, epsilon)[0]


def check(inputs, outputs, arrays, tolerance=1e-4):
    """Compiled with fusion and without: the same numbers. Returns the first function."""
    fused, plain = (theano.function(inputs, outputs, mode=mode) for mode in (None, PLAIN))
    for found, expected in zip(fused(*arrays), plain(*arrays)):
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    return fused


@pytest.fixture
def arrays(rng):
    x = rng.normal(size=(2, 16, 6, 5)).astype("float32")
    filters = (0.2 * rng.normal(size=(3, 16, 16, 3, 3))).astype("float32")
    return [x, *filters]


@pytest.fixture
def variables():
    return [T.tensor4(name) for name in ("x", "u", "v", "w")]


def test_sums_of_sums_each_join_their_convolution(variables, arrays):
    """Aesara flattens x + f(x) + g(x + f(x)); MobileNetV2 is made of these."""
    x, u, v, w = variables
    first = x + convolve(x, u)
    second = first + convolve(T.tanh(first), v)
    third = second + convolve(T.tanh(second), w)
    function = check(variables, [third], arrays)
    assert [op.parts for op in kernels(function, Conv2d)] == [("residual",)] * 3


def test_what_is_broadcast_is_no_residual(variables, arrays):
    x, u, *_ = variables
    row = x.sum(axis=(0, 2), keepdims=True)
    function = check([x, u], [convolve(x, u) + row], arrays[:2])
    assert kernels(function, Conv2d)[0].parts == ()


def test_a_convolution_that_others_need_keeps_to_itself(variables, arrays):
    x, u, *_ = variables
    y = convolve(x, u)
    function = check([x, u], [T.nnet.relu(y + x), y.sum()], arrays[:2])
    assert kernels(function, Conv2d)[0].parts == ()


@pytest.mark.parametrize(
    ("rectifier", "name"),
    [
        (lasagne.nonlinearities.rectify, "relu"),
        (T.nnet.relu, "relu"),
        (relu6, "relu6"),
    ],
)
class TestTraining:
    def test_rectifier_joins_the_convolution_and_its_gradient_reads_the_output(
        self, rectifier, name, variables, arrays
    ):
        x, u, v, _ = variables
        y = convolve(rectifier(convolve(x, u)), v)
        outputs = [y, *T.grad((y**2).sum(), [x, u, v])]
        function = check([x, u, v], outputs, arrays[:3], 1e-3)
        assert sorted(op.activation_name for op in kernels(function, Conv2d)) == ["none", name]

    def test_rectifier_and_sum_join_batch_normalisation(self, rectifier, name, variables, arrays):
        x, u, v, _ = variables
        gamma, beta = T.vector(), T.vector()
        inner = rectifier(normalise(convolve(x, u), gamma, beta))
        y = rectifier(normalise(convolve(inner, v), beta, gamma) + x)
        weights = np.cos(np.arange(y.ndim * 5, dtype="float32"))[:5]
        outputs = [y, *T.grad((y * weights).sum(), [x, u, v, gamma, beta])]
        values = [*arrays[:3], np.full(16, 1.5, "float32"), np.full(16, 0.5, "float32")]
        function = check([x, u, v, gamma, beta], outputs, values, 1e-3)
        forward = kernels(function, BatchNormTrain)
        assert [op.activation_name for op in forward] == [name, name]
        backward = kernels(function, BatchNormTrainGrad)
        # that of the sum goes two ways, and so stays an expression
        assert sorted(op.activation_name for op in backward) == ["none", name]

    def test_a_rectifier_joins_although_features_are_flattened(
        self, rectifier, name, variables, arrays
    ):
        x, u, *_ = variables
        gamma, beta = T.vector(), T.vector()
        maps = [convolve(x, u), normalise(x, gamma, beta)]
        values = [*arrays[:2], np.full(16, 1.5, "float32"), np.full(16, 0.5, "float32")]
        function = check([x, u, gamma, beta], [rectifier(y).flatten(2) for y in maps], values)
        for kind in (Conv2d, BatchNormTrain):
            assert [op.activation_name for op in kernels(function, kind)] == [name]

    def test_the_gradient_of_a_mean_is_repeated_before_it_goes_on(
        self, rectifier, name, variables, arrays
    ):
        x, u, *_ = variables
        gamma, beta = T.vector(), T.vector()
        y = rectifier(normalise(convolve(x, u), gamma, beta))
        means = y.mean(axis=(2, 3))
        outputs = T.grad((means**2).sum(), [x, u, gamma, beta])
        values = [*arrays[:2], np.full(16, 1.5, "float32"), np.full(16, 0.5, "float32")]
        check([x, u, gamma, beta], outputs, values, 1e-3)


def test_bias_gradient_is_one_sum(variables, arrays):
    x, u, *_ = variables
    b = T.vector()
    y = convolve(x, u) + b.dimshuffle("x", 0, "x", "x")
    outputs = [T.grad((y**2).sum(), b)]
    function = check([x, u, b], outputs, [*arrays[:2], np.ones(16, "float32")], 1e-3)
    assert SumChannels in ops(function)


def test_bias_in_front_of_batch_statistics_has_no_gradient(variables, arrays):
    x, u, *_ = variables
    b, gamma, beta = T.vector(), T.vector(), T.vector()
    y = normalise(convolve(x, u) + b.dimshuffle("x", 0, "x", "x"), gamma, beta)
    gradient = T.grad((y**3).sum(), b)
    values = [*arrays[:2], *np.ones((3, 16), "float32")]
    fused, plain = (
        theano.function([x, u, b, gamma, beta], gradient, mode=mode) for mode in (None, PLAIN)
    )
    assert SumChannels not in ops(fused)
    np.testing.assert_array_equal(fused(*values), np.zeros(16))
    assert np.abs(plain(*values)).max() < 1e-3  # what rounding leaves of it


@pytest.mark.parametrize("rectified", [True, False])
def test_zeros_around_a_maximum_after_a_rectifier(rectified, variables, arrays):
    x, u, *_ = variables
    layer = lasagne.layers.InputLayer((None, 16, 6, 5))
    y = convolve(x, u)
    y = T.nnet.relu(y) if rectified else y
    padded = ZeroPad2DLayer(layer, 1).get_output_for(y)
    pooled = T.signal.pool.pool_2d(padded, (3, 3), stride=(2, 2), ignore_border=True)
    function = check([x, u], [pooled], arrays[:2])
    assert ("PadImages" not in {op.__name__ for op in ops(function)}) == rectified


class TestInPlace:
    """The output of a convolution written over the shortcut that is added to it."""

    def graph(self):
        x, w = T.tensor4("x"), T.tensor4("w")
        y = T.tanh(x)
        return x, w, y, T.nnet.conv2d(y, w, filter_flip=False) + T.nnet.relu(y)

    def arrays(self, rng):
        x = rng.normal(size=(2, 16, 6, 5)).astype("float32")
        return [x, (0.2 * rng.normal(size=(16, 16, 1, 1))).astype("float32")]

    def test_where_nothing_needs_it_later(self, rng):
        x, w, _, z = self.graph()
        function = check([x, w], [z], self.arrays(rng))
        assert [op.in_place for op in kernels(function, Conv2d)] == [1]

    def test_not_where_something_does(self, rng):
        x, w, y, z = self.graph()
        function = check([x, w], [z, T.nnet.relu(y)], self.arrays(rng))
        assert [op.in_place for op in kernels(function, Conv2d)] == [0]

    def test_arguments_and_parameters_stay(self, rng):
        x, w = T.tensor4(), T.tensor4()
        shared = theano.shared(rng.normal(size=(2, 16, 6, 5)).astype("float32"))
        for other in (x, shared):
            z = T.nnet.conv2d(T.tanh(x), w, filter_flip=False) + other
            function = theano.function([x, w], z)
            arrays, kept = self.arrays(rng), shared.get_value()
            given = [a.copy() for a in arrays]
            function(*arrays)
            function(*arrays)
            np.testing.assert_array_equal(arrays[0], given[0])
            np.testing.assert_array_equal(shared.get_value(), kept)
