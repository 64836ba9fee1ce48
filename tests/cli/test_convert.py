import json

import h5py
import numpy as np
import pytest
from weights.keras_files import keras2_layers, legacy_file

from theano_transfer import weights, zoo


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory):
    """VGG16 without its top, in the layout of Keras 2's save_weights, with Keras's axis order."""
    path = tmp_path_factory.mktemp("keras") / "vgg16_notop.h5"
    rng = np.random.default_rng(0)
    net = zoo.vgg16(include_top=False, input_shape=(3, 32, 32))
    kernels = {}
    with h5py.File(path, "w") as file:
        names = [name for name in net if "conv" in name]
        file.attrs["layer_names"] = [name.encode() for name in names]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.1.3"
        for name in names:
            out, into, rows, columns = net[name].W.get_value(borrow=True).shape
            kernel = rng.standard_normal((rows, columns, into, out), dtype=np.float32)
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()]
            group.create_dataset(f"{name}/kernel:0", data=kernel)
            group.create_dataset(f"{name}/bias:0", data=np.zeros(out, np.float32))
            kernels[name] = kernel
    return path, kernels


def test_a_keras_file_becomes_one_of_ours(keras_file, tmp_path, run):
    source, kernels = keras_file
    target = tmp_path / "vgg16.h5"
    status, out, _ = run("convert", source, target, "--model", "vgg16")
    assert status == 0
    assert str(target) in out
    converted = weights.read(target)
    assert converted.attributes["model"] == "vgg16"
    for name, kernel in kernels.items():
        np.testing.assert_array_equal(converted[f"{name}/W"], kernel.transpose(3, 2, 0, 1))


def test_the_wrong_network_is_refused_and_nothing_written(keras_file, tmp_path, run):
    target = tmp_path / "vgg19.h5"
    status, _, err = run("convert", keras_file[0], target, "--model", "vgg19")
    assert status == 1
    assert "block5_conv4" in err
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_hash_is_refused(keras_file, tmp_path, run):
    target = tmp_path / "vgg16.h5"
    arguments = ("convert", keras_file[0], target, "--model", "vgg16", "--hash", "md5:" + "0" * 32)
    status, _, err = run(*arguments)
    assert status == 1
    assert "md5" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["0" * 32, "crc32:00", "md5:xyz"])
def test_a_hash_has_a_form(value, keras_file, tmp_path, run):
    status, _, err = run(
        "convert", keras_file[0], tmp_path / "x.h5", "--model", "vgg16", "--hash", value
    )
    assert status == 2
    assert "md5:HEX" in err


def test_an_unknown_network_is_named_with_the_known(keras_file, tmp_path, run):
    status, _, err = run("convert", keras_file[0], tmp_path / "x.h5", "--model", "vgg61")
    assert status == 1
    assert "'vgg61'" in err
    assert "vgg16" in err


def test_the_record_is_json_that_inspect_shows(keras_file, tmp_path, run):
    target = tmp_path / "vgg16.h5"
    run("convert", keras_file[0], target, "--model", "vgg16")
    _, out, _ = run("inspect", target, "--brief")
    assert "source_sha256" in out
    assert json.dumps(weights.read(target).attributes)


def test_into_keras_and_back(keras_file, tmp_path, run):
    """What is ours names its network itself."""
    source, kernels = keras_file
    ours, theirs = tmp_path / "ours.h5", tmp_path / "theirs"
    run("convert", source, ours, "--model", "vgg16")
    status, out, _ = run("convert", ours, theirs, "--to", "keras")
    assert status == 0
    assert str(theirs) in out
    with h5py.File(theirs) as file:
        names = {file[f"layers/{group}/vars"].attrs["name"]: group for group in file["layers"]}
        assert names["block1_conv1"] == "conv2d"
        for name, kernel in kernels.items():
            np.testing.assert_array_equal(file[f"layers/{names[name]}/vars/0"], kernel)


def test_the_network_is_found_out_by_the_arrays(keras_file, tmp_path, run):
    status, out, _ = run("convert", keras_file[0], tmp_path / "x.h5")
    assert status == 0
    assert "recognised by the shapes of its arrays: vgg16\n" in out


def test_a_file_that_nobody_knows(tmp_path, run, rng):
    legacy_file(tmp_path / "a.h5", keras2_layers(rng))
    status, _, err = run("convert", tmp_path / "a.h5", tmp_path / "x.h5")
    assert status == 1
    assert "of no network that is known" in err
    assert "--model" in err


def test_an_unknown_format_is_named_with_the_known(keras_file, tmp_path, run):
    status, _, err = run("convert", keras_file[0], tmp_path / "x", "--to", "caffe")
    assert status == 1
    assert "keras-h5" in err


def test_a_network_with_an_argument(run, tmp_path, undrawn):
    net = zoo.mobilenet(alpha=0.25, classes=5, weights=None)
    kernel = net["conv1"].W
    kernel.set_value(kernel.get_value() + 1)  # a file of nothing but zeros is refused
    weights.export(net, tmp_path / "a.weights.h5")
    arguments = (tmp_path / "a.weights.h5", tmp_path / "b.h5", "--model", "mobilenet", "--with")
    status, _, err = run("convert", *arguments, "style=keras")
    assert status == 1
    assert "mobilenet takes no argument 'style'" in err
    status, out, _ = run("convert", *arguments, "alpha=0.25")
    assert status == 0
    assert f"{net.num_parameters:,} parameters" in out
