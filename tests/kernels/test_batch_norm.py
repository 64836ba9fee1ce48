"""Batch normalisation in compiled functions against its definition and finite differences."""

import numpy as np
import oracle
import pytest
import theano
import theano.tensor as T

from theano_transfer.kernels import BatchNormInference, BatchNormTrain, BatchNormTrainGrad, Conv2d

bn = T.nnet.bn
EPSILON = float(np.float32(1e-3))  # Aesara rounds it to floatX, whatever the images' dtype


def ops(function):
    return [type(node.op) for node in function.maker.fgraph.toposort()]


def data(rng, dtype, shape=(4, 5, 6, 3)):
    channels = shape[1]
    x = (rng.normal(size=shape) * 2 + 1).astype(dtype)
    gamma, beta, mean = (rng.normal(size=channels).astype(dtype) for _ in range(3))
    var = rng.uniform(0.5, 2, size=channels).astype(dtype)
    return x, gamma, beta, mean, var


def variables(dtype):
    tensor = T.TensorType(dtype, (False,) * 4)
    vector = T.TensorType(dtype, (False,))
    return tensor(), vector(), vector(), vector(), vector()


TOLERANCE = {
    "float32": {"rtol": 1e-4, "atol": 1e-5},
    "float64": {"rtol": 1e-10, "atol": 1e-12},
}
DTYPES = ["float32", pytest.param("float64", marks=pytest.mark.slow)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_by_stored_statistics(dtype, rng):
    arrays, inputs = data(rng, dtype), variables(dtype)
    y = bn.batch_normalization_test(*inputs, axes="spatial", epsilon=EPSILON)
    weights = rng.normal(size=arrays[0].shape).astype(dtype)
    function = theano.function(inputs, [y, *T.grad((y * weights).sum(), list(inputs))])
    value, *gradients = function(*arrays)
    np.testing.assert_allclose(
        value, oracle.normalise(*arrays, epsilon=EPSILON), **TOLERANCE[dtype]
    )
    oracle.check_gradients(
        lambda *a: (oracle.normalise(*a, epsilon=EPSILON) * weights).sum(),
        arrays,
        gradients,
        rng,
        rtol=1e-4,
    )
    assert (BatchNormInference in ops(function)) == (dtype == "float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_by_batch_statistics(dtype, rng):
    x, gamma, beta, mean, var = data(rng, dtype)
    inputs = variables(dtype)
    y, batch_mean, inverse, new_mean, new_var = bn.batch_normalization_train(
        *inputs[:3],
        axes="spatial",
        epsilon=EPSILON,
        running_average_factor=0.125,
        running_mean=inputs[3],
        running_var=inputs[4],
    )
    weights = rng.normal(size=x.shape).astype(dtype)
    gradients = T.grad((y * weights).sum(), list(inputs[:3]))
    function = theano.function(inputs, [y, batch_mean, inverse, new_mean, new_var, *gradients])
    values = function(x, gamma, beta, mean, var)
    double = x.astype("float64")
    own_mean, own_var = double.mean(axis=(0, 2, 3)), double.var(axis=(0, 2, 3))
    count = x.size // x.shape[1]
    expected = [
        oracle.normalise(x, gamma, beta, epsilon=EPSILON),
        own_mean,
        1 / np.sqrt(own_var + EPSILON),
        0.875 * mean + 0.125 * own_mean,
        0.875 * var + 0.125 * own_var * count / (count - 1),
    ]
    for value, wanted in zip(values, expected[:-1]):
        assert value.dtype == dtype
        np.testing.assert_allclose(value, wanted, **TOLERANCE[dtype])
    # Aesara itself rounds count / (count - 1) to floatX in a float64 graph
    np.testing.assert_allclose(values[4], expected[-1], rtol=1e-6)
    oracle.check_gradients(
        lambda *a: (oracle.normalise(*a, epsilon=EPSILON) * weights).sum(),
        [x, gamma, beta],
        values[5:],
        rng,
        rtol=1e-4,
    )
    used = set(ops(function))
    assert ({BatchNormTrain, BatchNormTrainGrad} <= used) == (dtype == "float32")


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_ops_directly(dtype, rng):
    """The slow path of the Ops themselves: float64 graphs reach it only this way."""
    x, gamma, beta, mean, var = data(rng, dtype)
    inputs = variables(dtype)
    epsilon = np.asarray(EPSILON, dtype)
    y, batch_mean, batch_var = BatchNormTrain()(*inputs[:3], epsilon)
    stored = BatchNormInference()(*inputs, epsilon)
    weights = rng.normal(size=x.shape).astype(dtype)
    gradients = T.grad((y * weights).sum(), list(inputs[:3]))
    function = theano.function(inputs, [y, batch_mean, batch_var, stored, *gradients])
    values = function(x, gamma, beta, mean, var)
    expected = [
        oracle.normalise(x, gamma, beta, epsilon=EPSILON),
        x.astype("float64").mean(axis=(0, 2, 3)),
        x.astype("float64").var(axis=(0, 2, 3)),
        oracle.normalise(x, gamma, beta, mean, var, epsilon=EPSILON),
    ]
    for value, wanted in zip(values, expected):
        np.testing.assert_allclose(value, wanted, **TOLERANCE[dtype])
    oracle.check_gradients(
        lambda *a: (oracle.normalise(*a, epsilon=EPSILON) * weights).sum(),
        [x, gamma, beta],
        values[4:],
        rng,
        rtol=1e-4,
    )


def test_gradients_of_stored_statistics(rng):
    arrays, inputs = data(rng, "float32"), variables("float32")
    y = BatchNormInference()(*inputs, np.float32(1e-3))
    weights = rng.normal(size=arrays[0].shape).astype("float32")
    gradients = theano.function(inputs, T.grad((y * weights).sum(), list(inputs)))(*arrays)
    oracle.check_gradients(
        lambda *a: (oracle.normalise(*a, epsilon=EPSILON) * weights).sum(),
        arrays,
        gradients,
        rng,
        rtol=1e-4,
    )


def test_epsilon_may_change_from_call_to_call(rng):
    inputs, epsilon = variables("float32"), T.fscalar()
    arrays = data(rng, "float32")
    function = theano.function([*inputs, epsilon], BatchNormInference()(*inputs, epsilon))
    for value in (1e-3, 1e-5, 0.1, 1e-3):
        np.testing.assert_allclose(
            function(*arrays, value), oracle.normalise(*arrays, epsilon=value), rtol=1e-4, atol=1e-5
        )


def test_layouts_and_batch_sizes(rng):
    inputs = variables("float32")
    y = bn.batch_normalization_train(*inputs[:3], axes="spatial")[0]
    function = theano.function(inputs[:3], y)
    for size in (4, 1, 3):
        x, gamma, beta, *_ = data(rng, "float32", (size, 5, 6, 3))
        expected = oracle.normalise(x, gamma, beta)
        for arranged in (x, np.asfortranarray(x), np.ascontiguousarray(x[..., ::-1])[..., ::-1]):
            np.testing.assert_allclose(
                function(arranged, gamma, beta), expected, rtol=1e-4, atol=1e-4
            )


def test_empty_batch(rng):
    inputs = variables("float32")
    _, *vectors = data(rng, "float32")
    empty = np.zeros((0, 5, 6, 3), "float32")
    y = bn.batch_normalization_test(*inputs, axes="spatial")
    assert theano.function(inputs, y)(empty, *vectors).shape == empty.shape
    y, mean, *_ = bn.batch_normalization_train(*inputs[:3], axes="spatial")
    function = theano.function(inputs[:3], [y, mean, *T.grad(y.sum(), list(inputs[:3]))])
    value, mean, by_x, by_gamma, _ = function(empty, *vectors[:2])
    assert value.shape == by_x.shape == empty.shape
    assert np.isnan(mean).all()
    assert not by_gamma.any()


def test_other_axes_are_left_to_aesara(rng):
    x, gamma, beta = T.matrix(), T.vector(), T.vector()
    y = bn.batch_normalization_train(x, gamma, beta, axes="per-activation", epsilon=EPSILON)[0]
    function = theano.function([x, gamma, beta], y)
    assert BatchNormTrain not in ops(function)
    value = rng.normal(size=(6, 4)).astype("float32")
    ones, zeros = np.ones(4, "float32"), np.zeros(4, "float32")
    expected = (value - value.mean(0)) / np.sqrt(value.var(0) + 1e-3)
    np.testing.assert_allclose(function(value, ones, zeros), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("biased", [False, True])
def test_folded_into_the_convolution_before_it(biased, rng):
    _, gamma, beta, mean, var = data(rng, "float32", (2, 4, 6, 6))
    w = theano.shared(rng.normal(size=(4, 3, 3, 3)).astype("float32"))
    b = theano.shared(rng.normal(size=4).astype("float32"))
    image = T.tensor4()
    y = T.nnet.conv2d(image, w, filter_flip=False)
    if biased:
        y = y + b.dimshuffle("x", 0, "x", "x")
    y = bn.batch_normalization_test(
        y, *(theano.shared(v) for v in (gamma, beta, mean, var)), axes="spatial", epsilon=EPSILON
    )
    function = theano.function([image], T.nnet.relu(y))
    assert ops(function) == [Conv2d]
    (node,) = (n for n in function.maker.fgraph.apply_nodes if isinstance(n.op, Conv2d))
    assert node.op.activation_name == "relu"
    value = rng.normal(size=(2, 3, 8, 8)).astype("float32")
    convolved = oracle.convolve(value, w.get_value())
    if biased:
        convolved += b.get_value()[:, None, None]
    expected = oracle.normalise(convolved, gamma, beta, mean, var, epsilon=EPSILON)
    np.testing.assert_allclose(function(value), np.maximum(expected, 0), rtol=1e-4, atol=1e-4)


def test_wrong_channels_are_refused(rng):
    inputs = variables("float32")
    function = theano.function(inputs, BatchNormInference()(*inputs, np.float32(1e-3)))
    x, *vectors = data(rng, "float32")
    with pytest.raises(ValueError, match="5 channels"):
        function(x, *(v[:3] for v in vectors))
