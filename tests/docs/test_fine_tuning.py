"""The Python of docs/fine_tuning.md runs, block by block, on a small network and few pictures."""

import functools
import re
from pathlib import Path

import h5py
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from tuning.conftest import SIZE, interpreted, make_small_net  # noqa: F401 - a fixture

import theano_transfer as tt

PAGE = Path(__file__).parents[2] / "docs" / "fine_tuning.md"
CLASSES = ["a", "b", "c", "d", "e"]
# What would take long, and what stands for it here.
SMALLER = (
    (r"'efficientnet_lite0', classes=5, in_channels=(\d)", r"small(channels=\1), classes=5"),
    (r"'efficientnet_lite0'", "small()"),
    (r"tt\.zoo\.build\(name, .*?\)", "small(len(name))"),
    (r"tt\.Model\(\.\.\.", "tt.Model(small(), classes=5"),
    (r"\bepochs=\d+", "epochs=1, batch_size=8, verbose=False"),
    (r"lr_find\(train", "lr_find(train, steps=5"),
    (r"'block5\*'", "'block2*'"),
    (r"tifffile\.imread", "np.load"),
)


def blocks():
    """(line of the page, Python) of each block."""
    text = PAGE.read_text("utf-8")
    for found in re.finditer(r"```python\n(.*?)```", text, re.DOTALL):
        code = found.group(1)
        for pattern, smaller in SMALLER:
            code = re.sub(pattern, smaller, code)
        yield text.count("\n", 0, found.start()) + 2, code


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What the page takes for granted, and the files that it reads."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    labels = np.arange(15, dtype="int32") % 5
    pixels = rng.integers(0, 256, (15, 3, SIZE, SIZE), dtype=np.uint8)
    np.save("x.npy", pixels)
    with h5py.File("x.h5", "w") as file:
        file["images"], file["labels"] = pixels, labels
    for name in "ab":
        (tmp_path / "scenes" / name).mkdir(parents=True)
        np.save(tmp_path / "scenes" / name / "1.npy", np.zeros((4, 4, 4), np.uint8))
    data = tt.images.ArrayData(pixels, labels, classes=CLASSES)
    train, valid, _ = data.split(validation=0.34)
    net = make_small_net()
    x, y = net["input"].input_var, T.ivector("y")
    top = lasagne.layers.DenseLayer(net.output, 5, nonlinearity=lasagne.nonlinearities.softmax)
    loss = lasagne.objectives.categorical_crossentropy(lasagne.layers.get_output(top), y).mean()
    model = tt.Model(make_small_net(), classes=CLASSES)
    usual = {
        "tt": tt, "np": np, "theano": theano, "lasagne": lasagne, "functools": functools,
        "small": make_small_net, "net": net, "loss": loss, "x": x, "y": y,
        "data": data, "train": train, "valid": valid, "model": model,
        "kinds": np.eye(5, dtype="float32")[labels], "ages": labels.astype("float32"),
    }  # fmt: skip
    return usual, {"x": pixels, "y": labels}


@pytest.mark.slow
@pytest.mark.usefixtures("interpreted")
def test_every_block_of_the_page_runs(names):
    usual, arrays = names
    for line, code in blocks():
        known = {**usual, **(arrays if "theano.function" not in code else {})}
        exec(compile("\n" * (line - 1) + code, str(PAGE), "exec"), known)
        usual.update({name: known[name] for name in known if name not in usual})
    assert Path("rates.png").exists()
    assert Path("run/best.h5").exists()
    assert usual["answers"]["age"].shape == (15, 1)
