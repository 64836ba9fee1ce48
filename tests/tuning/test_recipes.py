"""Recipes: fine_tune, lr_find, unfreezing by fraction, a new head on a tuned base."""

import math

import numpy as np
import pytest

import theano_transfer as tt
from theano_transfer.tuning._lr_find import suggest
from theano_transfer.tuning._recipes import plan


@pytest.fixture
def model(net):
    return tt.Model(net, classes=3, head=["avg"])


def test_unfreezing_by_fraction_and_block(model):
    assert model.split_points == ["block1", "block2"]
    model.unfreeze(0.5)
    assert "block1_conv" in model.frozen
    assert "block2_conv" not in model.frozen
    assert "block2_bn" in model.frozen  # stays on its averages unless asked
    model.unfreeze(0.51, batch_norm=True)
    assert model.frozen == []
    for wrong in (0.0, 1.5):
        with pytest.raises(ValueError, match="share of the blocks"):
            model.unfreeze(wrong)


def test_the_plan_of_fine_tuning(model):
    assert plan(model, 5, 1, 2) == [(0.0, 1), (0.5, 2), (1.0, 3)]
    assert plan(model, 1, 0, 9) == [(1.0, 1)]


def test_fine_tuning_learns_from_the_top_downwards(model, pictures, tmp_path, values_of):
    trained = []

    def look(epoch, numbers):
        trained.append((epoch, next(iter(model.trainable)), model.learning_rate))

    before = values_of(model.net)
    history = model.fine_tune(
        pictures, epochs=2, freeze_epochs=4, lr=0.05, batch_size=8, callbacks=look,
        checkpoints=tmp_path, verbose=False,
    )  # fmt: skip
    assert history.epochs == [1, 2, 3, 4, 5, 6]
    assert model.history is history
    layers = [layer for _, layer, _ in trained]
    assert layers == ["head_predictions.W"] * 4 + ["block2_conv.W", "block1_conv.W"]
    assert all(0 < rate <= 0.05 for *_, rate in trained)
    assert history["loss"][-1] < history["loss"][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step0", "step1", "step2"]
    after = values_of(model.net)
    for name in after:
        moved = not np.array_equal(after[name], before[name])
        assert moved == ("_bn" not in name), name
    with pytest.raises(TypeError, match=r"'freeze_epoch'; did you mean 'freeze_epochs'"):
        model.fine_tune(pictures, epochs=1, freeze_epoch=2)


def test_the_search_for_a_rate_leaves_everything_as_it_was(model, pictures, tmp_path, values_of):
    model.unfreeze("block2", batch_norm=True)
    model.compile("adam", learning_rate=0.123)
    before, step = values_of(model.net), model.functions.step
    memory = [np.array(one.value.storage[0]) for one in step.maker.inputs if one.update is not None]
    found = model.lr_find(pictures, steps=30, batch_size=8, path=tmp_path / "rates.png")
    assert found.rates[0] == 1e-7
    assert np.all(np.diff(found.rates) > 0)
    assert found.rates[0] <= found.suggestion <= found.rates[-1]
    assert (tmp_path / "rates.png").stat().st_size > 1000
    for name, value in values_of(model.net).items():
        np.testing.assert_array_equal(value, before[name])
    after = [np.array(one.value.storage[0]) for one in step.maker.inputs if one.update is not None]
    for one, other in zip(memory, after):
        np.testing.assert_array_equal(one, other)
    assert model.learning_rate == pytest.approx(0.123)
    for wrong in ({"start": 0}, {"start": 2, "stop": 1}, {"steps": 2}):
        with pytest.raises(ValueError, match=r"start|steps"):
            model.lr_find(pictures, **wrong)


def test_the_suggestion_is_the_steepest_fall_before_the_least_loss():
    rates = np.geomspace(1e-6, 1, 61)
    # falls along a logistic curve about 1e-3, then explodes
    losses = 1 / (1 + np.exp(3 * np.log(rates / 1e-3))) + np.where(rates > 0.1, rates * 50, 0)
    steepest, minimum = suggest(rates, losses)
    assert math.isclose(steepest, 1e-3, rel_tol=0.3)
    assert 1e-3 < minimum < 0.1
    assert suggest([1.0, 2.0], [1.0, 5.0]) == (0.1, 0.1)


def test_a_new_head_on_a_base_that_keeps_what_it_learned(model, pictures, tmp_path, values_of):
    base = {name: value for name, value in values_of(model.net).items() if "head" not in name}
    model.net["block1_conv"].W.set_value(base["block1_conv.W"] + 1)
    model.compile()
    model.replace_head(["a", "b"], head=["max", 4])
    assert model.classes == ["a", "b"]
    assert list(model.trainable) == [
        "head_dense1.W", "head_dense1.b", "head_predictions.W", "head_predictions.b"
    ]  # fmt: skip
    np.testing.assert_array_equal(model.net["block1_conv"].W.get_value(), base["block1_conv.W"] + 1)
    assert model.predict(pictures[0]).shape == (24, 2)
    with pytest.raises(tt.tuning.StaleFunctionError):
        model.fit(pictures)
    with pytest.raises(ValueError, match="batchnrm"):
        model.replace_head(3, head=["batchnrm"])
    assert model.classes == ["a", "b"]


def test_settings_of_compile_survive_a_file(pictures, tmp_path):
    model = tt.Model("squeezenet1_1", classes=3, weights=None, input_shape=(3, 40, 40))
    up = tt.updates
    for settings in (
        {"learning_rate": up.WarmUp(up.OneCycle(1e-2), 2.0), "layer_decay": 0.5},
        {"learning_rate": slice(1e-5, 1e-3), "weight_decay": 0.1, "accumulate": 2},
        {"learning_rate": 0.5, "clip_norm": 1.0, "rate_factors": {"head": 2.0}},
    ):
        model.compile("momentum", **settings)
        model.save(tmp_path / "model.h5")
        again = tt.Model.load(tmp_path / "model.h5").compile_arguments
        assert again == model.compile_arguments
        for name, value in settings.items():
            assert again[name] == value


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"wieght_decay": 0.1}, TypeError, "did you mean 'weight_decay'"),
        ({"optimizer": "adma"}, ValueError, "did you mean .*'adam'"),
        ({"loss": "focl"}, ValueError, "did you mean 'focal'"),
        ({"metrics": "acuracy"}, ValueError, "did you mean 'accuracy'"),
        ({"layer_decay": 2}, ValueError, "at most 1"),
        ({"layer_decay": 0.5, "learning_rate": slice(1e-5, 1e-3)}, ValueError, "one of them"),
        ({"rate_factors": {"block3": 1.0}}, ValueError, "near it are 'block"),
        ({"rate_factors": {"hed": 1.0}}, ValueError, "near it are 'head'"),
        ({"learning_rate": "0.1"}, TypeError, "a number; got '0.1'"),
        ({"weight_decay": -1}, ValueError, "weight_decay"),
        ({"clip_norm": 0}, ValueError, "clip_norm"),
        ({"accumulate": 0}, ValueError, "accumulate"),
        ({"label_smoothing": 1.0}, ValueError, "label_smoothing"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_compiled(model, settings, error, text):
    with pytest.raises(error, match=text):
        model.compile(**settings)
    assert model.compile_arguments is None
