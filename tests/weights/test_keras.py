"""Keras files of every age that is read, into the same small network."""

import re

import h5py
import lasagne
import numpy as np
import pytest
import theano
from weights.keras_files import (
    in_theano_order,
    keras1_layers,
    keras2_layers,
    legacy_file,
    write_legacy,
    write_numbered,
)
from weights.network import assert_equal, small_network, values

import theano_transfer.zoo  # noqa: F401
from theano_transfer.weights import WeightsFileError, inspect, load


def test_keras_2(rng, tmp_path):
    layers = keras2_layers(rng)
    legacy_file(tmp_path / "a.h5", layers)
    net = small_network()
    report = load(net, tmp_path / "a.h5")
    assert_equal(net, in_theano_order(layers))
    assert set(report.loaded) == set(net.params)
    assert set(report.reordered) == {"conv.W", "dw.W", "fc.W"}
    assert "Keras 2" in str(report)


def test_keras_1_names_and_no_version(rng, tmp_path):
    """As the hosted ImageNet files: running_std holds the variance."""
    layers = keras2_layers(rng)
    legacy_file(tmp_path / "a.h5", keras1_layers(layers), version=None)
    net = small_network()
    assert "Keras 1" in str(load(net, tmp_path / "a.h5"))
    assert_equal(net, in_theano_order(layers))


def test_long_lists_of_layers_are_split(rng, tmp_path):
    layers = keras2_layers(rng)
    legacy_file(tmp_path / "a.h5", layers, split=2)
    net = small_network()
    load(net, tmp_path / "a.h5")
    assert_equal(net, in_theano_order(layers))


def test_whole_model_whose_configuration_is_hostile(rng, tmp_path):
    """The configuration names code; nobody looks at it."""
    layers = keras2_layers(rng)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["model_config"] = '{"class_name": "Lambda", "config": {"module": "os"}}'
        file.attrs["training_config"] = "not even JSON"
        write_legacy(file.create_group("model_weights"), layers)
        file["optimizer_weights/iteration:0"] = np.int64(7)
    net = small_network()
    load(net, tmp_path / "a.h5")
    assert_equal(net, in_theano_order(layers))


def test_a_model_used_as_a_layer(rng, tmp_path):
    """Its arrays are one group, trainable ones first, which freezing permutes: names decide."""
    layers = keras2_layers(rng)
    base = {**layers["dw"], **layers["bn"], **layers["conv"]}
    fc = {f"sequential/{name}": array for name, array in layers["fc"].items()}
    legacy_file(tmp_path / "a.h5", {"base": base, "flatten": {}, "fc": fc})
    net = small_network()
    load(net, tmp_path / "a.h5")
    assert_equal(net, in_theano_order(layers))


def test_keras_3_numbers(rng, tmp_path):
    layers = keras2_layers(rng)
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        write_numbered(file, layers)
        write_numbered(file.create_group("optimizer"), {"conv": layers["conv"]})
    net = small_network()
    load(net, tmp_path / "a.weights.h5")
    assert_equal(net, in_theano_order(layers))


def test_keras_3_numbers_without_names(rng, tmp_path):
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        write_numbered(file, keras2_layers(rng), named=False)
    with pytest.raises(WeightsFileError, match="no name"):
        load(small_network(), tmp_path / "a.weights.h5")


def test_half_and_double_precision(rng, tmp_path):
    layers = keras2_layers(rng)
    layers["conv"]["conv/kernel:0"] = layers["conv"]["conv/kernel:0"].astype("f8")
    layers["bn"]["bn/gamma:0"] = layers["bn"]["bn/gamma:0"].astype("f2")
    legacy_file(tmp_path / "a.h5", layers)
    net = small_network()
    load(net, tmp_path / "a.h5")
    assert_equal(net, in_theano_order(layers))
    assert net["conv"].W.get_value().dtype == np.float32


def test_compressed(rng, tmp_path):
    layers = keras2_layers(rng)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        write_legacy(file, {})
        for layer, arrays in layers.items():
            group = file.create_group(layer)
            for name, array in arrays.items():
                group.create_dataset(name, data=array, compression="gzip", shuffle=True)
    net = small_network()
    load(net, tmp_path / "a.h5")
    assert_equal(net, in_theano_order(layers))


def test_kernels_of_the_theano_backend_are_turned(rng, tmp_path):
    layers = keras2_layers(rng)
    del layers["fc"], layers["dw"]
    turned = {**layers, "conv": dict(layers["conv"])}
    turned["conv"]["conv/kernel:0"] = layers["conv"]["conv/kernel:0"][::-1, ::-1]
    legacy_file(tmp_path / "a.h5", turned, backend="theano")
    net = small_network(top=False)
    del net["dw"]
    load(net, tmp_path / "a.h5")
    expected = in_theano_order(keras2_layers(np.random.default_rng(0)))
    np.testing.assert_array_equal(net["conv"].W.get_value(), expected["conv.W"])


