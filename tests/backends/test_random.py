import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.tensor.random.utils import RandomStream
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.shared_randomstreams import RandomStreams


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mrg_streams_are_those_of_the_c_backend(slowly, dtype):
    def draw(mode):
        streams = MRG_RandomStreams(7)
        sample = streams.uniform((5, 7), nstreams=12, dtype=dtype)
        function = theano.function([], sample, mode=mode)
        return np.stack([function(), function()])

    found, expected = draw("JAX"), draw(slowly)
    assert found.dtype == dtype
    # The same numbers below 2 ** 31; NumPy rounds their product in another precision.
    np.testing.assert_allclose(found, expected, rtol=2e-7)


def test_what_is_made_of_mrg_streams(slowly):
    def draw(mode):
        streams = MRG_RandomStreams(7)
        samples = [
            streams.normal((6,), nstreams=4),
            streams.binomial((9,), p=0.3, nstreams=4, dtype="float32"),
            streams.multinomial(pvals=T.ones((3, 4)) / 4, n=2, nstreams=3),
            streams.choice(size=2, p=T.ones((3, 4)) / 4, replace=False, nstreams=3),
        ]
        return theano.function([], samples, mode=mode)()

    for found, expected in zip(draw("JAX"), draw(slowly)):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_dropout_repeats_by_its_seed():
    def outputs():
        lasagne.random.set_rng(np.random.RandomState(3))
        x = T.matrix("x")
        layer = lasagne.layers.DropoutLayer(lasagne.layers.InputLayer((None, 50), x))
        function = theano.function([x], lasagne.layers.get_output(layer), mode="JAX")
        return [function(np.ones((4, 50), "float32")) for _ in range(2)]

    one, other = outputs()
    assert set(np.unique(one)) == {0, 2}
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal([one, other], outputs())


def test_shared_streams_of_theano():
    """Moments of each distribution, and what it may yield; the same again by seed."""

    def draw(seed):
        streams = RandomStreams(seed)
        samples = [
            streams.uniform((4000,), 1, 3),
            streams.normal((4000,), T.constant([1.0, 5.0]).mean(), 2),
            streams.binomial((4000,), 1, 0.3, dtype="float32"),
            streams.binomial(n=T.constant([9] * 4000), p=0.5),
            streams.random_integers((4000,), 2, 4),
            streams.poisson((4000,), 2.5),
            streams.choice((4000,), T.constant([1, 6]), p=T.constant([0.75, 0.25])),
            streams.permutation((2000,), 2),
            streams.multinomial((2000,), 3, T.constant([0.5, 0.0, 0.5])),
        ]
        function = theano.function([], samples, mode="JAX")
        return function(), function()

    found, later = draw(3)
    means = [2, 3, 0.3, 4.5, 3, 2.5, 2.25, 0.5, 1]
    deviations = [1 / 3**0.5, 2, 0.21**0.5, 1.5, (2 / 3) ** 0.5, 2.5**0.5, 4.6875**0.5, 0.5, None]
    for one, mean, deviation in zip(found, means, deviations):
        assert abs(one.mean() - mean) < 0.15
        if deviation is not None:
            assert abs(one.std() - deviation) < 0.15
    assert found[2].dtype == "float32"
    assert set(found[4]) == {2, 3, 4}
    assert set(found[6]) == {1, 6}
    np.testing.assert_array_equal(found[7].sum(axis=1), 1)
    np.testing.assert_array_equal(found[8].sum(axis=1), 3)
    assert not found[8][:, 1].any()
    assert not any(np.array_equal(one, other) for one, other in zip(found, later))
    for one, other in zip(draw(3)[1], later):
        np.testing.assert_array_equal(one, other)


def test_shared_streams():
    def draw(seed):
        streams = RandomStream(seed)
        samples = [streams.normal(3, 2, size=(400,)), streams.uniform(size=(2, 3))]
        samples += [streams.binomial(5, 0.5, size=(400,)), streams.integers(2, 4, size=(400,))]
        function = theano.function([], samples, mode="JAX")
        return function(), function()

    (normal, uniform, successes, integers), (later, *_) = draw(5)
    assert abs(successes.mean() - 2.5) < 0.3
    assert set(integers) == {2, 3}
    assert abs(normal.mean() - 3) < 0.5
    assert 1.5 < normal.std() < 2.5
    assert uniform.shape == (2, 3)
    assert (uniform >= 0).all()
    assert (uniform < 1).all()
    assert not np.array_equal(normal, later)
    np.testing.assert_array_equal(draw(5)[0][0], normal)
    assert not np.array_equal(draw(6)[0][0], normal)
