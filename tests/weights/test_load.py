"""Files into networks: all or nothing; and back."""

import re

import h5py
import lasagne
import numpy as np
import pytest
from lasagne.layers import DenseLayer, InputLayer
from weights.keras_files import keras2_layers, legacy_file, write_numbered
from weights.network import assert_equal, small_network, values

from theano_transfer.layers import (
    BatchNormLayer,
    Conv2DLayer,
    SeparableConv2DLayer,
    StandardizeLayer,
)
from theano_transfer.weights import (
    WeightsError,
    WeightsMismatchError,
    convert,
    load,
    read,
    save,
    write,
)
from theano_transfer.zoo import Network


def disturbed(net, rng):
    for param in net.params.values():
        param.set_value(rng.standard_normal(param.get_value().shape, dtype="f4"))
    return net


def test_save_and_load(rng, tmp_path):
    net = disturbed(small_network(), rng)
    save(net, tmp_path / "a.h5", attributes={"note": "mine"})
    other = small_network()
    report = load(other, tmp_path / "a.h5")
    assert_equal(other, values(net))
    assert report.loaded == tuple(net.params)
    assert report.reordered == {}
    assert report.attributes == {
        "model": "small",
        "preprocessing": "tf",
        "input_size": 16,
        "epsilon": 0.001,
        "note": "mine",
    }


def test_classes_are_saved(tmp_path):
    net = small_network()
    net.classes = list("abcdefg")
    save(net, tmp_path / "a.h5")
    assert read(tmp_path / "a.h5").attributes["classes"] == list("abcdefg")


def test_plain_lasagne_layers(rng, tmp_path):
    layer = DenseLayer(InputLayer((None, 4)), 3, name="dense")
    save(layer, tmp_path / "a.h5")
    assert read(tmp_path / "a.h5").attributes == {}
    other = DenseLayer(InputLayer((None, 4)), 3, W=lasagne.init.Constant(0), name="dense")
    load(other, tmp_path / "a.h5")
    np.testing.assert_array_equal(other.W.get_value(), layer.W.get_value())


def test_what_was_loaded_is_not_tied_to_other_networks(rng, tmp_path):
    save(disturbed(small_network(), rng), tmp_path / "a.h5")
    first, second = small_network(), small_network()
    load(first, tmp_path / "a.h5")
    load(second, tmp_path / "a.h5")
    first["conv"].W.get_value(borrow=True)[...] = 0
    assert (second["conv"].W.get_value() != 0).all()


def test_a_double_precision_network_takes_single_precision_files(rng, tmp_path):
    layer = DenseLayer(InputLayer((None, 4)), 3, W=rng.standard_normal((4, 3)), name="dense")
    write(tmp_path / "a.h5", {"dense/W": np.ones((4, 3), "f4"), "dense/b": np.ones(3, "f4")})
    load(layer, tmp_path / "a.h5")
    assert layer.W.get_value().dtype == layer.W.dtype
    np.testing.assert_array_equal(layer.W.get_value(), 1)


def test_a_wrong_file_is_described_completely_and_changes_nothing(rng, tmp_path):
    net = disturbed(small_network(), rng)
    arrays = {name.replace(".", "/"): array for name, array in values(net).items()}
    del arrays["bn/mean"], arrays["fc/b"]
    arrays["conv/b"] = np.ones(5, "f4")
    arrays["fc/W"] = np.ones((240, 9), "f4")
    arrays["extra/W"] = np.ones(2, "f4")
    arrays["bn/inv_std"] = np.ones(4, "f4")
    write(tmp_path / "a.h5", arrays)
    before = values(net)
    with pytest.raises(WeightsMismatchError) as caught:
        load(net, tmp_path / "a.h5")
    error = caught.value
    assert error.missing == ("bn.mean (4,)", "fc.b (7,)")
    assert set(error.unexpected) == {"extra.W (2,)", "bn.inv_std (4,)"}
    assert error.misshapen == (
        "conv.b: expected (4,), received (5,)",
        "fc.W: expected (240, 7), received (240, 9)",
    )
    for part in (*error.missing, *error.unexpected, *error.misshapen):
        assert part in str(error)
    assert_equal(net, before)


