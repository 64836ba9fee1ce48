"""cuDNN's functions, as ``theano.gpuarray.dnn`` and ``theano.sandbox.cuda.dnn`` have them."""

import itertools
import warnings

import numpy as np
import pytest
import theano
import theano.tensor as T
from numpy.testing import assert_allclose
from theano.gpuarray import dnn

from theano_transfer.kernels import SlowPathWarning


@pytest.fixture(autouse=True)
def no_compiler():
    """What is tried is what the functions mean, not compiled code."""
    with theano.config.change_flags(cxx="", floatX="float64"), warnings.catch_warnings():
        warnings.simplefilter("ignore", SlowPathWarning)
        yield


def value(*expressions):
    return theano.function([], list(expressions), mode="FAST_COMPILE")()


def windows(x, sizes, strides, dilations):
    """Pairs of an offset in the window and what `x` (batch, channels, axes...) has there."""
    counts = [
        (n - (size - 1) * dilation - 1) // stride + 1
        for n, size, stride, dilation in zip(x.shape[2:], sizes, strides, dilations)
    ]
    for offset in itertools.product(*map(range, sizes)):
        places = tuple(
            slice(o * dilation, o * dilation + (count - 1) * stride + 1, stride)
            for o, dilation, stride, count in zip(offset, dilations, strides, counts)
        )
        yield offset, x[(slice(None), slice(None), *places)]


def padded(x, pads, filling=0.0):
    return np.pad(x, [(0, 0), (0, 0), *((p, p) for p in pads)], constant_values=filling)


def correlated(x, w, pads, strides, dilations, groups=1):
    """The sum over offsets, as cuDNN's cross-correlation is defined."""
    n = x.shape[1] // groups
    result = []
    for group, filters in enumerate(np.split(w, groups)):
        part = padded(x[:, group * n : (group + 1) * n], pads)
        result.append(
            sum(
                np.einsum("bc...,oc->bo...", there, filters[(slice(None), slice(None), *offset)])
                for offset, there in windows(part, w.shape[2:], strides, dilations)
            )
        )
    return np.concatenate(result, axis=1)


def flipped(w):
    return w[(slice(None), slice(None), *[slice(None, None, -1)] * (w.ndim - 2))]


CONVOLUTIONS = [
    {"border_mode": "valid"},
    {"border_mode": "full", "conv_mode": "cross"},
    {"border_mode": "half", "subsample": 2},
    {"border_mode": 1, "dilation": 2, "conv_mode": "cross"},
    {"border_mode": 1, "subsample": 2, "num_groups": 2, "conv_mode": "cross"},
]


