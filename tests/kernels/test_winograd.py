"""Minimal filtering against the definition in float64, and against the direct kernel."""

import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.kernels import (
    Conv2d,
    Conv2dGradInputs,
    Conv2dGradWeights,
    missing,
    without,
)

pytestmark = pytest.mark.skipif(bool(missing()), reason="this machine has no fast path")

# What the kernel rounds, as a part of the largest output, may be this much more than the direct
# kernel's. The transforms multiply by up to 8 and add up to six numbers of either sign.
TIMES_DIRECT = 10


def correlate(x, w, pad):
    """Nine shifted products, in float64: quick enough for hundreds of channels."""
    x = np.pad(np.asarray(x, "float64"), ((0, 0), (0, 0), *pad))
    rows, columns = x.shape[2] - 2, x.shape[3] - 2
    y = np.zeros((x.shape[0], w.shape[0], rows, columns))
    for i in range(3):
        for j in range(3):
            window = x[:, :, i : i + rows, j : j + columns]
            y += np.einsum("nchw,oc->nohw", window, np.asarray(w[:, :, i, j], "float64"))
    return y


@pytest.fixture(scope="module")
def functions():
    """Padding -> the three compiled convolutions."""
    made = {}

    def of(pad):
        if pad not in made:
            x, w, g = T.tensor4(), T.tensor4(), T.tensor4()
            made[pad] = (
                theano.function([x, w], Conv2d(pad)(x, w)),
                theano.function([x, w, g], Conv2dGradInputs(pad)(w, g, x.shape[2:])),
                theano.function([x, w, g], Conv2dGradWeights(pad)(x, g, w.shape[2:])),
            )
        return made[pad]

    return of


SAME = ((1, 1), (1, 1))
SIZES = {  # batch, in, out, rows, columns
    "one tile": (1, 16, 16, 4, 4),
    "smaller than a tile": (3, 16, 32, 3, 2),
    "odd": (2, 32, 48, 13, 17),
    "uneven panels": (1, 48, 80, 9, 10),
    "deep": (2, 272, 320, 7, 7),
    "many tiles": (4, 32, 16, 40, 39),
}


@pytest.mark.parametrize("pad", [SAME, ((0, 0), (0, 0)), ((2, 1), (0, 2)), ((2, 2), (2, 2))])
@pytest.mark.parametrize("size", SIZES)
def test_output_and_gradients(size, pad, functions, rng):
    batch, channels, filters, rows, columns = SIZES[size]
    x = rng.normal(size=(batch, channels, rows, columns)).astype("float32")
    w = rng.normal(size=(filters, channels, 3, 3)).astype("float32")
    if rows + sum(pad[0]) < 3 or columns + sum(pad[1]) < 3:
        pytest.skip("the filters do not fit")
    expected = correlate(x, w, pad)
    g = rng.normal(size=expected.shape).astype("float32")
    back = tuple((2 - before, 2 - after) for before, after in pad)
    turned = w.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
    by_inputs = correlate(g, turned, back)
    padded = np.pad(x, ((0, 0), (0, 0), *pad)).astype("float64")
    by_weights = np.empty(w.shape)
    for i in range(3):
        for j in range(3):
            window = padded[:, :, i : i + g.shape[2], j : j + g.shape[3]]
            by_weights[:, :, i, j] = np.einsum("nchw,nohw->oc", window, g)
    forward, grad_inputs, grad_weights = functions(pad)

    def errors():
        found = forward(x, w), grad_inputs(x, w, g), grad_weights(x, w, g)
        wanted = expected, by_inputs, by_weights
        return [np.sqrt(np.mean((f - e) ** 2) / np.mean(e**2)) for f, e in zip(found, wanted)]

    with without("winograd"):
        direct = errors()
    with without("direct"):
        winograd = errors()
    for one, other in zip(winograd, direct):
        assert one <= TIMES_DIRECT * max(other, 1e-7)
    assert winograd != direct  # another kernel did the work