def test_shapes_of_keras_files_are_given_in_both_orders(rng, tmp_path):
    layers = keras2_layers(rng)
    layers["conv"]["conv/kernel:0"] = np.ones((3, 3, 3, 4), "f4")
    legacy_file(tmp_path / "a.h5", layers)
    words = "conv.W: expected (4, 3, 3, 2), received (4, 3, 3, 3) (in the file (3, 3, 3, 4))"
    with pytest.raises(WeightsMismatchError, match=re.escape(words)):
        load(small_network(), tmp_path / "a.h5")


def test_another_number_of_numbered_arrays(rng, tmp_path):
    layers = keras2_layers(rng)
    del layers["bn"]["bn/gamma:0"]  # scale=False
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        write_numbered(file, layers)
    with pytest.raises(WeightsMismatchError) as caught:
        load(small_network(), tmp_path / "a.weights.h5")
    assert caught.value.missing == tuple(
        f"bn.{role} (4,)" for role in ["gamma", "beta", "mean", "var"]
    )
    assert caught.value.unexpected == ("bn.0 (4,)", "bn.1 (4,)", "bn.2 (4,)")


def test_a_damaged_array_changes_nothing(rng, tmp_path):
    """All arrays are read before the first is set."""
    net = disturbed(small_network(), rng)
    before = values(net)
    save(disturbed(small_network(), rng), tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["fc/b"][0] += 1
    with pytest.raises(WeightsError, match="'fc/b'"):
        load(net, tmp_path / "a.h5")
    assert_equal(net, before)


def test_an_interruption_changes_nothing(rng, tmp_path, monkeypatch):
    net = disturbed(small_network(), rng)
    before = values(net)
    save(disturbed(small_network(), rng), tmp_path / "a.h5")
    last = net["fc"].b
    set_value = type(last).set_value
    calls = []

    def interrupted(self, value, borrow=False):
        set_value(self, value, borrow=borrow)
        calls.append(self)
        if self is last and calls.count(last) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(type(last), "set_value", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(net, tmp_path / "a.h5")
    monkeypatch.undo()
    assert len(calls) > len(net.params)
    assert_equal(net, before)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(bad, rng, tmp_path):
    net = disturbed(small_network(), rng)
    weights = net["conv"].W.get_value()
    weights[1, 2, 0, 1] = bad
    net["conv"].W.set_value(weights)
    save(net, tmp_path / "a.h5")
    other = small_network()
    before = values(other)
    with pytest.raises(WeightsError, match="'conv/W' has 1 of 72 values NaN or infinite"):
        load(other, tmp_path / "a.h5")
    assert_equal(other, before)
    load(other, tmp_path / "a.h5", check_finite=False)
    assert_equal(other, values(net))


def test_a_file_of_kernels_that_are_zero(rng, tmp_path):
    """One kernel may be: layers begin so on purpose. A file of nothing else was never filled."""
    net = disturbed(small_network(), rng)
    kernels = [param for param in net.params.values() if param.ndim > 1]
    for param in kernels[1:]:
        param.set_value(param.get_value() * 0)
    save(net, tmp_path / "a.h5")
    other = small_network()
    load(other, tmp_path / "a.h5")
    assert_equal(other, values(net))
    kernels[0].set_value(kernels[0].get_value() * 0)
    save(net, tmp_path / "b.h5")
    said = rf"all of its {len(kernels)} kernels are zero, from 'conv/W' on"
    with pytest.raises(WeightsError, match=said):
        load(other, tmp_path / "b.h5")
    with pytest.raises(WeightsError, match=said):
        convert(tmp_path / "b.h5", tmp_path / "c.h5", small_network())
    assert not (tmp_path / "c.h5").exists()
    assert other["conv"].W.get_value().any()
    load(other, tmp_path / "b.h5", check_finite=False)
    assert_equal(other, values(net))


def test_a_network_without_top_takes_a_file_with_it(rng, tmp_path):
    net = disturbed(small_network(), rng)
    save(net, tmp_path / "a.h5")
    base = small_network(top=False)
    report = load(base, tmp_path / "a.h5")
    assert set(report.skipped) == {"fc.W", "fc.b"}
    assert "skipped, not in the network: fc.W, fc.b" in str(report)
    np.testing.assert_array_equal(base["dw"].W.get_value(), net["dw"].W.get_value())


def test_a_network_with_top_does_not_take_a_file_without(rng, tmp_path):
    save(small_network(top=False), tmp_path / "a.h5")
    with pytest.raises(WeightsMismatchError, match="include_top=False"):
        load(small_network(), tmp_path / "a.h5")


def test_not_strict(rng, tmp_path):
    net = disturbed(small_network(), rng)
    before = values(net)
    conv = np.ones((4, 3, 3, 2), "f4")
    write(tmp_path / "a.h5", {"conv/W": conv, "other/W": np.ones(2, "f4")})
    report = load(net, tmp_path / "a.h5", strict=False)
    assert report.loaded == ("conv.W",)
    assert report.skipped == ("other.W",)
    assert set(report.untouched) == set(before) - {"conv.W"}
    assert_equal(net, {**before, "conv.W": conv})


def test_not_strict_about_shapes_is_not_possible(rng, tmp_path):
    write(tmp_path / "a.h5", {"conv/W": np.ones((4, 3, 2, 3), "f4")})
    with pytest.raises(WeightsMismatchError, match=re.escape("expected (4, 3, 3, 2)")):
        load(small_network(), tmp_path / "a.h5", strict=False)


def test_shapes_are_compared_before_anything_is_read(tmp_path):
    """A file may declare an array of gigabytes; it is not tried."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"dense"])
        file.create_dataset(
            "dense/dense/kernel:0", (1 << 14, 1 << 10), "f4", compression=9, fillvalue=1
        )[0, 0] = 2
    layer = DenseLayer(InputLayer((None, 4)), 3, name="dense")
    with pytest.raises(WeightsError, match=r"expected \(4, 3\), received \(16384, 1024\)"):
        load(layer, tmp_path / "a.h5")


def test_hash_of_the_file(rng, tmp_path):
    save(small_network(), tmp_path / "a.h5")
    with pytest.raises(WeightsError, match="expected 00"):
        load(small_network(), tmp_path / "a.h5", known_hash="md5:00")


@pytest.mark.parametrize("first", [0, 1, 131])
def test_layers_that_keras_numbered_are_counted_from_the_beginning(first, rng, tmp_path):
    """The numbers go on through a session of Keras; 'conv2d_9' comes before 'conv2d_10'."""
    net = Network()
    x = net.add(InputLayer((None, 3, 9, 9), name="input"))
    for i in range(12):
        x = net.add(Conv2DLayer(x, 3, 1, b=None, name=f"conv2d_{i}" if i else "conv2d"))
    kernels = rng.standard_normal((12, 1, 1, 3, 3), dtype="f4")
    layers = {}
    for i, kernel in enumerate(kernels, start=first):
        name = f"conv2d_{i}" if i else "conv2d"
        layers[name] = {f"{name}/kernel:0": kernel}
    legacy_file(tmp_path / "a.h5", layers)
    load(net, tmp_path / "a.h5")
    for param, kernel in zip(net.params.values(), kernels):
        np.testing.assert_array_equal(param.get_value(), kernel.transpose(3, 2, 0, 1))


def test_another_number_of_numbered_layers_does_not_fit(rng, tmp_path):
    net = Network()
    x = net.add(InputLayer((None, 3, 9, 9), name="input"))
    net.add(Conv2DLayer(x, 3, 1, b=None, name="conv2d"))
    kernel = rng.standard_normal((1, 1, 3, 3), dtype="f4")
    layers = {name: {f"{name}/kernel:0": kernel} for name in ("conv2d_3", "conv2d_4")}
    legacy_file(tmp_path / "a.h5", layers)
    with pytest.raises(WeightsMismatchError, match="conv2d_3"):
        load(net, tmp_path / "a.h5")


def test_the_counters_of_keras_1_are_matched_by_the_order_of_creation(rng, tmp_path):
    """Its 'convolution2d_1' is the first that was made, and has a name today."""
    net = Network()
    x = net.add(InputLayer((None, 3, 9, 9), name="input"))
    x = net.add(Conv2DLayer(x, 3, 1, b=None, name="first"))
    x = net.add(BatchNormLayer(x, name="first_bn"))
    x = net.add(Conv2DLayer(x, 3, 1, b=None, name="conv2d"))
    x = net.add(SeparableConv2DLayer(x, 3, 3, b=None, name="sep"))
    net.add(DenseLayer(x, 2, b=None, name="predictions"))
    net.built = tuple(net)
    kernels = rng.standard_normal((2, 1, 1, 3, 3), dtype="f4")
    layers = {
        "convolution2d_12": {"convolution2d_12_W:0": kernels[1]},
        "convolution2d_9": {"convolution2d_9_W:0": kernels[0]},
        "batchnormalization_4": {
            f"batchnormalization_4_{role}:0": np.full(3, i, "f4")
            for i, role in enumerate(["gamma", "beta", "running_mean", "running_std"])
        },
        "separableconvolution2d_1": {
            "separableconvolution2d_1_depthwise_kernel:0": np.ones((3, 3, 3, 1), "f4"),
            "separableconvolution2d_1_pointwise_kernel:0": np.full((1, 1, 3, 3), 2, "f4"),
        },
        "dense_2": {"dense_2_W:0": np.full((3 * 7 * 7, 2), 3, "f4")},
    }
    legacy_file(tmp_path / "a.h5", layers, version=None)
    load(net, tmp_path / "a.h5")
    for name, kernel in zip(("first", "conv2d"), kernels):
        np.testing.assert_array_equal(net[name].W.get_value(), kernel.transpose(3, 2, 0, 1))
    found = [values(net)[f"first_bn.{role}"][0] for role in ("gamma", "beta", "mean", "var")]
    assert found == [0, 1, 2, 3]
    assert (net["sep"].W.get_value() == 1).all()
    assert (net["sep"].pointwise.get_value() == 2).all()


@pytest.mark.parametrize("shape", [(3,), (1, 1, 1, 3)])
@pytest.mark.parametrize("stored", [(0.229, 0.224, 0.225), (0.05, 0.06, 0.07)])
def test_deviations_in_place_of_variances_are_noticed(stored, shape, tmp_path):
    """Keras's published EfficientNets hold them; numbers like others are variances."""
    net = Network()
    x = net.add(InputLayer((None, 3, 9, 9), name="input"))
    net.add(StandardizeLayer(x, name="normalization"))
    arrays = {
        "normalization/mean:0": np.reshape(np.array([0.485, 0.456, 0.406], "f4"), shape),
        "normalization/variance:0": np.reshape(np.array(stored, "f4"), shape),
        "normalization/count:0": np.array(7, "i8"),
    }
    legacy_file(tmp_path / "a.h5", {"normalization": arrays})
    load(net, tmp_path / "a.h5")
    expected = np.square(stored) if stored[0] == 0.229 else stored
    np.testing.assert_allclose(net["normalization"].var.get_value(), expected, rtol=1e-6)
    assert net["normalization"].count.get_value() == 7
    save(net, tmp_path / "own.h5")  # what is ours is not looked at again
    load(net, tmp_path / "own.h5")
    np.testing.assert_allclose(net["normalization"].var.get_value(), expected, rtol=1e-6)
