"""What is built on compiled functions works with JAX and gives the same."""

import jax
import lasagne
import numpy as np
import pytest
import theano

import theano_transfer as tt
from theano_transfer import backends
from theano_transfer.backends._function import DeviceFunction

# The other side computes in NumPy: compiling it would take longer than all of this.
pytestmark = pytest.mark.filterwarnings("ignore::theano_transfer.kernels.SlowPathWarning")


@pytest.fixture(autouse=True)
def as_before():
    yield
    tt.use("c")


def results(pictures, make_net):
    """What a model predicts before and after training, its losses and its features."""
    x, y = pictures
    model = tt.Model(make_net(), classes=3, head=["avg"], seed=0)
    model.unfreeze("block2", batch_norm=True)
    model.compile("momentum", learning_rate=0.02)
    before = model.predict(x)
    history = model.fit(x, y, epochs=2, batch_size=8, seed=1, verbose=False)
    features = tt.FeatureExtractor(model.net, layer="block2_pool", batch_size=12).transform(x)
    measured = model.evaluate(x, y)
    return before, history.history["loss"], model.predict(x), features, measured["loss"]


def test_model_and_features(pictures, make_net):
    with theano.config.change_flags(cxx=""):
        expected = results(pictures, make_net)
    tt.use("jax", device="cpu")
    for found, other in zip(results(pictures, make_net), expected):
        np.testing.assert_allclose(found, other, rtol=1e-3, atol=1e-4)


def test_training_transfers_a_batch_before_it_asks_for_the_loss(pictures, make_net, monkeypatch):
    x, y = pictures
    tt.use("jax", device="cpu")
    model = tt.Model(make_net(), classes=3, head=["avg"], seed=0)
    model.unfreeze("all")
    model.compile("sgd")
    log, put, read = [], jax.device_put, DeviceFunction.read

    def watched_put(value, *args, **kwargs):
        if value.shape == (4, *x.shape[1:]):
            log.append("put")
        return put(value, *args, **kwargs)

    def watched_read(function, result):
        log.append("read")
        return read(function, result)

    monkeypatch.setattr(jax, "device_put", watched_put)
    monkeypatch.setattr(DeviceFunction, "read", watched_read)
    model.fit(x[:16], y[:16], epochs=1, batch_size=4, verbose=False)
    results = log.count("read") // 4  # of a step
    reads = ["read"] * results
    assert log == ["put", "put", *reads, "put", *reads, "put", *reads, *reads]


def test_networks_of_the_zoo(slowly, rng):
    net = tt.zoo.build(
        "mobilenet_v2", weights=None, include_top=False, input_shape=(3, 32, 32), alpha=0.35
    )
    maps = lasagne.layers.get_output(net["block_2_add"], deterministic=True)
    images = rng.normal(size=(2, 3, 32, 32)).astype("float32")
    one, other = (theano.function([net.input_var], maps, mode=m) for m in ("JAX", slowly))
    np.testing.assert_allclose(one(images), other(images), rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_command_line(emoji_pictures, tmp_path, capfd):
    from theano_transfer.cli import main

    output = tmp_path / "model.h5"
    arguments = ["finetune", str(emoji_pictures), "--size", "32", "--epochs", "1"]
    arguments += ["--unfreeze", "none", "--quiet", "--device", "jax", "--output", str(output)]
    assert main(arguments) == 0
    assert backends.backend() == "jax"
    picture = next(emoji_pictures.glob("*/*.png"))
    assert main(["predict", str(output), str(picture), "--device", "jax"]) == 0
    found = capfd.readouterr().out
    tt.use("c")
    with theano.config.change_flags(cxx=""):
        assert main(["predict", str(output), str(picture)]) == 0
    assert capfd.readouterr().out in found
    assert main(["doctor", "--no-speed", "--device", "jax"]) in (0, 1)
    said = capfd.readouterr().out
    assert "JAX (float32)" in said
    assert main(["predict", "model.h5", "x.png", "--device", "abacus"]) == 2
    assert "'cuda'" in capfd.readouterr().err