@pytest.mark.parametrize("activation", ["none", "relu", "relu6"])
def test_what_a_layer_adds_is_done_on_the_way_out(activation, rng):
    x = rng.normal(size=(2, 16, 9, 6)).astype("float32")
    w = (0.3 * rng.normal(size=(32, 16, 3, 3))).astype("float32")
    residual = rng.normal(size=(2, 32, 9, 6)).astype("float32")
    gamma, beta, mean, bias = rng.normal(size=(4, 32)).astype("float32")
    var = rng.uniform(0.5, 2, size=32).astype("float32")
    arrays = [x, w, bias, gamma, beta, mean, var, np.float32(1e-3), residual]
    variables = [T.TensorType("float32", (False,) * np.ndim(a))() for a in arrays]
    op = Conv2d(SAME, activation_name=activation, parts=("bias", "normalisation", "residual"))
    function = theano.function(variables, op(*variables))
    column = (slice(None), None, None)
    expected = correlate(x, w, SAME) + bias[column]
    expected = (expected - mean[column]) / np.sqrt(var[column] + 1e-3) * gamma[column]
    expected = expected + beta[column] + residual
    if activation != "none":
        expected = np.clip(expected, 0, 6 if activation == "relu6" else None)
    for kernel in ("winograd", "direct"):
        with without(kernel):
            np.testing.assert_allclose(function(*arrays), expected, rtol=1e-4, atol=1e-4)


def test_others_are_left_to_the_direct_kernel(rng):
    """Channels that fill no vector, strides, groups: right with 'direct' switched off, too."""
    x, w = T.tensor4(), T.tensor4()
    for channels, settings in ((5, {}), (32, {"stride": (2, 2)}), (32, {"groups": 2})):
        function = theano.function([x, w], Conv2d(SAME, **settings)(x, w))
        images = rng.normal(size=(1, channels, 8, 8)).astype("float32")
        shape = (32, channels // settings.get("groups", 1), 3, 3)
        filters = rng.normal(size=shape).astype("float32")
        with without("direct"):
            one = function(images, filters)
        with without("winograd"):
            np.testing.assert_array_equal(one, function(images, filters))


def network(depth=6, channels=16):
    """A small residual network with all its parameters, and what it makes of pictures."""
    rng = np.random.default_rng(3)
    x = T.tensor4("x")
    y, params = x, []
    for _ in range(depth):
        w = theano.shared((rng.normal(size=(channels, channels, 3, 3)) / 12).astype("float32"))
        params.append(w)
        y = T.nnet.relu(T.nnet.conv2d(y, w, border_mode="half", filter_flip=False) + y)
    return x, y, params


@pytest.mark.slow
def test_training_reaches_the_same_loss():
    def losses():
        x, y, params = network()
        target = T.tensor4("target")
        loss = ((y.mean(axis=(2, 3), keepdims=True) - target) ** 2).mean()
        updates = {w: w - 0.05 * g for w, g in zip(params, T.grad(loss, params))}
        step = theano.function([x, target], loss, updates=updates)
        rng = np.random.default_rng(4)
        images = rng.normal(size=(8, 16, 12, 12)).astype("float32")
        targets = rng.uniform(size=(8, 16, 1, 1)).astype("float32")
        return [float(step(images, targets)) for _ in range(40)]

    with without("direct"):
        winograd = losses()
    with without("winograd"):
        direct = losses()
    assert direct[-1] < 0.5 * direct[0]
    assert winograd != direct
    np.testing.assert_allclose(winograd, direct, rtol=1e-3)


def test_features_of_a_deep_network(rng):
    x, y, _ = network(depth=12)
    function = theano.function([x], y)
    images = rng.normal(size=(2, 16, 23, 18)).astype("float32")
    with without("direct"):
        winograd = function(images)
    with without("winograd"):
        direct = function(images)
    assert np.abs(winograd - direct).max() <= 1e-4 * np.abs(direct).max()
    assert (winograd != direct).any()
