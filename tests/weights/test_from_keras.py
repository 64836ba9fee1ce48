"""Whole Keras models rebuilt, against Keras's own answers."""

import json

import h5py
import lasagne
import numpy as np
import pytest
import theano
from scipy.signal import convolve2d
from weights.keras_files import names, without_names, write_legacy
from weights.whole_models import every_layer, fill, pictures

import theano_transfer as tt
from theano_transfer.weights import WeightsFileError, export, from_keras


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def model(keras):
    rng = np.random.default_rng(0)
    model = every_layer(keras)
    fill(model, rng)
    return model


@pytest.fixture(scope="module")
def expected(model):
    x = pictures(np.random.default_rng(1))
    y = model.predict(x, verbose=0)
    assert np.ptp(y, axis=0).min() > 1e-3
    return x, y


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("keras") / "model.keras"
    model.save(path)
    return path


def answers(net, x):
    output = lasagne.layers.get_output(net.output, deterministic=True)
    return theano.function([net.input_var], output)(x.transpose(0, 3, 1, 2))


def test_every_layer_gives_the_answers_of_keras(saved, expected):
    x, y = expected
    net = from_keras(saved)
    np.testing.assert_allclose(answers(net, x), y, atol=1e-5)


@pytest.mark.parametrize("kind", ["h5", "before 3.6"])
def test_other_files_of_the_model_hold_the_same(model, kind, saved, tmp_path):
    net = from_keras(saved)
    if kind == "h5":
        path = tmp_path / "model.h5"
        model.save(path)
    else:
        path = without_names(saved, tmp_path / "model.keras")
    other = from_keras(path)
    assert list(other) == list(net)
    for name, param in net.params.items():
        np.testing.assert_array_equal(other.params[name].get_value(), param.get_value(), name)
    assert other["batch_normalization"].epsilon == net["batch_normalization"].epsilon


def test_what_was_rebuilt_goes_back_into_keras(model, saved, expected, tmp_path):
    x, y = expected
    net = from_keras(saved)
    for ending in (".weights.h5", ".h5"):
        export(net, tmp_path / f"back{ending}")
        fill(model, np.random.default_rng(2))
        assert np.abs(model.predict(x, verbose=0) - y).max() > 1e-3
        model.load_weights(tmp_path / f"back{ending}")
        np.testing.assert_allclose(model.predict(x, verbose=0), y, atol=1e-6)
