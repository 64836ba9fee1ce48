"""Factors by depth: which group a parameter is in, and how fast it learns."""

import numpy as np
import pytest
from lasagne.layers import DenseLayer, InputLayer, get_all_layers

import theano_transfer as tt
from theano_transfer import updates as up
from theano_transfer.tuning import UnknownLayerError


@pytest.fixture
def stack():
    """Four dense layers, 'one' to 'four'."""
    layer = InputLayer((None, 2), name="input")
    for name in ("one", "two", "three", "four"):
        layer = DenseLayer(layer, 2, name=name)
    return get_all_layers(layer)


def values(factors):
    return {param.name: value for param, value in factors.items()}


def test_rates_lie_in_equal_ratios(stack):
    found = values(up.by_spread(stack, slice(1e-5, 1e-2)))
    expected = dict(zip(("one", "two", "three", "four"), np.geomspace(1e-5, 1e-2, 4)))
    assert set(found) == {f"{name}.{role}" for name in expected for role in "Wb"}
    for name, rate in found.items():
        np.testing.assert_allclose(rate, expected[name.partition(".")[0]])
    open_slice = values(up.by_spread(stack, slice(1e-2)))
    assert open_slice["four.W"] == 1e-2
    assert open_slice["one.b"] == open_slice["three.W"] == pytest.approx(1e-3)


def test_factors_fall_with_every_layer(stack):
    found = values(up.by_layer(stack, 0.5))
    assert next(iter(found)) == "one.W"
    assert found["four.b"] == 1
    assert found["three.W"] == 0.5
    assert found["one.W"] == 0.125
    assert values(up.by_layer(stack, 0.5, least=0.2))["one.W"] == 0


def test_factors_by_name_and_pattern(stack):
    found = values(up.by_name(stack, {"t*": 0.1, "two": 0}))
    assert [found[f"{n}.W"] for n in ("one", "two", "three", "four")] == [1, 0, 0.1, 1]


def test_frozen_parameters_have_no_factor(stack):
    tt.freeze(stack[:3])
    assert set(up.depth_groups(stack)) == {"three", "four"}
    assert values(up.by_spread(stack, slice(1e-3, 1)))["three.W"] == 1e-3


def test_groups_of_a_network_of_the_zoo_are_its_blocks():
    model = tt.Model("squeezenet1_1", classes=3, weights=None, input_shape=(3, 48, 48))
    model.unfreeze("all")
    groups = up.depth_groups(model.net)
    blocks = [block for block, _ in model.net.record.blocks]
    assert list(groups) == [*blocks, "head"]
    assert [p.name for p in groups["head"]] == ["head_predictions.W", "head_predictions.b"]
    assert sum(map(len, groups.values())) == len(model.trainable)
    assert values(up.by_name(model.net, {"head": 2}))["head_predictions.b"] == 2


def test_every_network_of_the_zoo_has_split_points():
    for name in tt.zoo.models():
        record = tt.zoo.record(name)
        assert len(record.blocks) >= 3, name


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda s: up.by_spread(s, 1e-3), TypeError, "slice"),
        (lambda s: up.by_spread(s, slice(0, 1e-3)), ValueError, "above 0"),
        (lambda s: up.by_layer(s, 1.5), ValueError, "at most 1"),
        (lambda s: up.by_name(s, {"thre": 1}), UnknownLayerError, "'three'"),
        (lambda s: up.by_name(s, {"three": -1}), ValueError, "'three'"),
    ],
)
def test_wrong_settings_are_refused(stack, act, error, text):
    with pytest.raises(error, match=text):
        act(stack)
