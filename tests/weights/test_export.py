"""Files for other projects; that these read them, tests/weights/test_from_keras.py shows."""

import os

import h5py
import lasagne
import numpy as np
import pytest
from lasagne.layers import InputLayer, Layer
from weights.keras_files import keras2_layers, legacy_file
from weights.network import assert_equal, small_network, values

from theano_transfer.weights import WRITERS, WeightsError, convert, export, load, read, save


class Scaled(Layer):
    """A layer with a parameter that Keras knows nothing of."""

    def __init__(self, incoming, **kwargs):
        super().__init__(incoming, **kwargs)
        self.scale = self.add_param(lasagne.init.Constant(2.0), (), name="scale")


def filled(rng):
    net = small_network()
    for param in net.params.values():
        param.set_value(rng.random(param.get_value().shape, dtype="f4"))
    return net


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_what_is_written_is_read_again(writer, rng, tmp_path):
    net = filled(rng)
    report = export(net, tmp_path / f"a{writer.endings[0]}")
    assert report.num_parameters == net.num_parameters
    assert f"{net.num_parameters:,} parameters" in str(report)
    other = small_network()
    load(other, tmp_path / f"a{writer.endings[0]}")
    assert_equal(other, values(net))
    export(net, tmp_path / "b", format=writer.name)
    assert os.path.getsize(tmp_path / "b") > 4 * net.num_parameters


def test_keras_2_gets_what_it_wrote(rng, tmp_path):
    """Names, order and attributes, as in a file by hand."""
    layers = keras2_layers(rng)
    legacy_file(tmp_path / "a.h5", layers)
    net = small_network()
    load(net, tmp_path / "a.h5")
    export(net, tmp_path / "b.h5")
    with h5py.File(tmp_path / "b.h5") as file:
        assert list(file.attrs["layer_names"]) == [b"conv", b"bn", b"dw", b"fc"]
        for layer in ("conv", "bn", "dw", "fc"):
            names = [name.decode() for name in file[layer].attrs["weight_names"]]
            assert names == list(layers[layer])
            for name in names:
                np.testing.assert_array_equal(file[layer][name], layers[layer][name])


def test_long_lists_of_names_are_split(tmp_path):
    x = InputLayer((None, 2))
    for number in range(70):
        x = lasagne.layers.DenseLayer(x, 2, name=f"{number}_{'x' * 1000}")
    export(x, tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert {"layer_names0", "layer_names1"} < set(file.attrs)
    load(x, tmp_path / "a.h5")


@pytest.mark.parametrize("format", ["keras", "keras-h5"])
def test_what_keras_does_not_know_is_named_and_nothing_written(format, tmp_path):
    layer = Scaled(InputLayer((None, 3)), name="odd")
    with pytest.raises(WeightsError, match=r"a Scaled \(odd\) has parameters and no counterpart"):
        export(layer, tmp_path / "a", format=format)
    assert os.listdir(tmp_path) == []


def test_formats_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"format is one of keras, .*; received 'caffe'"):
        export(small_network(), tmp_path / "a", format="caffe")
    with pytest.raises(ValueError, match=r"tells no format \(\.weights\.h5, "):
        export(small_network(), tmp_path / "a.model")


def test_converted_into_another_format(rng, tmp_path):
    net = filled(rng)
    save(net, tmp_path / "a.h5")
    report = convert(tmp_path / "a.h5", tmp_path / "b", small_network(), format="keras")
    assert report.num_parameters == net.num_parameters
    convert(tmp_path / "b", tmp_path / "c.h5", small_network())
    stored = read(tmp_path / "c.h5")
    assert_equal(net, {name.replace("/", "."): array for name, array in stored.items()})
