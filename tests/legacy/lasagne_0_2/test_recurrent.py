"""Recurrent layers against loops in NumPy, forward; backward against finite differences."""

import lasagne
import numpy as np
import pytest
import theano.tensor as T
from aesara.compile.mode import Mode
from lasagne.layers import (
    CustomRecurrentLayer,
    DenseLayer,
    Gate,
    GRULayer,
    InputLayer,
    LSTMLayer,
    RecurrentLayer,
    get_all_param_values,
    get_all_params,
)

# Nothing here needs a rewrite, and unrolled graphs take long to rewrite.
MODE = Mode(linker="py", optimizer=None)
BATCH, TIME, FEATURES, UNITS = 3, 4, 2, 3


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def loop(step, x, states, mask=None, backwards=False):
    """All first states (batch, time, units), in the order of time."""
    outputs = np.zeros((*x.shape[:2], states[0].shape[1]))
    order = range(x.shape[1])
    for t in reversed(order) if backwards else order:
        new = step(x[:, t], *states)
        if mask is not None:
            kept = mask[:, t, None] != 0
            new = [np.where(kept, a, b) for a, b in zip(new, states)]
        states = new
        outputs[:, t] = states[0]
    return outputs


def vanilla(layer):
    w, u, b = (p.get_value() for p in (layer.W_in_to_hid, layer.W_hid_to_hid, layer.b))
    return lambda x, h: [np.tanh(x @ w + h @ u + b)]


def lstm(layer):
    p = {name: getattr(layer, name).get_value() for name in vars(layer) if is_weight(name)}

    def gate(name, x, h, c=0):
        peephole = c * p.get(f"W_cell_to_{name}", 0)
        return x @ p[f"W_in_to_{name}"] + h @ p[f"W_hid_to_{name}"] + p[f"b_{name}"] + peephole

    def step(x, h, c):
        i, f = sigmoid(gate("ingate", x, h, c)), sigmoid(gate("forgetgate", x, h, c))
        c = f * c + i * np.tanh(gate("cell", x, h))
        return [sigmoid(gate("outgate", x, h, c)) * np.tanh(c), c]

    return step


def gru(layer):
    p = {name: getattr(layer, name).get_value() for name in vars(layer) if is_weight(name)}

    def step(x, h):
        def both(name):
            return x @ p[f"W_in_to_{name}"] + p[f"b_{name}"], h @ p[f"W_hid_to_{name}"]

        r, u = sigmoid(sum(both("resetgate"))), sigmoid(sum(both("updategate")))
        by_x, by_h = both("hidden_update")
        return [(1 - u) * h + u * np.tanh(by_x + r * by_h)]

    return step


def is_weight(name):
    return name.startswith(("W_", "b_"))


def make(kind, incoming, units=UNITS, **settings):
    if kind is RecurrentLayer:
        settings["nonlinearity"] = lasagne.nonlinearities.tanh
    layer = kind(incoming, units, **settings)
    rng = np.random.default_rng(1)
    for param in get_all_params(layer):
        param.set_value(rng.normal(size=param.get_value().shape))
    return layer


def first_states(layer, kind):
    names = ("hid_init", "cell_init") if kind is LSTMLayer else ("hid_init",)
    return [np.repeat(getattr(layer, name).get_value(), BATCH, axis=0) for name in names]


KINDS = {RecurrentLayer: vanilla, LSTMLayer: lstm, GRULayer: gru}
SETTINGS = [
    {},
    {"backwards": True, "learn_init": True, "precompute_input": False},
    {"unroll_scan": True},
    {"unroll_scan": True, "backwards": True, "precompute_input": False},
    {"only_return_final": True, "grad_clipping": 1000},
]


@pytest.fixture
def x(rng):
    return rng.normal(size=(BATCH, TIME, FEATURES))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_against_a_loop(kind, settings, x, computed):
    layer = make(kind, InputLayer((None, TIME, FEATURES)), **settings)
    expected = loop(
        KINDS[kind](layer),
        x,
        first_states(layer, kind),
        backwards=settings.get("backwards", False),
    )
    if settings.get("only_return_final"):
        expected = expected[:, -1]
    np.testing.assert_allclose(computed(layer, x), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unroll", [False, True])
def test_masks_and_gradients(kind, unroll, x, computed, gradients_hold):
    sequences, mask = InputLayer((None, TIME, FEATURES)), InputLayer((None, TIME))
    layer = make(kind, sequences, mask_input=mask, learn_init=True, unroll_scan=unroll)
    given = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], "float64")
    expected = loop(KINDS[kind](layer), x, first_states(layer, kind), mask=given)
    np.testing.assert_allclose(computed(layer, x, given), expected, rtol=1e-6, atol=1e-8)
    gradients_hold(layer, x, given.astype("int64"))


