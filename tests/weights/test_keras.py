"""Keras files of every age that is read, into the same small network."""

import json
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
    remove_names,
    write_legacy,
    write_numbered,
)
from weights.network import assert_equal, small_network, values

from theano_transfer import zoo
from theano_transfer.weights import (
    WeightsFileError,
    WeightsMismatchError,
    convert,
    inspect,
    load,
    read,
    save,
)


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


@pytest.mark.parametrize("scope", ["layers", "_layer_checkpoint_dependencies"])
def test_keras_3_numbers_without_names(rng, tmp_path, scope):
    """Keras 3.0 to 3.5, TensorFlow 2.12 and 2.13: layers of a class are in the model's order."""
    layers = keras2_layers(rng)
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        write_numbered(file, layers, named=False, scope=scope)
    net = small_network()
    report = load(net, tmp_path / "a.weights.h5")
    assert_equal(net, in_theano_order(layers))
    assert "matched by the order of layers of a class" in str(report)


def test_the_top_of_a_file_without_names_may_be_left_out(rng, tmp_path):
    layers = keras2_layers(rng)
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        write_numbered(file, layers, named=False)
    net = small_network(top=False)
    report = load(net, tmp_path / "a.weights.h5")
    expected = in_theano_order(layers)
    assert_equal(net, {name: expected[name] for name in net.params})
    assert report.skipped == ("layers/dense.0", "layers/dense.1")


def test_layers_without_names_in_two_models_have_no_order(rng, tmp_path):
    layers = keras2_layers(rng)
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        write_numbered(file, layers, named=False)
        write_numbered(
            file.create_group("layers/functional"), {"conv": layers["conv"]}, named=False
        )
    with pytest.raises(WeightsMismatchError, match="layers/functional/conv2d"):
        load(small_network(), tmp_path / "a.weights.h5")


def test_states_of_random_numbers_are_no_weights(rng, tmp_path):
    layers = keras2_layers(rng)
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        write_numbered(file, layers)
        file["layers/dropout/seed_generator/vars/0"] = np.array([1, 2], "u4")
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


def in_the_order_of_keras_1_on_theano(layers):
    """(out, in, row, column), turned; a dense layer got (channel, row, column)."""
    layers = {layer: dict(arrays) for layer, arrays in layers.items() if layer != "dw"}
    kernel = layers["conv"]["conv/kernel:0"]
    layers["conv"]["conv/kernel:0"] = kernel.transpose(3, 2, 0, 1)[:, :, ::-1, ::-1]
    return keras1_layers(layers)


@pytest.mark.parametrize("backend", [None, "theano", "tensorflow"])
def test_keras_1_with_theanos_order_of_axes(rng, tmp_path, backend):
    """The '_th_kernels' files are from Theano; they do not say so."""
    layers = keras2_layers(rng)
    layers["fc"]["fc/kernel:0"] = rng.standard_normal((7 * 8 * 4, 7), dtype="f4")
    legacy_file(tmp_path / "a.h5", in_the_order_of_keras_1_on_theano(layers), version=None)
    net = small_network(depthwise=False)
    report = load(net, tmp_path / "a.h5", backend=backend)
    kernel = layers["conv"]["conv/kernel:0"].transpose(3, 2, 0, 1)
    if backend == "tensorflow":
        kernel = kernel[:, :, ::-1, ::-1]
    np.testing.assert_array_equal(net["conv"].W.get_value(), kernel)
    np.testing.assert_array_equal(net["fc"].W.get_value(), layers["fc"]["fc/kernel:0"])
    assert ("turned by 180 degrees: conv.W" in str(report)) == (backend != "tensorflow")


def test_a_backend_that_there_is_not_or_not_here(rng, tmp_path):
    legacy_file(tmp_path / "a.h5", keras2_layers(rng))
    with pytest.raises(ValueError, match="one of theano, tensorflow; received 'cntk'"):
        load(small_network(), tmp_path / "a.h5", backend="cntk")
    with pytest.raises(ValueError, match="ran on 'tensorflow', not on 'theano'"):
        load(small_network(), tmp_path / "a.h5", backend="theano")


def test_kernels_in_theano_order_are_recognised(rng, tmp_path):
    layers = keras2_layers(rng)
    layers["conv"]["conv/kernel:0"] = layers["conv"]["conv/kernel:0"].transpose(3, 2, 0, 1)
    legacy_file(tmp_path / "a.h5", layers)
    with pytest.raises(ValueError, match="th_kernels"):
        load(small_network(), tmp_path / "a.h5")


def test_the_names_and_the_epsilon_of_the_old_resnet50(rng, tmp_path):
    kernels = {
        "conv1": ("conv1_conv", (7, 7, 3, 64)),
        "res2a_branch2a": ("conv2_block1_1_conv", (1, 1, 64, 64)),
        # These two have the same shape and changed places.
        "res2a_branch2c": ("conv2_block1_3_conv", (1, 1, 64, 256)),
        "res2a_branch1": ("conv2_block1_0_conv", (1, 1, 64, 256)),
        "res5c_branch2b": ("conv5_block3_2_conv", (3, 3, 512, 512)),
    }
    layers = {
        old: {f"{old}_W:0": rng.standard_normal(shape, dtype="f4")}
        for old, (_, shape) in kernels.items()
    }
    variance = {"bn2a_branch1_running_std:0": rng.random(256, dtype="f4")}
    legacy_file(tmp_path / "a.h5", {**layers, "bn2a_branch1": variance}, version=None)
    net = zoo.resnet50(include_top=False)
    report = load(net, tmp_path / "a.h5", strict=False)
    for old, (new, _) in kernels.items():
        kernel = layers[old][f"{old}_W:0"].transpose(3, 2, 0, 1)
        np.testing.assert_array_equal(net[new].W.get_value(), kernel)
    assert net["conv2_block1_0_bn"].epsilon == 1e-3
    assert net["conv2_block1_1_bn"].epsilon == 1.001e-5  # the file has none of it
    assert "epsilon 0.001 as in the file, not 1.001e-05: conv2_block1_0_bn" in str(report)
    assert "by the names of the ResNet50 of Keras before 2.2.3" in str(report)


