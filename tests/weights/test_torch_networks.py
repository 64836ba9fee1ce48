"""Files of torchvision's and timm's networks: every array finds its place, outputs are equal.

The oracle is what PyTorch computed, by ``torch_reference``.
"""

import lasagne
import numpy as np
import pytest
import theano
from weights.torch_files import write_torch_zip

from theano_transfer import zoo
from theano_transfer.images import PREPROCESSING
from theano_transfer.weights import WeightsMismatchError, convert, inspect, load, read
from theano_transfer.weights._formats import open_source
from theano_transfer.weights._load import plan_for
from theano_transfer.weights._safetensors import write_safetensors
from theano_transfer.weights._sources import Source
from theano_transfer.weights._stored import StoredArray
from theano_transfer.weights._target import target_of
from weights import torch_reference as reference

ROWS = reference.rows()
# Of these the fast tests compute outputs.
QUICK = {"torchvision-mobilenet_v3_small", "timm-tf_mobilenetv3_small_100"}


def called(row):
    return f"{row['library']}-{row['name']}"


def build(row, **options):
    own = {} if row["style"] is None else {"style": row["style"]}
    if row["style"] == "keras" and row["model"].startswith(("mobilenet_v3", "efficientnet_v2")):
        own["include_preprocessing"] = False
    return zoo.build(row["model"], **own, **options)


def arrays_of(row):
    gain = reference.gain_of(row["model"])
    return {name: reference.parameter(name, shape, gain) for name, shape in row["arrays"]}


@pytest.mark.parametrize("row", ROWS, ids=called)
def test_every_array_has_a_place(row, undrawn):
    stored = {
        name: StoredArray(name, tuple(shape), np.dtype("f4"), np.empty)
        for name, shape in row["arrays"]
    }
    net = build(row)
    plan = plan_for(target_of(net), Source("PyTorch weights", "a.pth", stored, axes="torch"))
    assert set(plan.untouched) <= {f"normalization.{role}" for role in ("mean", "var", "count")}
    assert plan.skipped == ()
    assert len(plan.steps) + len(plan.untouched) == len(net.params)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(
            row,
            id=called(row),
            marks=[] if called(row) in QUICK else [pytest.mark.slow],
        )
        for row in ROWS
        if "scores" in row
    ],
)
def test_outputs_are_pytorchs(row, tmp_path, undrawn):
    write_safetensors(
        tmp_path / "a.safetensors",
        {name: array for name, array in arrays_of(row).items() if array.dtype.kind == "f"},
    )
    net = build(row, input_shape=(3, *row["size"]), classifier_activation=None)
    load(net, tmp_path / "a.safetensors")
    images = reference.picture(row["size"])
    if "normalization" in net:  # it takes pixels from 0 to 255
        mean, deviation = (
            np.reshape(numbers, (3, 1, 1))
            for numbers in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
        )
        images = ((images * deviation + mean) * 255).astype("f4")
    output = lasagne.layers.get_output(net.output, deterministic=True)
    scores = theano.function([net.input_var], output)(images)[0, :: reference.STEP]
    largest = np.abs(row["scores"]).max()
    np.testing.assert_allclose(scores / largest, np.array(row["scores"]) / largest, atol=1e-4)


# timm's names tell its style only where it has no network that computes as Keras's does.
TOLD = [
    row
    for row in ROWS
    if row["style"] == "torchvision"
    or (row["style"] == "timm" and row["model"] in ("vgg16", "xception"))
]


@pytest.mark.parametrize("row", TOLD, ids=called)
def test_names_of_one_style_and_a_network_of_another_do_not_meet(row, undrawn):
    model, style = row["model"], row["style"]
    stored = {
        name: StoredArray(name, tuple(shape), np.dtype("f4"), np.empty)
        for name, shape in row["arrays"]
    }
    source = Source("PyTorch weights", "a.pth", stored, axes="torch")
    with pytest.raises(WeightsMismatchError, match=rf"zoo\.{model}\(style='{style}'\)"):
        plan_for(target_of(zoo.build(model)), source)


