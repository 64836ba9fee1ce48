"""Looking into files."""

import numpy as np
from weights.keras_files import keras2_layers, legacy_file

from theano_transfer.weights import fetch, inspect, write


def test_our_own_layout(tmp_path):
    arrays = {"conv/W": np.ones((4, 3, 2, 2), "f4"), "optimizer/t": np.float64(3)}
    write(tmp_path / "a.h5", arrays, {"model": "vgg16", "classes": ["a", "b"]})
    summary = inspect(tmp_path / "a.h5")
    assert summary.kind == "theano_transfer weights"
    assert dict(summary.arrays) == {
        "conv.W": ((4, 3, 2, 2), "float32"),
        "optimizer.t": ((), "float64"),
    }
    assert summary.attributes == {"model": "vgg16", "classes": ["a", "b"]}
    assert summary.num_parameters == 49
    text = str(summary)
    assert "model: vgg16" in text
    assert "conv.W       float32  4 x 3 x 2 x 2" in text
    assert "optimizer.t  float64  scalar" in text
    assert "2 arrays, 49 numbers" in text


def test_a_keras_file(rng, tmp_path):
    legacy_file(tmp_path / "a.h5", keras2_layers(rng))
    summary = inspect(tmp_path / "a.h5")
    assert summary.kind == "Keras 2 weights"
    assert summary.arrays["conv.W"] == ((3, 2, 3, 4), "float32")


def test_texts_from_the_file_do_not_command_the_terminal(tmp_path):
    write(tmp_path / "a.h5", {"conv/W": np.ones(1, "f4")}, {"note\x1b[2J": "\x1b[31mred\n" * 50})
    text = str(inspect(tmp_path / "a.h5"))
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text
    assert max(len(line) for line in text.splitlines()[1:]) < 300


def test_the_file_that_ships():
    summary = inspect(fetch("efficientnet_lite0"))
    assert summary.num_parameters == 4_694_024
