"""Other files into our own layout."""

import hashlib
import os
import tracemalloc

import h5py
import lasagne
import numpy as np
import pytest
from weights.keras_files import in_theano_order, keras2_layers, legacy_file
from weights.network import small_network
from weights.torch_files import lite0_state, write_torch

from theano_transfer import zoo
from theano_transfer.weights import (
    WeightsError,
    WeightsFileError,
    WeightsMismatchError,
    convert,
    export,
    load,
    read,
    save,
)
from theano_transfer.weights._hdf5_write import CHUNK_BYTES

WIDE = 40_000


def test_a_keras_file(rng, tmp_path):
    layers = keras2_layers(rng)
    legacy_file(tmp_path / "a.h5", layers)
    report = convert(
        tmp_path / "a.h5", tmp_path / "b.h5", small_network(), attributes={"licence": "MIT"}
    )
    weights = read(tmp_path / "b.h5")
    expected = in_theano_order(layers)
    assert list(weights) == [name.replace(".", "/") for name in small_network().params]
    for name, array in expected.items():
        np.testing.assert_array_equal(weights[name.replace(".", "/")], array)
    content = (tmp_path / "a.h5").read_bytes()
    assert weights.attributes == {
        "model": "small",
        "preprocessing": "tf",
        "input_size": 16,
        "epsilon": 0.001,
        "source_file": "a.h5",
        "source_sha256": hashlib.sha256(content).hexdigest(),
        "licence": "MIT",
    }
    assert report.attributes == weights.attributes
    assert report.num_parameters == weights.num_parameters
    text = str(report)
    assert "9 arrays loaded" in text
    assert "reordered, kernel (r, c, in, out) -> (out, in, r, c): conv.W" in text
    assert f"b.h5 written: {weights.num_parameters:,} parameters" in text


def test_onto_itself(rng, tmp_path):
    layers = keras2_layers(rng)
    legacy_file(tmp_path / "a.h5", layers)
    convert(tmp_path / "a.h5", tmp_path / "a.h5", small_network())
    net = small_network()
    load(net, tmp_path / "a.h5")
    np.testing.assert_array_equal(net["fc"].W.get_value(), in_theano_order(layers)["fc.W"])
    assert os.listdir(tmp_path) == ["a.h5"]


def test_our_own_layout_is_copied_with_its_record(rng, tmp_path):
    save(small_network(), tmp_path / "a.h5", attributes={"classes": list("abcdefg")})
    convert(tmp_path / "a.h5", tmp_path / "b.h5", small_network())
    first, second = read(tmp_path / "a.h5"), read(tmp_path / "b.h5")
    for name, array in first.items():
        np.testing.assert_array_equal(second[name], array)
    assert first.attributes.items() <= second.attributes.items()


@pytest.fixture
def narrow(undrawn, tmp_path):
    net = zoo.mobilenet(alpha=0.25, classes=5, weights=None)
    net.params["conv1.W"].set_value(np.random.default_rng(0).normal(size=(8, 3, 3, 3)).astype("f4"))
    return net


def test_a_network_of_another_width(narrow, tmp_path):
    """Its arguments are said once; files of ours remember them."""
    export(narrow, tmp_path / "a.weights.h5")
    with pytest.raises(WeightsMismatchError, match=r"another width \(alpha=\)"):
        convert(tmp_path / "a.weights.h5", tmp_path / "b.h5", "mobilenet")
    convert(tmp_path / "a.weights.h5", tmp_path / "b.h5", "mobilenet", arguments={"alpha": 0.25})
    assert read(tmp_path / "b.h5").attributes["arguments"]["alpha"] == 0.25
    convert(tmp_path / "b.h5", tmp_path / "c.h5", format="keras-h5")
    again = zoo.mobilenet(alpha=0.25, classes=5, weights=tmp_path / "c.h5")
    np.testing.assert_array_equal(again["conv1"].W.get_value(), narrow["conv1"].W.get_value())


def test_arguments_are_those_of_a_named_network(narrow, tmp_path):
    save(narrow, tmp_path / "a.h5")
    for model in (None, narrow):
        with pytest.raises(ValueError, match=r"alpha=0.25: of which network\?"):
            convert(tmp_path / "a.h5", tmp_path / "b.h5", model, arguments={"alpha": 0.25})
    with pytest.raises(ValueError, match="resnet50 takes no argument 'alpha'; of its own it has"):
        convert(tmp_path / "a.h5", tmp_path / "b.h5", "resnet50", arguments={"alpha": 0.25})


@pytest.mark.parametrize("arguments", [{"alpha": 1e6}, {"alpha": "0.25"}, {"bad": 1}, [0.25], 3])
def test_a_file_does_not_choose_what_is_built(arguments, narrow, tmp_path):
    save(narrow, tmp_path / "a.h5", attributes={"arguments": arguments})
    with pytest.raises(WeightsMismatchError, match="does not fit the network"):
        convert(tmp_path / "a.h5", tmp_path / "b.h5")


def test_a_wrong_file_writes_nothing(rng, tmp_path):
    layers = keras2_layers(rng)
    del layers["bn"]
    legacy_file(tmp_path / "a.h5", layers)
    (tmp_path / "b.h5").write_bytes(b"old")
    with pytest.raises(WeightsMismatchError, match=r"bn\.gamma"):
        convert(tmp_path / "a.h5", tmp_path / "b.h5", small_network())
    assert (tmp_path / "b.h5").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["a.h5", "b.h5"]