def pads_of(border_mode, sizes):
    if isinstance(border_mode, str):
        return [{"valid": 0, "full": n - 1, "half": n // 2}[border_mode] for n in sizes]
    return [border_mode] * len(sizes)


@pytest.mark.parametrize("settings", CONVOLUTIONS, ids=str)
@pytest.mark.parametrize("axes", [2, 3])
def test_convolutions_and_their_gradients(axes, settings, rng):
    settings = dict(settings)
    for name in ("subsample", "dilation"):
        settings[name] = (settings.get(name, 1),) * axes
    groups = settings.get("num_groups", 1)
    x = rng.normal(size=(2, 4, 7, 6, 5)[: 2 + axes])
    w = rng.normal(size=(2, 4 // groups, 3, 3, 3)[: 2 + axes])
    conv = dnn.dnn_conv if axes == 2 else dnn.dnn_conv3d
    # Shared variables: how large they are is not known when the function is compiled.
    xs, ws = theano.shared(x), theano.shared(w)
    output = conv(xs, ws, workmem="small", **settings)
    turned = w if settings.get("conv_mode") == "cross" else flipped(w)
    expected = correlated(
        x,
        turned,
        pads_of(settings["border_mode"], w.shape[2:]),
        settings["subsample"],
        settings["dilation"],
        groups,
    )
    above = rng.normal(size=expected.shape)
    gradients = [T.grad((output * above).sum(), v) for v in (xs, ws)]
    if axes == 2:
        gradients += [
            dnn.dnn_gradinput(ws, T.constant(above), x.shape, **settings),
            dnn.dnn_gradweight(xs, T.constant(above), w.shape, **settings),
        ]
    found, *gradients = value(output, *gradients)
    assert_allclose(found, expected, atol=1e-10)
    # The map is linear in images and in filters: its transpose has the same product.
    for gradient, at in zip(gradients, itertools.cycle([x, w])):
        assert gradient.shape == at.shape
        assert_allclose((gradient * at).sum(), (above * expected).sum(), rtol=1e-9)


def test_how_filters_are_turned_is_one_of_two():
    with pytest.raises(ValueError, match="conv_mode"):
        dnn.dnn_conv(T.tensor4(), T.tensor4(), conv_mode="convolution")


@pytest.mark.parametrize("axes", [2, 3])
def test_pooling(axes, rng):
    x = rng.normal(size=(2, 3, 7, 6, 5)[: 2 + axes])
    sizes, strides, pads = (3,) * axes, (2,) * axes, (1,) * axes
    pool = {
        (mode, pad): dnn.dnn_pool(T.constant(x), sizes, strides, mode, pads if pad else None)
        for mode in ("max", "max_deterministic", "sum", "average_inc_pad", "average_exc_pad")
        for pad in (False, True)
        if not (pad and mode == "sum")
    }
    pool["average", True] = dnn.dnn_pool(T.constant(x), sizes, strides, "average", pads)

    def reduced(padding, filling, of, at=x):
        at = padded(at, pads if padding else (0,) * axes, filling)
        return of([there for _, there in windows(at, sizes, strides, (1,) * axes)], axis=0)

    for (mode, padding), found in zip(pool, value(*pool.values())):
        if mode.startswith("max"):
            expected = reduced(padding, -np.inf, np.max)
        else:
            expected = reduced(padding, 0, np.sum)
            if mode == "average_exc_pad":
                expected /= reduced(padding, 0, np.sum, np.ones_like(x))
            elif mode != "sum":
                expected /= 3**axes
        assert_allclose(found, expected, atol=1e-12, err_msg=f"{mode}, padding {padding}")


def test_softmax(rng):
    x = rng.normal(size=(2, 3, 4, 2))

    def softmax(x, axes):
        e = np.exp(x)
        return e / e.sum(axis=axes, keepdims=True)

    found = value(
        dnn.GpuDnnSoftmax("accurate", "channel")(T.constant(x)),
        dnn.GpuDnnSoftmax("fast", "instance")(T.constant(x)),
        dnn.GpuDnnSoftmax("log", "channel")(T.constant(x)),
        dnn.GpuDnnSoftmax("bc01", "accurate", "channel")(T.constant(x)),
    )
    channel, instance = softmax(x, 1), softmax(x, (1, 2, 3))
    for one, other in zip(found, [channel, instance, np.log(channel), channel]):
        assert_allclose(one, other, rtol=1e-10)


class TestBatchNormalisation:
    AXES = {"per-activation": (0,), "spatial": (0, 2, 3)}

    @pytest.fixture(params=sorted(AXES))
    def mode(self, request):
        return request.param

    @pytest.fixture
    def case(self, mode, rng):
        x = rng.normal(1, 2, size=(5, 3, 4, 2))
        shape = x.mean(axis=self.AXES[mode], keepdims=True).shape
        gamma, beta, mean = (rng.normal(size=shape) for _ in range(3))
        return x, gamma, beta, mean, rng.uniform(1, 2, size=shape)

    def test_training(self, mode, case):
        x, gamma, beta, mean, var = case
        axes = self.AXES[mode]
        n = x[:, 0].size if mode == "spatial" else len(x)
        xs = T.constant(x)
        parts = list(map(T.constant, case[1:]))
        output, m, inverse, new_mean, new_var = dnn.dnn_batch_normalization_train(
            xs, parts[0], parts[1], mode, 1e-3, 0.25, parts[2], parts[3]
        )
        above = np.cos(np.arange(x.size)).reshape(x.shape)
        gradients = T.grad((output * above).sum(), [xs, *parts[:2]])
        found = value(output, m, inverse, new_mean, new_var, *gradients)
        own = [x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)]
        scale = 1 / np.sqrt(own[1] + 1e-3)
        normal = (x - own[0]) * scale
        spread = own[1] * n / (n - 1)  # what is remembered is the unbiased estimate

        def average(a):
            return a.mean(axis=axes, keepdims=True)

        slope = above * gamma
        expected = [
            gamma * normal + beta,
            own[0],
            scale,
            0.75 * mean + 0.25 * own[0],
            0.75 * var + 0.25 * spread,
            scale * (slope - average(slope) - normal * average(slope * normal)),
            (above * normal).sum(axis=axes, keepdims=True),
            above.sum(axis=axes, keepdims=True),
        ]
        for one, other in zip(found, expected):
            assert_allclose(one, other, atol=1e-9)

    def test_of_a_batch_alone(self, mode, case):
        """Without averages to keep three things come back."""
        x, gamma, beta, *_ = case
        outputs = dnn.dnn_batch_normalization_train(
            T.constant(x), T.constant(gamma), T.constant(beta), mode
        )
        assert len(outputs) == 3
        mean = value(outputs[1])[0]
        assert_allclose(mean, x.mean(axis=self.AXES[mode], keepdims=True), atol=1e-12)

    def test_testing(self, mode, case):
        x, gamma, beta, mean, var = case
        found = value(dnn.dnn_batch_normalization_test(*map(T.constant, case), mode, 1e-3))[0]
        assert_allclose(found, gamma * (x - mean) / np.sqrt(var + 1e-3) + beta, atol=1e-10)


def test_the_older_backend_has_the_same_functions():
    from theano.sandbox.cuda import dnn as older

    assert older.dnn_conv3d is dnn.dnn_conv3d
    assert older.dnn_batch_normalization_train is dnn.dnn_batch_normalization_train
    assert older.dnn_available()
    assert dnn.version() >= 5000