@pytest.mark.parametrize("prefix", ["", "module.", "model.module."])
def test_by_name_style_top_and_classes_are_found_in_the_file(prefix, tmp_path, undrawn):
    row = next(row for row in ROWS if row["name"] == "mobilenet_v3_small")
    arrays = arrays_of(row)
    for name in ("classifier.3.weight", "classifier.3.bias"):
        arrays[name] = arrays[name][:7].copy()
    write_torch_zip(tmp_path / "a.pth", {prefix + name: a for name, a in arrays.items()})
    convert(tmp_path / "a.pth", tmp_path / "a.h5", "mobilenet_v3_small")
    weights = read(tmp_path / "a.h5")
    assert weights.attributes["preprocessing"] == "torch"
    assert weights.attributes["preprocessing"] in PREPROCESSING
    kernel = arrays["classifier.3.weight"].reshape(7, 1024, 1, 1)
    np.testing.assert_array_equal(weights["logits/W"], kernel)
    net = zoo.mobilenet_v3_small(weights=tmp_path / "a.h5", style="torchvision", classes=7)
    np.testing.assert_array_equal(net["conv"].W.get_value(), arrays["features.0.0.weight"])
    # what was converted still knows its style
    with pytest.raises(WeightsMismatchError, match=r"build it with style='torchvision'"):
        zoo.mobilenet_v3_small(weights=tmp_path / "a.h5", classes=7)
    convert(tmp_path / "a.h5", tmp_path / "a.safetensors", format="safetensors")
    assert inspect(tmp_path / "a.safetensors").attributes["arguments"]["style"] == "torchvision"


def test_a_style_that_names_do_not_tell_is_said(tmp_path, undrawn):
    """timm's tf_ networks compute as Keras's, under the names of those that compute otherwise."""
    row = next(row for row in ROWS if row["name"] == "mobilenet_v3_small")
    write_torch_zip(tmp_path / "a.pth", arrays_of(row))
    with pytest.raises(WeightsMismatchError, match="has torchvision's names"):
        convert(
            tmp_path / "a.pth",
            tmp_path / "a.h5",
            "mobilenet_v3_small",
            arguments={"style": "keras"},
        )
    row = next(row for row in ROWS if row["name"] == "tf_mobilenetv3_small_100")
    write_torch_zip(tmp_path / "a.pth", arrays_of(row))
    for style in ("keras", "timm"):
        arguments = {"style": style}
        convert(tmp_path / "a.pth", tmp_path / "a.h5", "mobilenet_v3_small", arguments=arguments)
        assert read(tmp_path / "a.h5").attributes["arguments"]["style"] == style


def test_without_the_top(tmp_path, undrawn):
    row = next(row for row in ROWS if row["name"] == "resnet18")
    arrays = arrays_of(row)
    write_torch_zip(tmp_path / "a.pth", arrays)
    net = zoo.resnet18(include_top=False)
    report = load(net, tmp_path / "a.pth")
    assert report.skipped == ("predictions.W", "predictions.b")
    np.testing.assert_array_equal(net["conv1_bn"].beta.get_value(), arrays["bn1.bias"])


def test_a_file_is_shown_as_it_is(tmp_path):
    write_torch_zip(tmp_path / "a.pth", {"features.0.weight": np.ones((2, 3, 1, 1), "f4")})
    summary = inspect(tmp_path / "a.pth")
    assert list(summary.arrays) == ["features.0.weight"]
    with open_source(tmp_path / "a.pth") as source:
        assert source.axes == "torch"


def test_layers_called_as_modules_are(tmp_path):
    """A network of one's own needs no known names."""
    layer = lasagne.layers.InputLayer((None, 4))
    layer = lasagne.layers.DenseLayer(layer, 3, name="head.fc")
    matrix, bias = np.arange(12, dtype="f4").reshape(3, 4), np.ones(3, "f4")
    write_torch_zip(tmp_path / "a.pth", {"head.fc.weight": matrix, "head.fc.bias": bias})
    load(layer, tmp_path / "a.pth")
    np.testing.assert_array_equal(layer.W.get_value(), matrix.T)
    np.testing.assert_array_equal(layer.b.get_value(), bias)