def test_the_inception_v3_of_another_architecture_is_refused_by_name(tmp_path):
    layers = {}
    for number in range(1, 95):
        conv, norm = f"convolution2d_{number}", f"batchnormalization_{number}"
        layers[conv] = {
            f"{conv}_W:0": np.ones((1, 1, 2, 2), "f4"),
            f"{conv}_b:0": np.ones(2, "f4"),
        }
        layers[norm] = {
            f"{norm}_{role}:0": np.ones(2, "f4")
            for role in ("gamma", "beta", "running_mean", "running_std")
        }
    legacy_file(tmp_path / "a.h5", layers, version=None)
    with pytest.raises(WeightsFileError, match=r"InceptionV3 of Keras before 2\.0"):
        inspect(tmp_path / "a.h5")


def test_the_first_names_of_mobilenet_v2(rng, tmp_path):
    names = {
        "mobl0_conv_0_depthwise": "expanded_conv_depthwise",
        "mobl3_conv_3_expand": "block_3_expand",
        "bn3_conv_3_bn_expand": "block_3_expand_BN",
    }
    net = zoo.mobilenet_v2(include_top=False)
    shapes = {new: net[new].params for new in names.values()}
    assert all(shapes.values())
    bn = {f"bn3_conv_3_bn_expand/{role}:0": rng.random(144, dtype="f4") for role in ("gamma",)}
    legacy_file(tmp_path / "a.h5", {"mobl1_conv_1_x": {}, "bn3_conv_3_bn_expand": bn})
    load(net, tmp_path / "a.h5", strict=False)
    np.testing.assert_array_equal(net["block_3_expand_BN"].gamma.get_value(), *bn.values())


def test_other_names_in_the_same_order(rng, tmp_path):
    layers = keras2_layers(rng)
    other = {
        f"my_{layer}": {name.replace(layer, f"my_{layer}"): array for name, array in arrays.items()}
        for layer, arrays in layers.items()
    }
    legacy_file(tmp_path / "a.h5", other)
    net = small_network()
    report = load(net, tmp_path / "a.h5")
    assert_equal(net, in_theano_order(layers))
    assert "matched by position" in str(report)

    other["my_conv"], other["my_fc"] = other["my_fc"], other["my_conv"]
    legacy_file(tmp_path / "b.h5", dict(sorted(other.items(), reverse=True)))
    with pytest.raises(WeightsMismatchError, match="my_conv"):
        load(net, tmp_path / "b.h5")
    assert_equal(net, in_theano_order(layers))


def test_epsilon_of_a_whole_model_is_kept_through_every_file(rng, tmp_path):
    config = {
        "class_name": "Sequential",
        "config": [{"class_name": "BatchNormalization", "config": {"name": "bn", "epsilon": 0.25}}],
    }
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        write_legacy(file.create_group("model_weights"), keras2_layers(rng))
    convert(tmp_path / "a.h5", tmp_path / "b.h5", small_network())
    for path in (tmp_path / "a.h5", tmp_path / "b.h5"):
        net = small_network()
        assert load(net, path).epsilon == {"bn": (1e-3, 0.25)}
        assert net["bn"].epsilon == 0.25
    save(net, tmp_path / "c.h5")
    assert read(tmp_path / "c.h5").attributes["epsilon"] == 0.25


@pytest.mark.parametrize("epsilon", ['"small"', '{"bn": "small"}', "[1]"])
def test_an_epsilon_that_makes_no_sense(tmp_path, epsilon):
    save(small_network(), tmp_path / "a.h5", attributes={"epsilon": json.loads(epsilon)})
    with pytest.raises(WeightsFileError, match="makes no sense"):
        load(small_network(), tmp_path / "a.h5")


def test_an_epsilon_too_small_for_theano(tmp_path):
    save(small_network(), tmp_path / "a.h5", attributes={"epsilon": {"bn": 1e-7}})
    net = small_network()
    before = values(net)
    with pytest.raises(WeightsMismatchError, match="'bn' is 1e-07"):
        load(net, tmp_path / "a.h5")
    assert_equal(net, before)


def test_keras_before_1_is_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["nb_layers"] = 3
    with pytest.raises(WeightsFileError, match=re.escape("before 1.0")):
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


def nested(model):
    """The model with all but its last layer as a model of its own."""
    import keras

    base = keras.Sequential(model.layers[:-1], name="base")
    return keras.Sequential([keras.Input((9, 9, 3)), base, model.layers[-1]])


@pytest.mark.parametrize("make", [lambda model: model, nested])
@pytest.mark.parametrize(
    "suffix", [".h5", ".weights.h5", ".legacy.h5", ".unnamed.weights.h5", ".keras"]
)
def test_files_by_keras_itself_give_its_answers(model, make, suffix, rng, tmp_path):
    model = make(model)
    path = str(tmp_path / f"model{suffix}")
    if suffix in (".h5", ".keras"):
        model.save(path)
    elif suffix.endswith(".weights.h5"):
        model.save_weights(path)
        if "unnamed" in suffix:
            remove_names(path)
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
