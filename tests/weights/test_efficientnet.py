"""EfficientNet-Lite0: the PyTorch file's names, the network's, and the file that ships."""

import hashlib

import numpy as np
import pytest
from weights.torch_files import lite0_state, write_torch

from theano_transfer import zoo
from theano_transfer.weights import (
    REGISTRY,
    WeightsMismatchError,
    convert,
    fetch,
    imagenet_classes,
    read,
)


def test_every_array_finds_its_place(rng, tmp_path):
    state = lite0_state(rng)
    write_torch(tmp_path / "a.pth", state)
    report = convert(tmp_path / "a.pth", tmp_path / "a.h5", "efficientnet_lite0")
    assert report.num_parameters == 4_694_024
    weights = read(tmp_path / "a.h5")
    assert len(weights) == sum("num_batches" not in name for name in state)
    pairs = {
        "stem_conv/W": "_conv_stem.weight",
        "stem_bn/beta": "_bn0.bias",
        "block1a_dwconv/W": "_blocks.0._depthwise_conv.weight",
        "block1a_bn/gamma": "_blocks.0._bn1.weight",
        "block1a_project_bn/var": "_blocks.0._bn2.running_var",
        "block2b_expand_conv/W": "_blocks.2._expand_conv.weight",
        "block4c_expand_bn/mean": "_blocks.7._bn0.running_mean",
        "block6d_project_conv/W": "_blocks.14._project_conv.weight",
        "block7a_dwconv/W": "_blocks.15._depthwise_conv.weight",
        "top_conv/W": "_conv_head.weight",
        "top_bn/gamma": "_bn1.weight",
        "predictions/b": "_fc.bias",
    }
    for ours, theirs in pairs.items():
        np.testing.assert_array_equal(weights[ours], state[theirs], err_msg=ours)
    np.testing.assert_array_equal(weights["predictions/W"], state["_fc.weight"].T)


@pytest.mark.parametrize("name", ["_blocks.16._bn1.weight", "_conv.weight", "_fc.alpha", "odd"])
def test_another_network_is_refused(name, rng, tmp_path):
    write_torch(tmp_path / "a.pth", {name: rng.standard_normal((2, 2))})
    with pytest.raises(WeightsMismatchError, match="does not fit the network"):
        convert(tmp_path / "a.pth", tmp_path / "a.h5", "efficientnet_lite0")


def test_the_file_that_ships_is_the_registered_one():
    path = fetch("efficientnet_lite0")
    row = next(row for row in REGISTRY if row.model == "efficientnet_lite0")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == row.hash.partition(":")[2]
    assert path.stat().st_size == row.size


def test_the_file_that_ships_fits_and_says_where_it_is_from():
    weights = read(fetch("efficientnet_lite0"))
    net = zoo.efficientnet_lite0()
    assert list(weights) == [name.replace(".", "/") for name in net.params]
    assert weights.num_parameters == net.record.num_parameters
    attributes = weights.attributes
    assert attributes["model"] == "efficientnet_lite0"
    assert attributes["licence"] == "Apache-2.0"
    assert attributes["preprocessing"] == net.record.preprocessing
    assert attributes["classes"] == imagenet_classes()
    assert attributes["epsilon"] == net["stem_bn"].epsilon
    assert attributes["source_sha256"] == (
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    )


def test_the_stem_was_trained_with_the_recorded_preprocessing():
    """The stored mean of the first normalisation is the stem's answer to ImageNet's mean colour.

    (x - 127) / 128 explains it; ImageNet's mean and standard deviation, which leave a mean colour
    of 0, do not.
    """
    weights = read(fetch("efficientnet_lite0"))
    colour = np.array([0.485, 0.456, 0.406]) * 255
    predicted = weights["stem_conv/W"].sum((2, 3)) @ ((colour - 127) / 128)
    stored = weights["stem_bn/mean"]
    assert np.corrcoef(predicted, stored)[0, 1] > 0.95
    assert np.square(stored - predicted).mean() < np.square(stored).mean() / 4


@pytest.mark.parametrize("top", [True, False])
def test_imagenet_weights_with_and_without_top(top):
    net = zoo.efficientnet_lite0(weights="imagenet", include_top=top)
    weights = read(fetch("efficientnet_lite0"))
    for name, param in net.params.items():
        np.testing.assert_array_equal(param.get_value(), weights[name.replace(".", "/")])
    assert net.classes == (imagenet_classes() if top else None)
