"""Runs that were stopped and gone on with, against the same run that never stopped."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import theano_transfer as tt
from theano_transfer.tuning import (
    Callback,
    Checkpoints,
    ReduceOnPlateau,
    TrainingError,
    categorical_crossentropy,
)
from theano_transfer.tuning._snapshot import packed, unpacked

AUGMENT = tt.images.Augmentation(horizontal_flip=True, rotation_range=20)


def build(make_net, *, frozen=False):
    """All that may have a state: Adam, dropout, averages that move, a schedule."""
    model = tt.Model(make_net(), classes=3, head=["avg", 5, "dropout"], seed=3)
    if not frozen:
        model.unfreeze("block2", batch_norm=True)
    model.compile(
        "adam",
        learning_rate=tt.updates.OneCycle(0.02),
        layer_decay=0.5,
        weight_decay=0.1,
        clip_norm=1.0,
        accumulate=2,
    )
    return model


def fit(model, pictures, folder=None, callbacks=(), **options):
    x, y = pictures
    options = {"augment": AUGMENT, "epochs": 3, **options}
    return model.fit(
        x[:21],
        y[:21],
        validation_data=(x[15:], y[15:]),
        batch_size=4,  # six batches, of which the last is smaller
        early_stopping=9,
        callbacks=[ReduceOnPlateau(patience=1), *callbacks],
        checkpoints=folder,
        verbose=False,
        **options,
    )


class Stop(Callback):
    """Sends SIGTERM after so many batches."""

    def __init__(self, after):
        self.left = after

    def on_batch_end(self, batch, numbers):
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGTERM)


class Quiet(Stop):
    """What stands in its place in a run that is not stopped: settings have to be the same."""

    def on_batch_end(self, batch, numbers):
        pass


Quiet.__qualname__ = Stop.__qualname__


def compare(model, history, expected):
    values, columns, best = expected
    for name, param in model.net.params.items():
        np.testing.assert_array_equal(param.get_value(), values[name], err_msg=name)
    assert history.history == columns
    assert history.best_epoch == best


def outcome(model, history):
    values = {name: param.get_value() for name, param in model.net.params.items()}
    return values, history.history, history.best_epoch


@pytest.mark.parametrize(
    "frozen",
    [
        pytest.param(False, id="unfrozen"),
        pytest.param(True, id="kept features", marks=pytest.mark.slow),
    ],
)
def test_a_resumed_run_ends_with_the_same_bits(make_net, pictures, tmp_path, frozen):
    options = {"augment": None} if frozen else {}
    model = build(make_net, frozen=frozen)
    expected = outcome(model, fit(model, pictures, tmp_path / "a", [Quiet(0)], **options))
    assert (tmp_path / "a" / "best.h5").is_file()
    assert len(Checkpoints(tmp_path / "a").files()) == 2
    # stopped in the first epoch, gone on with, stopped in the second, at the end of its batches
    for after in (2, 10):
        model = build(make_net, frozen=frozen)
        with pytest.raises(SystemExit) as ended:
            fit(model, pictures, tmp_path / "b", [Stop(after)], resume=after > 2, **options)
        assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    model = build(make_net, frozen=frozen)
    history = fit(model, pictures, tmp_path / "b", [Quiet(0)], resume=True, **options)
    compare(model, history, expected)
    # of a run that is over, nothing is left to do
    model = build(make_net, frozen=frozen)
    compare(
        model, fit(model, pictures, tmp_path / "b", [Quiet(0)], resume=True, **options), expected
    )


def test_other_settings_are_refused_by_name(make_net, pictures, tmp_path):
    model = build(make_net, frozen=True)
    fit(model, pictures, tmp_path, epochs=1)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    model.compile("sgd", learning_rate=0.5)
    values = outcome(model, model.history)[0]
    with pytest.raises(ValueError, match="set up otherwise") as refusal:
        fit(model, pictures, tmp_path, resume=True, seed=9, augment=None, epochs=1)
    for text in ("optimizer: 'adam' then, 'sgd' now", "seed: 3 then, 9 now", "augment:"):
        assert text in str(refusal.value)
    for same in ("batch_size", "data:", "classes:"):
        assert same not in str(refusal.value)
    with pytest.raises(ValueError, match="resume=True"):
        fit(model, pictures, tmp_path)
    with pytest.raises(ValueError, match="checkpoints=FOLDER"):
        fit(model, pictures, resume=True)
    with pytest.raises(ValueError, match="iterator"):
        model.fit([pictures], epochs=1, checkpoints=tmp_path / "new", verbose=False)
    for name, param in model.net.params.items():
        np.testing.assert_array_equal(param.get_value(), values[name])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_damaged_state_is_passed_over_with_a_warning(tmp_path):
    states = Checkpoints(tmp_path, keep=3)
    for batch in (9, 10, 11):
        states.save(0, batch, {"layer/W": np.ones(3, "float32")}, {"batch": batch})
    last = states.files()[-1]
    assert last.name == "epoch-00000-batch-0000011.h5"
    last.write_bytes(last.read_bytes()[:-200])
    with pytest.warns(RuntimeWarning, match="one before"):
        path, stored = states.newest()
    assert stored.attributes["batch"] == 10
    assert path == states.files()[-2]


def test_only_the_last_states_stay_and_one_comes_every_so_many_batches(
    make_net, pictures, tmp_path
):
    seen = set()

    class Look(Callback):
        def on_batch_end(self, batch, numbers):
            seen.update(path.name for path in tmp_path.iterdir())

    model = build(make_net, frozen=True)
    fit(model, pictures, Checkpoints(tmp_path, keep=1, every=2), [Look()], epochs=1)
    assert {"epoch-00000-batch-0000002.h5", "epoch-00000-batch-0000004.h5"} <= seen
    assert [p.name for p in Checkpoints(tmp_path).files()] == ["epoch-00001-batch-0000000.h5"]


def test_the_nan_guard_names_the_pictures(make_net, pictures):
    def loss(prediction, target):
        return categorical_crossentropy(prediction, target) / target[:, 0]  # infinite but for 0

    model = tt.Model(make_net(), classes=3, head=["avg"])
    model.compile("sgd", loss)
    y = np.arange(24) // 8
    with pytest.raises(TrainingError, match=r"batch 3 of epoch 1 \(number 8, number 9, "):
        model.fit(pictures[0], y, batch_size=4, shuffle=False, verbose=False)


def test_numbers_that_json_lacks_survive():
    value = {"a": [float("inf"), -0.1, 3, None], "b": {"c": float("-inf")}}
    assert unpacked(packed(value)) == value
    assert np.isnan(unpacked(packed(float("nan"))))


PROGRAM = """
    import sys
    import numpy as np
    import theano_transfer
    from tuning.conftest import make_small_net
    from tuning.test_resume import Quiet, Stop, build, fit, outcome
    rng = np.random.default_rng(1)
    y = (np.arange(24) % 3).astype("int32")
    x = rng.integers(0, 255, size=(24, 3, 12, 12)).astype("uint8")
    after, folder, result = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    model = build(make_small_net)
    stop = Stop(after) if after else Quiet(0)
    history = fit(model, (x, y), folder, [stop], resume=True)
    np.savez(result, **outcome(model, history)[0])
"""


@pytest.mark.slow
def test_another_process_goes_on_with_the_same_bits(tmp_path):
    def run(after, folder, seed):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        environment["PYTHONPATH"] = os.path.dirname(os.path.dirname(__file__))
        result = tmp_path / f"{folder}.npz"
        arguments = [str(after), str(tmp_path / folder), str(result)]
        program = [sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments]
        status = subprocess.run(program, env=environment, check=False).returncode
        return status, result

    assert run(0, "straight", 1)[0] == 0
    assert run(8, "stopped", 2)[0] == 143
    status, result = run(0, "stopped", 3)
    assert status == 0
    with np.load(tmp_path / "straight.npz") as one, np.load(result) as other:
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)