def test_lstm_without_peepholes_and_with_one_unit_and_row(rng, computed, gradients_hold):
    layer = make(LSTMLayer, InputLayer((1, None, FEATURES)), units=1, peepholes=False)
    assert len(layer.get_params()) == 14
    x = rng.normal(size=(1, TIME, FEATURES))
    states = [layer.hid_init.get_value(), layer.cell_init.get_value()]
    expected = loop(lstm(layer), x, states)
    np.testing.assert_allclose(computed(layer, x), expected, rtol=1e-6, atol=1e-8)
    gradients_hold(layer, x)


def test_first_states_from_layers_and_expressions(rng, x, computed):
    first = rng.normal(size=(BATCH, UNITS))
    below = InputLayer((None, UNITS))
    layer = make(GRULayer, InputLayer((None, TIME, FEATURES)), hid_init=below)
    expected = loop(gru(layer), x, [first])
    np.testing.assert_allclose(computed(layer, x, first), expected, rtol=1e-6, atol=1e-8)
    layer.hid_init = T.constant(first)
    layer._state_indices.clear()
    other = make(GRULayer, InputLayer((None, TIME, FEATURES)), hid_init=T.constant(first))
    assert other.hid_init not in other.params
    for target, source in zip(other.get_params(), layer.get_params()):
        target.set_value(source.get_value())
    np.testing.assert_allclose(computed(other, x), expected, rtol=1e-6, atol=1e-8)


def test_a_recurrence_of_ones_own_layers(rng, x, computed, gradients_hold):
    tanh = lasagne.nonlinearities.tanh
    into = DenseLayer(InputLayer((None, FEATURES)), UNITS, nonlinearity=tanh)
    back = DenseLayer(InputLayer((None, UNITS)), UNITS, nonlinearity=tanh, b=None)
    layer = CustomRecurrentLayer(
        InputLayer((None, TIME, FEATURES)), into, back, nonlinearity=None, learn_init=True
    )
    w, b, u = into.W.get_value(), into.b.get_value(), back.W.get_value()
    expected = loop(
        lambda x, h: [np.tanh(x @ w + b) + np.tanh(h @ u)], x, [np.zeros((BATCH, UNITS))]
    )
    np.testing.assert_allclose(computed(layer, x), expected, rtol=1e-6, atol=1e-8)
    assert get_all_params(layer) == [layer.hid_init, into.W, into.b, back.W]
    gradients_hold(layer, x)


def test_gradients_stop_where_they_are_told(rng, x):
    """Of the last output by the first step's input: none if only one step back."""
    import theano

    steps = {}
    for count in (-1, 1):
        sequences = InputLayer((None, TIME, FEATURES))
        layer = make(RecurrentLayer, sequences, gradient_steps=count, only_return_final=True)
        output = lasagne.layers.get_output(layer).sum()
        gradient = theano.grad(output, sequences.input_var)
        steps[count] = theano.function([sequences.input_var], gradient, mode="FAST_COMPILE")(x)
    assert np.abs(steps[-1][:, 0]).max() > 0
    assert np.abs(steps[1][:, :-1]).max() == 0
    np.testing.assert_allclose(steps[1][:, -1], steps[-1][:, -1])


def test_parameters_keep_lasagnes_names_and_order():
    """Saved values of other programs come in this order."""
    incoming = InputLayer((None, TIME, FEATURES))
    names = [p.name for p in LSTMLayer(incoming, UNITS, name="l").get_params()]
    gates = ("ingate", "forgetgate", "cell", "outgate")
    expected = [f"l.{kind}_{gate}" for gate in gates for kind in ("W_in_to", "W_hid_to", "b")]
    expected += [f"l.W_cell_to_{gate}" for gate in gates if gate != "cell"]
    assert names == [*expected, "l.cell_init", "l.hid_init"]
    names = [p.name for p in GRULayer(incoming, UNITS).get_params()]
    assert names[::3] == [
        "W_in_to_updategate", "W_in_to_resetgate", "W_in_to_hidden_update", "hid_init",
    ]  # fmt: skip
    assert len(get_all_param_values(RecurrentLayer(incoming, UNITS))) == 4
    trained = LSTMLayer(incoming, UNITS, learn_init=True).get_params(trainable=True)
    assert {p.name for p in trained} >= {"cell_init", "hid_init"}


def test_what_does_not_fit_says_so():
    unknown = InputLayer((None, None, FEATURES))
    with pytest.raises(ValueError, match="unroll_scan"):
        GRULayer(unknown, UNITS, unroll_scan=True)
    with pytest.raises(ValueError, match="gradient_steps"):
        GRULayer((1, TIME, FEATURES), UNITS, unroll_scan=True, gradient_steps=2)
    with pytest.raises(ValueError, match="outputs of one shape"):
        CustomRecurrentLayer(unknown, DenseLayer((None, 2), 3), DenseLayer((None, 4), 4))
    with pytest.raises(ValueError, match="features"):
        LSTMLayer(InputLayer((None, None, None)), UNITS)
    assert not hasattr(Gate(W_cell=None), "W_cell")
