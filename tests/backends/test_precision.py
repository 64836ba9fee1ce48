import numpy as np
import pytest
import theano
import theano.tensor as T

import theano_transfer as tt
from theano_transfer.backends._function import DeviceFunction
from theano_transfer.kernels import mode_for


@pytest.fixture(autouse=True)
def as_before():
    yield
    tt.use("c")


def step_of(rng_seed=0):
    """A training step of a small network; input, parameters and the compiled function."""
    rng = np.random.default_rng(rng_seed)
    x = T.tensor4("x")
    w = theano.shared(rng.normal(0, 0.3, size=(8, 3, 3, 3)).astype("float32"), name="w")
    v = theano.shared(rng.normal(0, 0.3, size=(8, 4)).astype("float32"), name="v")
    gamma = theano.shared(np.ones(8, "float32"))
    maps = T.nnet.conv2d(x, w, border_mode=1)
    maps = T.nnet.relu(maps * gamma.dimshuffle("x", 0, "x", "x"))
    loss = (T.dot(maps.mean(axis=(2, 3)), v) ** 2).mean()
    params = [w, v, gamma]
    updates = [(p, p - 0.1 * g) for p, g in zip(params, T.grad(loss, params))]
    return theano.function([x], [loss, maps], updates=updates), params


def test_each_is_as_exact_as_it_should_be(rng):
    images = rng.normal(size=(4, 3, 8, 8)).astype("float32")
    results = {}
    for precision in ("float32", "tf32", "bfloat16"):
        tt.use("jax", device="cpu", precision=precision)
        step, params = step_of()
        loss, maps = step(images)
        assert maps.dtype == np.float32
        assert all(p.get_value().dtype == np.float32 for p in params)
        results[precision] = [loss, maps, *(p.get_value() for p in params)]
    exact = results["float32"]
    # The processor has no TF32: both are float32 here.
    for one, other in zip(results["tf32"], exact):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    errors = [
        np.linalg.norm(one - other) / np.linalg.norm(other)
        for one, other in zip(results["bfloat16"], exact)
    ]
    assert max(errors) < 0.02
    assert errors[1] > 1e-4  # it was rounded indeed


def test_bfloat16_of_one_function(rng):
    tt.use("jax", device="cpu")
    x, w = T.tensor4("x"), T.tensor4("w")
    function = theano.function([x, w], T.nnet.conv2d(x, w), mode=mode_for("bfloat16"))
    assert isinstance(function.vm, DeviceFunction)
    values = [rng.normal(size=s).astype("float32") for s in ((1, 4, 5, 5), (2, 4, 3, 3))]
    rounded = function(*values)
    exact = theano.function([x, w], T.nnet.conv2d(x, w))(*values)
    assert 1e-4 < np.abs(rounded - exact).max() / np.abs(exact).max() < 0.02