@pytest.mark.parametrize("top", [True, False])
def test_what_the_theano_backend_leaves_open_is_refused(rng, tmp_path, top):
    legacy_file(tmp_path / "a.h5", keras2_layers(rng), backend="theano")
    net = small_network(top=top)
    before = values(net)
    with pytest.raises(WeightsFileError, match="Theano backend"):
        load(net, tmp_path / "a.h5")
    assert_equal(net, before)


def test_kernels_in_theano_order_are_recognised(rng, tmp_path):
    layers = keras2_layers(rng)
    layers["conv"]["conv/kernel:0"] = layers["conv"]["conv/kernel:0"].transpose(3, 2, 0, 1)
    legacy_file(tmp_path / "a.h5", layers)
    with pytest.raises(ValueError, match="th_kernels"):
        load(small_network(), tmp_path / "a.h5")


def test_the_old_resnet50_is_named(tmp_path):
    kernel = np.ones((1, 1, 64, 64), "f4")
    legacy_file(
        tmp_path / "a.h5",
        {"res2a_branch2a": {"res2a_branch2a_W:0": kernel}},
        version=None,
    )
    with pytest.raises(WeightsFileError, match=re.escape("Keras before 2.2.3")):
        inspect(tmp_path / "a.h5")


def test_keras_before_1_is_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["nb_layers"] = 3
    with pytest.raises(WeightsFileError, match=re.escape("before 1.0")):
        inspect(tmp_path / "a.h5")


def test_tensorflow_2_13_is_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["_layer_checkpoint_dependencies/conv2d/vars/0"] = np.ones(3, "f4")
    with pytest.raises(WeightsFileError, match=re.escape("TensorFlow 2.12 to 2.15")):
        inspect(tmp_path / "a.h5")


def test_any_other_hdf5_file_says_what_it_holds(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["temperatures"] = np.ones(3, "f4")
    with pytest.raises(WeightsFileError, match="its root holds temperatures"):
        inspect(tmp_path / "a.h5")


def test_two_layers_of_one_name(rng, tmp_path):
    layers = keras2_layers(rng)
    base = {**layers["conv"], **layers["dw"]}
    legacy_file(tmp_path / "a.h5", {"base": base, "conv": layers["conv"]})
    with pytest.raises(WeightsFileError, match=r"two arrays are both 'conv\.\w'"):
        inspect(tmp_path / "a.h5")


def test_separable_convolutions_are_told_apart(rng, tmp_path):
    arrays = {
        "sep/depthwise_kernel:0": rng.standard_normal((3, 3, 4, 1), dtype="f4"),
        "sep/pointwise_kernel:0": rng.standard_normal((1, 1, 4, 5), dtype="f4"),
    }
    legacy_file(tmp_path / "a.h5", {"sep": arrays})
    assert set(inspect(tmp_path / "a.h5").arrays) == {"sep.W", "sep.pointwise"}


@pytest.fixture(scope="module")
def model():
    keras = pytest.importorskip("keras")
    rng = np.random.default_rng(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((9, 9, 3)),
            layers.Conv2D(4, (3, 2), name="conv"),
            layers.BatchNormalization(name="bn"),
            layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False, name="dw"),
            layers.Flatten(name="flatten"),
            layers.Dense(7, activation="softmax", name="fc"),
        ]
    )
    for variable in model.weights:
        variable.assign(rng.uniform(0.2, 1, variable.shape).astype("f4") / 8)
    return model


@pytest.mark.parametrize("suffix", [".h5", ".weights.h5", ".legacy.h5"])
def test_files_by_keras_itself_give_its_answers(model, suffix, rng, tmp_path):
    path = str(tmp_path / f"model{suffix}")
    if suffix == ".h5":
        model.save(path)
    elif suffix == ".weights.h5":
        model.save_weights(path)
    else:  # what save_weights('x.h5') of Keras 2 writes; Keras 3 keeps its code
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
    pictures = rng.standard_normal((4, 9, 9, 3), dtype="f4")
    net = small_network()
    load(net, path)
    output = lasagne.layers.get_output(net.output, deterministic=True)
    answer = theano.function([net.input_var], output)(pictures.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(answer, model.predict(pictures, verbose=0), atol=1e-6)


def test_names_with_slashes_are_later_written_with_underscores(rng, tmp_path):
    """Keras 2 calls a layer 'conv1/conv', which in HDF5 is a group in a group."""
    kernel = rng.standard_normal((3, 3, 4, 2), dtype="f4")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        write_legacy(file, {"conv1/conv": {"conv1/conv/kernel:0": kernel}, "bn": {}})
        assert "conv1/conv/conv1/conv/kernel:0" in file
    assert set(inspect(tmp_path / "a.h5").arrays) == {"conv1_conv.W"}
