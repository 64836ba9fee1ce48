"""Convolutions in both orders of axes, and which of them is chosen."""

import json

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.tensor.nnet.abstract_conv import conv3d

import theano_transfer as tt
from theano_transfer.backends import _layout
from theano_transfer.backends._settings import LAYOUTS


@pytest.fixture(autouse=True)
def as_before(monkeypatch, tmp_path):
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path / "home"))
    yield
    tt.use("c")


def test_both_give_the_same(with_gradients, rng):
    x, w = T.tensor4("x"), T.tensor4("w")
    volumes, cubes = (T.TensorType("float32", (None,) * 5)() for _ in range(2))
    pads = ((1, 2), (0, 3))
    y = T.nnet.conv2d(x, w, border_mode=pads, subsample=(2, 1), num_groups=2)
    z = conv3d(volumes, cubes, border_mode=1, filter_dilation=(1, 2, 1))
    outputs = with_gradients(y, x, w) + with_gradients(z, volumes, cubes)
    shapes = (2, 4, 7, 6), (6, 2, 3, 2), (1, 2, 4, 5, 4), (3, 2, 2, 2, 3)
    values = [rng.normal(size=shape).astype("float32") for shape in shapes]

    def computed(layout):
        tt.use("jax", device="cpu", layout=layout)
        return theano.function([x, w, volumes, cubes], outputs)(*values)

    for one, other in zip(*map(computed, LAYOUTS)):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("times", "expected"), [((2.0, 1.0), LAYOUTS[1]), ((1.0, 2.0), LAYOUTS[0])]
)
def test_the_faster_one_is_taken(times, expected):
    trial, timed = _layout.Trial(), []
    for call in range(100):
        if trial.decided is not None:
            break
        seconds = dict(zip(LAYOUTS, times))[trial.layout] if trial.is_timed else None
        timed += [trial.layout] * trial.is_timed
        trial.add(seconds if call != _layout.WARM else 9.0)  # once something else was running
    assert trial.layout == expected
    assert timed == [layout for layout in LAYOUTS for _ in range(_layout.TRIALS)]
    assert call == _layout.WARM + 2 * _layout.TRIALS + 1  # and one that compiled


def test_measuring_is_training(monkeypatch, rng, tmp_path):
    """Each call does its step, whichever layout it is in; the result is kept for later programs."""
    monkeypatch.setattr(_layout, "WARM", 1)
    monkeypatch.setattr(_layout, "TRIALS", 1)
    images = rng.normal(size=(2, 3, 5, 5)).astype("float32")
    start = rng.normal(size=(4, 3, 3, 3)).astype("float32")

    def losses(calls, **how):
        tt.use("jax", device="cpu", **how)
        x, w = T.tensor4(), theano.shared(start)
        loss = (T.nnet.conv2d(x, w) ** 2).mean()
        step = theano.function([x], loss, updates=lasagne.updates.sgd(loss, [w], 0.1))
        return [step(images) for _ in range(calls)], step.vm

    expected, _ = losses(6, layout="channels_first")
    found, _ = losses(6)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    (layout,) = json.loads((tmp_path / "home" / "jax_layouts.json").read_text()).values()
    assert layout in LAYOUTS
    _, function = losses(2)
    (trial,) = function._layouts._trials.values()
    assert (trial.decided, trial.calls) == (layout, 1)


def test_what_cannot_be_read_or_written_is_measured_again(tmp_path):
    (tmp_path / "home").write_text("a file where a folder should be")
    assert _layout.remembered() == {}
    _layout._remember("key", LAYOUTS[1])
    (tmp_path / "home").unlink()
    (tmp_path / "home").mkdir()
    for text in ("not JSON", "[1, 2]", '{"key": "sideways"}'):
        (tmp_path / "home" / "jax_layouts.json").write_text(text)
        assert _layout.remembered() == {}
    _layout._remember("key", LAYOUTS[1])
    assert _layout.remembered() == {"key": LAYOUTS[1]}
