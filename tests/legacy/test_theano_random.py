"""Random streams draw the numbers that Theano 1.0 drew."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.shared_randomstreams import RandomStreams


def generators(seed, count):
    """The NumPy generators of the first draws of ``RandomStreams(seed)``."""
    seeds = np.random.RandomState(seed)
    return [np.random.RandomState(int(seeds.randint(2**30))) for _ in range(count)]


PROBABILITIES = [0.2, 0.3, 0.5]
DRAWS = {
    "uniform": (
        lambda s: s.uniform((2, 3), low=-1.0, high=2.0),
        lambda r: r.uniform(-1, 2, (2, 3)),
    ),
    "normal": (lambda s: s.normal((4,), avg=1.0, std=2.0), lambda r: r.normal(1, 2, (4,))),
    "binomial": (lambda s: s.binomial((5,), n=3, p=0.4), lambda r: r.binomial(3, 0.4, (5,))),
    "prob": (lambda s: s.binomial((5,), prob=0.4), lambda r: r.binomial(1, 0.4, (5,))),
    "integers": (
        lambda s: s.random_integers((6,), low=1, high=9),
        lambda r: r.randint(1, 10, (6,)),
    ),
    "poisson": (lambda s: s.poisson((3,), lam=4.0), lambda r: r.poisson(4, (3,))),
    "choice": (
        lambda s: s.choice((3,), a=5, replace=False),
        lambda r: r.choice(5, (3,), False),
    ),
    "permutation": (lambda s: s.permutation(n=5), lambda r: r.permutation(5)),
    "permutations": (
        lambda s: s.permutation(size=(2,), n=4),
        lambda r: [r.permutation(4) for _ in range(2)],
    ),
    "multinomial": (
        lambda s: s.multinomial((2,), n=4, pvals=np.array(PROBABILITIES)),
        lambda r: [r.multinomial(4, PROBABILITIES) for _ in range(2)],
    ),
    "parameters": (
        lambda s: s.normal(avg=T.constant(np.arange(3.0)), std=2.0),
        lambda r: r.normal(np.arange(3.0), 2),
    ),
}


def test_the_numbers_of_numpy():
    """Two calls of one function, all draws at once: compiled once."""
    streams = RandomStreams(42)
    draw = theano.function([], [symbolic(streams) for symbolic, _ in DRAWS.values()])
    oracles = generators(42, len(DRAWS))
    for _ in range(2):
        for name, value, oracle in zip(DRAWS, draw(), oracles):
            expected = np.asarray(DRAWS[name][1](oracle))
            np.testing.assert_allclose(value, expected, rtol=1e-6, err_msg=name)


def test_dtypes():
    streams = RandomStreams(1)
    assert streams.uniform((2,)).dtype == theano.config.floatX
    assert streams.uniform((2,), dtype="float64").dtype == "float64"
    assert streams.binomial((2,)).dtype == "int64"
    assert streams.binomial((2,), dtype="float32").dtype == "float32"


def test_seeding_starts_anew():
    streams = RandomStreams(7)
    draw = streams.uniform((2,))
    function = theano.function([], draw)
    still = theano.function([], draw, no_default_updates=True)
    first, second = function(), function()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(still(), still())
    streams.seed(7)
    np.testing.assert_array_equal(function(), first)
    streams[draw.rng] = np.random.RandomState(5)
    np.testing.assert_allclose(function(), np.random.RandomState(5).uniform(size=2), rtol=1e-6)
    assert [generator for generator, _ in streams.updates()] == [draw.rng]


def test_the_shape_of_another_variable(rng):
    """What a denoising autoencoder and a Boltzmann machine do."""
    x = T.matrix()
    streams = RandomStreams(3)
    noise = streams.binomial(size=x.shape, n=1, p=0.5, dtype=theano.config.floatX)
    data = rng.normal(size=(3, 4)).astype(theano.config.floatX)
    (oracle,) = generators(3, 1)
    noisy = theano.function([x], noise * x)(data)
    np.testing.assert_allclose(noisy, oracle.binomial(1, 0.5, (3, 4)) * data, rtol=1e-6)


def test_shuffled_rows():
    rows = np.arange(12).reshape(3, 4)
    shuffled = theano.function([], RandomStreams(3).shuffle_row_elements(T.constant(rows)))()
    np.testing.assert_array_equal(np.sort(shuffled, axis=1), rows)
    assert not np.array_equal(shuffled, rows)


def test_how_many_axes_must_be_known():
    with pytest.raises(ValueError, match="give ndim"):
        RandomStreams(1).uniform(T.lvector())
    assert RandomStreams(1).uniform(T.lvector(), ndim=2).ndim == 2


def mrg31k3p(state, count):
    """The generator in Python: L'Ecuyer and Touzin, "Fast combined multiple recursive generators
    with multipliers of the form a = 2^q +- 2^r", 2000."""
    m1, m2 = 2**31 - 1, 2**31 - 21069
    x, y = list(state[:3]), list(state[3:])
    drawn = []
    for _ in range(count):
        x = [(2**22 * x[1] + (2**7 + 1) * x[2]) % m1, *x[:2]]
        y = [(2**15 * y[0] + (2**15 + 1) * y[2]) % m2, *y[:2]]
        difference = (x[0] - y[0]) % m1
        drawn.append((difference or m1) / 2**31)
    return drawn


def test_mrg_is_the_published_generator():
    stream = MRG_RandomStreams(seed=12345, use_cuda=False)
    draw = theano.function([], stream.uniform((1,), nstreams=1, dtype="float64"))
    drawn = [draw()[0] for _ in range(4)]
    np.testing.assert_allclose(drawn, mrg31k3p([12345] * 6, 4), rtol=1e-6)


def test_mrg_draws(rng):
    stream = MRG_RandomStreams(2)
    draws = [
        stream.uniform((500,)),
        stream.normal((500,), avg=1.0),
        stream.binomial((500,), p=0.3),
        stream.multinomial(pvals=T.constant(np.ones((5, 4), "float32") / 4)),
    ]
    uniform, normal, binomial, multinomial = theano.function([], draws)()
    assert 0.4 < uniform.mean() < 0.6
    assert 0.8 < normal.mean() < 1.2
    assert 0.2 < binomial.mean() < 0.4
    np.testing.assert_array_equal(multinomial.sum(axis=1), 1)