def test_a_hash_that_was_checked_is_kept(rng, tmp_path):
    """MD5 is what Keras publishes; nothing else asks for it."""
    legacy_file(tmp_path / "a.h5", keras2_layers(rng))
    md5 = hashlib.md5((tmp_path / "a.h5").read_bytes(), usedforsecurity=False).hexdigest()
    report = convert(
        tmp_path / "a.h5", tmp_path / "b.h5", small_network(), known_hash=f"md5:{md5.upper()}"
    )
    assert report.attributes["source_md5"] == md5


def test_a_wrong_hash_writes_nothing(rng, tmp_path):
    legacy_file(tmp_path / "a.h5", keras2_layers(rng))
    with pytest.raises(WeightsFileError, match="expected 00"):
        convert(tmp_path / "a.h5", tmp_path / "b.h5", small_network(), known_hash="md5:00")
    assert os.listdir(tmp_path) == ["a.h5"]


@pytest.mark.parametrize("classes", [None, 5])
def test_by_name_the_top_and_the_classes_are_found_in_the_file(classes, rng, tmp_path):
    state = lite0_state(rng)
    if classes is None:
        del state["_fc.weight"], state["_fc.bias"]
    else:
        state["_fc.weight"] = state["_fc.weight"][:classes].copy()
        state["_fc.bias"] = state["_fc.bias"][:classes].copy()
    write_torch(tmp_path / "a.pth", state)
    convert(tmp_path / "a.pth", tmp_path / "a.h5", "efficientnet_lite0")
    weights = read(tmp_path / "a.h5")
    if classes is None:
        assert "predictions/W" not in weights
        net = zoo.efficientnet_lite0(weights=tmp_path / "a.h5", include_top=False)
    else:
        assert weights["predictions/W"].shape == (1280, classes)
        net = zoo.efficientnet_lite0(weights=tmp_path / "a.h5", classes=classes)
    np.testing.assert_array_equal(net["stem_conv"].W.get_value(), state["_conv_stem.weight"])


def test_arrays_of_a_network_that_nobody_named(rng, tmp_path):
    write_torch(tmp_path / "a.pth", {"head.weight": rng.standard_normal((2, 2))})
    with pytest.raises(WeightsFileError, match=r"PyTorch weights.*say which network of the zoo"):
        convert(tmp_path / "a.pth", tmp_path / "b.h5")


def test_an_unknown_model_is_named(rng, tmp_path):
    legacy_file(tmp_path / "a.h5", keras2_layers(rng))
    with pytest.raises(ValueError, match="no model is called 'resnet500'"):
        convert(tmp_path / "a.h5", tmp_path / "b.h5", "resnet500")


@pytest.fixture
def wide_file(rng, tmp_path):
    """A file whose dense kernel, of rows that change places, takes five of the chunks we write."""
    layers = keras2_layers(rng)
    kernel = np.arange(240 * WIDE, dtype="f4").reshape(240, WIDE)
    layers["fc"] = {"fc/kernel:0": kernel, "fc/bias:0": np.zeros(WIDE, "f4")}
    legacy_file(tmp_path / "a.h5", layers)
    return tmp_path / "a.h5", "fc/fc/kernel:0"


@pytest.mark.parametrize("in_chunks", [False, True])
def test_memory(in_chunks, wide_file, tmp_path):
    """Some chunks of what lies in one piece; else one array at a time."""
    path, kernel = wide_file
    if in_chunks:
        with h5py.File(path, "r+") as file:
            values = file[kernel][()]
            del file[kernel]
            file.create_dataset(kernel, data=values, chunks=(60, 10_000))
            del values
    net = small_network(classes=WIDE)
    tracemalloc.start()
    try:
        convert(path, tmp_path / "b.h5", net)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = 240 * WIDE * 4
    assert size > 4 * CHUNK_BYTES
    assert peak < (1.5 * size if in_chunks else 4 * CHUNK_BYTES)
    W = read(tmp_path / "b.h5")["fc/W"]
    for r, c, ch in np.ndindex(5, 6, 8):
        row = (r * 6 + c) * 8 + ch
        assert W[(ch * 5 + r) * 6 + c, 3] == row * WIDE + 3


def test_values_that_are_not_finite_write_nothing(wide_file, tmp_path):
    path, kernel = wide_file
    with h5py.File(path, "r+") as file:
        file[kernel][-1, -3:] = np.nan
    with pytest.raises(WeightsError, match=r"kernel:0' has at least 3 of 9,600,000 values NaN"):
        convert(path, tmp_path / "b.h5", small_network(classes=WIDE))
    assert os.listdir(tmp_path) == ["a.h5"]


def test_no_random_numbers_are_drawn_for_a_network_that_is_only_asked_for_its_shapes(
    rng, tmp_path, monkeypatch
):
    def sample(self, shape):
        pytest.fail("random numbers are drawn")

    for kind in (lasagne.init.Normal, lasagne.init.Uniform, lasagne.init.GlorotUniform):
        monkeypatch.setattr(kind, "sample", sample)
    write_torch(tmp_path / "a.pth", lite0_state(rng))
    convert(tmp_path / "a.pth", tmp_path / "a.h5", "efficientnet_lite0")
    zoo.efficientnet_lite0(weights=tmp_path / "a.h5")
