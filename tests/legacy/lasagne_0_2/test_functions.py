"""Updates, objectives, nonlinearities, initialisers, regularisation: formulas written by hand."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne import init, nonlinearities, objectives, regularization, updates

START = np.array([1.0, -2.0, 3.0])
RATE = 0.1


def trained(rule, steps=4, **settings):
    """Where `steps` updates for the loss ``sum(x ** 2) / 2`` lead, whose gradient is ``x``."""
    x = theano.shared(START.copy())
    step = theano.function(
        [], updates=rule(0.5 * (x**2).sum(), [x], **settings), mode="FAST_COMPILE"
    )
    for _ in range(steps):
        step()
    return x.get_value()


def by_hand(step, steps=4):
    x, state = START.copy(), {}
    for t in range(1, steps + 1):
        x = step(x, x.copy(), state, t)
    return x


def sgd(x, g, s, t):
    return x - RATE * g


def momentum(x, g, s, t):
    s["v"] = 0.9 * s.get("v", 0) - RATE * g
    return x + s["v"]


def nesterov(x, g, s, t):
    s["v"] = 0.9 * s.get("v", 0) - RATE * g
    return x + 0.9 * s["v"] - RATE * g


def adagrad(x, g, s, t):
    s["a"] = s.get("a", 0) + g**2
    return x - RATE * g / np.sqrt(s["a"] + 1e-6)


def rmsprop(x, g, s, t):
    s["a"] = 0.9 * s.get("a", 0) + 0.1 * g**2
    return x - RATE * g / np.sqrt(s["a"] + 1e-6)


def adadelta(x, g, s, t):
    s["a"] = 0.95 * s.get("a", 0) + 0.05 * g**2
    delta = g * np.sqrt(s.get("d", 0) + 1e-6) / np.sqrt(s["a"] + 1e-6)
    s["d"] = 0.95 * s.get("d", 0) + 0.05 * delta**2
    return x - RATE * delta


def _moments(g, s):
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["v"] = 0.999 * s.get("v", 0) + 0.001 * g**2


def adam(x, g, s, t):
    _moments(g, s)
    rate = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return x - rate * s["m"] / (np.sqrt(s["v"]) + 1e-8)


def amsgrad(x, g, s, t):
    _moments(g, s)
    s["w"] = np.maximum(s.get("w", 0), s["v"])
    rate = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return x - rate * s["m"] / (np.sqrt(s["w"]) + 1e-8)


def adamax(x, g, s, t):
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["u"] = np.maximum(0.999 * s.get("u", 0), np.abs(g))
    return x - RATE / (1 - 0.9**t) * s["m"] / (s["u"] + 1e-8)


class TestUpdates:
    RULES = {
        "sgd": sgd, "momentum": momentum, "nesterov_momentum": nesterov, "adagrad": adagrad,
        "rmsprop": rmsprop, "adadelta": adadelta, "adam": adam, "amsgrad": amsgrad,
        "adamax": adamax,
    }  # fmt: skip

    @pytest.mark.parametrize("name", RULES)
    def test_rules(self, name):
        found = trained(getattr(updates, name), learning_rate=RATE)
        np.testing.assert_allclose(found, by_hand(self.RULES[name]), rtol=1e-6)

    @pytest.mark.parametrize("name", RULES)
    def test_rules_keep_float32(self, name):
        """A rate that changes is a shared variable, a gradient may be given."""
        with theano.config.change_flags(floatX="float32"):
            x = theano.shared(START.astype("float32"))
            rate = theano.shared(np.float32(RATE))
            changes = getattr(updates, name)([x], [x], learning_rate=rate)
        assert all(new.dtype == "float32" for new in changes.values())

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [(updates.apply_momentum, momentum), (updates.apply_nesterov_momentum, nesterov)],
    )
    def test_momentum_on_other_updates(self, rule, expected):
        found = trained(lambda loss, params: rule(updates.sgd(loss, params, RATE), momentum=0.9))
        np.testing.assert_allclose(found, by_hand(expected))

    def test_gradients_as_many_as_parameters(self):
        x = theano.shared(START)
        with pytest.raises(ValueError, match="2 gradient expressions for 1"):
            updates.adamax([x, x], [x])

    def test_constraints(self, rng):
        x = rng.normal(size=(4, 3)) * 3
        found = updates.norm_constraint(T.constant(x), 2).eval()
        norms = np.sqrt((x**2).sum(axis=0))
        np.testing.assert_allclose(found, x * np.minimum(norms, 2) / norms, rtol=1e-6)
        both, norm = updates.total_norm_constraint(
            [T.constant(x), T.constant(START)], 1, return_norm=True
        )
        total = np.sqrt((x**2).sum() + (START**2).sum())
        np.testing.assert_allclose(norm.eval(), total)
        np.testing.assert_allclose(both[1].eval(), START / total, rtol=1e-6)


def evaluated(expression):
    return theano.function([], expression, mode="FAST_COMPILE")()


class TestObjectives:
    P = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
    T = np.array([2, 0], "int32")

    def test_elementwise(self, rng):
        p, t = rng.uniform(0.1, 0.9, size=(2, 5, 3))
        found = evaluated(objectives.squared_error(T.constant(p), T.constant(t)))
        np.testing.assert_allclose(found, (p - t) ** 2)
        found = evaluated(objectives.binary_crossentropy(T.constant(p), T.constant(t)))
        np.testing.assert_allclose(found, -t * np.log(p) - (1 - t) * np.log(1 - p))
        e = np.abs(p - t)
        found = evaluated(objectives.huber_loss(T.constant(p), T.constant(t), delta=0.3))
        np.testing.assert_allclose(found, np.where(e <= 0.3, e**2 / 2, 0.3 * (e - 0.15)))

    def test_a_column_meets_a_vector(self):
        column, vector = T.TensorType("float64", (False, True))(), T.dvector()
        loss = objectives.squared_error(column, vector)
        function = theano.function([column, vector], loss, mode="FAST_COMPILE")
        assert function(np.zeros((4, 1)), np.arange(4.0)).shape == (4, 1)

    def test_categorical_crossentropy(self):
        onehot = np.eye(3)[self.T]
        for targets in (T.constant(self.T), T.constant(onehot)):
            found = evaluated(objectives.categorical_crossentropy(T.constant(self.P), targets))
            np.testing.assert_allclose(found, -np.log([0.3, 0.6]))

    def test_hinges(self, rng):
        p = rng.normal(size=6)
        t = np.array([0, 1, 1, 0, 1, 0])
        found = objectives.binary_hinge_loss(T.constant(p), T.constant(t), log_odds=True)
        np.testing.assert_allclose(evaluated(found), np.maximum(0, 1 - (2 * t - 1) * p))
        chance = 1 / (1 + np.exp(-p))
        found = objectives.binary_hinge_loss(
            T.constant(chance), T.constant(2 * t - 1), delta=2, log_odds=False, binary=False
        )
        np.testing.assert_allclose(evaluated(found), np.maximum(0, 2 - (2 * t - 1) * p))
        with pytest.warns(FutureWarning, match="log_odds"):
            objectives.binary_hinge_loss(T.constant(p), T.constant(t))

    @pytest.mark.parametrize("onehot", [False, True])
    def test_multiclass_hinge(self, onehot):
        targets = np.eye(3, dtype="int32")[self.T] if onehot else self.T
        p = T.dmatrix()
        loss = objectives.multiclass_hinge_loss(p, T.constant(targets), delta=0.5)
        slope = theano.grad(loss.sum(), p)
        found, slope = theano.function([p], [loss, slope], mode="FAST_COMPILE")(self.P)
        np.testing.assert_allclose(found, [0.5 - 0.3 + 0.5, 0.3 - 0.6 + 0.5])
        np.testing.assert_allclose(slope, [[0, 1, -1], [-1, 0, 1]])
        with pytest.raises(TypeError, match="rank mismatch"):
            objectives.multiclass_hinge_loss(p, T.itensor3())

    def test_accuracies(self):
        p = T.constant(self.P)
        found = evaluated(objectives.categorical_accuracy(p, T.constant(self.T)))
        np.testing.assert_array_equal(found, [0, 1])
        onehot = T.constant(np.eye(3)[self.T])
        np.testing.assert_array_equal(
            evaluated(objectives.categorical_accuracy(p, onehot, top_k=2)), [1, 1]
        )
        binary = objectives.binary_accuracy(T.constant([0.2, 0.5, 0.9]), T.constant([0, 0, 1]))
        np.testing.assert_array_equal(evaluated(binary), [1, 0, 1])
        with pytest.raises(TypeError, match="rank mismatch"):
            objectives.categorical_accuracy(p, T.iscalar())

    def test_aggregation(self):
        loss, weights = T.constant([1.0, 2.0, 3.0]), T.constant([1.0, 0.0, 1.0])
        for mode, expected in (("mean", 4 / 3), ("sum", 4), ("normalized_sum", 2)):
            np.testing.assert_allclose(
                evaluated(objectives.aggregate(loss, weights, mode)), expected
            )


class TestNonlinearities:
    X = np.linspace(-3, 3, 13) + 0.01

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("elu", lambda x: np.where(x > 0, x, np.exp(x) - 1)),
            ("softplus", lambda x: np.log(1 + np.exp(x))),
            (
                "selu",
                lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
            ),
            ("scaled_tanh", lambda x: 1.7159 * np.tanh(2 / 3 * x)),
            ("leaky_rectify", lambda x: np.where(x > 0, x, 0.01 * x)),
            ("very_leaky_rectify", lambda x: np.where(x > 0, x, x / 3)),
            ("identity", lambda x: x),
            ("linear", lambda x: x),
        ],
    )
    def test_values_and_slopes(self, name, expected):
        x = T.dvector()
        y = getattr(nonlinearities, name)(x)
        slope = theano.grad(y.sum(), x)
        y, slope = theano.function([x], [y, slope], mode="FAST_COMPILE")(self.X)
        np.testing.assert_allclose(y, expected(self.X))
        differences = (expected(self.X + 1e-6) - expected(self.X - 1e-6)) / 2e-6
        np.testing.assert_allclose(slope, differences, rtol=1e-5)

    def test_classes(self):
        assert nonlinearities.ScaledTanh is nonlinearities.ScaledTanH
        x = T.constant(self.X)
        found = nonlinearities.SELU(scale=2, scale_neg=3)(x)
        np.testing.assert_allclose(
            evaluated(found), 2 * np.where(self.X > 0, self.X, 3 * np.expm1(self.X))
        )

    @pytest.mark.parametrize("name", ["elu", "selu"])
    def test_no_overflow(self, name):
        x = T.dvector()
        slope = theano.grad(getattr(nonlinearities, name)(x).sum(), x)
        assert np.isfinite(theano.function([x], slope, mode="FAST_COMPILE")([1000.0])).all()


class TestInitialisers:
    @pytest.fixture(autouse=True)
    def seed(self):
        before = lasagne.random.get_rng()
        lasagne.random.set_rng(np.random.RandomState(3))
        yield
        lasagne.random.set_rng(before)

    @pytest.mark.parametrize(
        ("make", "std"),
        [
            (init.GlorotNormal(), np.sqrt(2 / (200 + 300))),
            (init.GlorotUniform(gain="relu"), np.sqrt(2) * np.sqrt(2 / (200 + 300))),
            (init.HeNormal(gain="relu"), np.sqrt(2 / 200)),
            (init.HeUniform(), np.sqrt(1 / 200)),
            (init.Normal(0.5), 0.5),
            (init.Uniform(std=0.2), 0.2),
        ],
    )
    def test_spread(self, make, std):
        sample = make((200, 300))
        assert sample.dtype == theano.config.floatX
        np.testing.assert_allclose(sample.std(), std, rtol=0.02)
        np.testing.assert_allclose(sample.mean(), 0, atol=0.02 * std)

    def test_filters_count_their_places(self):
        sample = init.GlorotNormal()((30, 20, 3, 3))
        np.testing.assert_allclose(sample.std(), np.sqrt(2 / (50 * 9)), rtol=0.05)

    def test_orthogonal(self):
        for shape in ((5, 8), (8, 5), (4, 3, 2, 2)):
            flat = init.Orthogonal(gain=2)(shape).reshape(shape[0], -1)
            small = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
            np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-6)

    def test_sparse_and_constant(self):
        sample = init.Sparse(sparsity=0.3, std=0.5)((20, 6))
        assert ((sample != 0).sum(axis=0) == 6).all()
        assert (init.Constant(0.5)((2, 3)) == 0.5).all()


def test_regularisation():
    layer = lasagne.layers.DenseLayer((None, 3), 2)
    w = layer.W.get_value()
    for penalty, expected in (
        (regularization.l1, np.abs(w).sum()),
        (regularization.l2, (w**2).sum()),
    ):
        for function in (
            regularization.regularize_network_params,
            regularization.regularize_layer_params,
        ):
            np.testing.assert_allclose(evaluated(function(layer, penalty)), expected)
        weighted = regularization.regularize_layer_params_weighted({layer: 0.5}, penalty)
        np.testing.assert_allclose(evaluated(weighted), 0.5 * expected)


def test_utilities():
    assert lasagne.utils.as_tuple(3, 2) == (3, 3)
    found = evaluated(lasagne.utils.one_hot(T.constant([2, 0]), 3))
    np.testing.assert_array_equal(found, [[0, 0, 1], [1, 0, 0]])
    array = np.arange(6.0).reshape(2, 3)
    norms = lasagne.utils.compute_norms(array)
    np.testing.assert_allclose(norms, np.sqrt((array**2).sum(axis=0)))
    x = theano.shared(1.0, "x")
    assert lasagne.utils.collect_shared_vars([x * 2, x]) == [x]
    assert lasagne.utils.shared_empty(3).ndim == 3
