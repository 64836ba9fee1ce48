"""State: training again from the same start, without compiling again."""

import numpy as np
import pytest

import theano_transfer as tt
from theano_transfer.tuning import StaleFunctionError, State


@pytest.mark.usefixtures("interpreted")
def test_training_from_a_state_again_gives_the_same_numbers(net, pictures, values_of):
    model = tt.Model(net, classes=3, head=["avg", "dropout"])
    model.unfreeze("block2")
    model.compile("adam", learning_rate=tt.updates.Cosine(0.05))
    step = model.functions.step
    model.fit(pictures, epochs=1, batch_size=8, verbose=False)  # Adam remembers something
    start, before = State(model), values_of(model.net)
    runs = []
    for _ in range(2):
        history = model.fit(pictures, epochs=2, batch_size=8, seed=3, verbose=False)
        runs.append((history["loss"], values_of(model.net)))
        assert any((before[name] != value).any() for name, value in runs[-1][1].items())
        start.restore()
        for name, value in values_of(model.net).items():
            np.testing.assert_array_equal(value, before[name])
    assert model.functions.step is step
    assert runs[0][0] == runs[1][0]
    for name, value in runs[0][1].items():
        np.testing.assert_array_equal(value, runs[1][1][name])


@pytest.mark.usefixtures("interpreted")
def test_a_state_is_of_one_compiled_function(net):
    model = tt.Model(net, classes=3, head=["avg"])
    with pytest.raises(StaleFunctionError, match="compile"):
        State(model)
    model.compile()
    start = State(model)
    model.compile()
    with pytest.raises(StaleFunctionError, match="make a new State"):
        start.restore()
