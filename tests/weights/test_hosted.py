"""The files that Keras publishes: what each holds goes where it belongs.

`hosted.json.gz` lists, for each network, names and hashes of its files, and of every layer with
weights its name, class, when it was made, whether Keras named it by itself, and its arrays' names
and shapes, in the order of the file. Facts: keras/src/applications.
"""

import gzip
import json
import re
from collections import OrderedDict
from pathlib import Path

import pytest

from theano_transfer import zoo
from theano_transfer.weights import REGISTRY, WeightsFileError, WeightsMismatchError
from theano_transfer.weights._keras import _NAME, _ROLES, KerasFile, as_source
from theano_transfer.weights._load import plan_for
from theano_transfer.weights._recognise import recognised
from theano_transfer.weights._sources import Source
from theano_transfer.weights._stored import StoredArray
from theano_transfer.weights._target import target_of
from theano_transfer.zoo._options import undrawn

HOSTED = json.loads(gzip.decompress((Path(__file__).parent / "hosted.json.gz").read_bytes()))
QUICK = ("vgg16", "mobilenet_v2", "resnet50", "inception_v3", "xception")
ALL = [
    name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in sorted(HOSTED)
]
# What Keras 1 called its classes, and their arrays.
KERAS_1 = {
    "Conv2D": "convolution2d", "SeparableConv2D": "separableconvolution2d", "Dense": "dense",
    "BatchNormalization": "batchnormalization",
}  # fmt: skip
ARRAYS_1 = {"kernel": "W", "bias": "b", "moving_mean": "running_mean",
            "moving_variance": "running_std"}  # fmt: skip


def not_read():
    raise AssertionError("planning reads nothing")


def source_of(layers, version="2.1.5", backend="tensorflow", rename=str):
    """An open file of Keras's with these layers, of which nothing can be read."""
    stored = OrderedDict()
    for layer, arrays in layers:
        roles = OrderedDict()
        for name, shape in arrays:
            role = _ROLES[_NAME.search(rename(name))[1]]
            roles[role] = StoredArray(f"{layer}/{name}", tuple(shape), "float32", not_read)
        stored[layer, layer] = roles
    return as_source(KerasFile(f"Keras {version[0]} weights", version, backend, stored), "a.h5")


def layers_of(model, first=1, old=False):
    """(name, name in the file, arrays) of a network; what Keras named by itself counted from
    `first`."""
    layers = HOSTED[model]["layers"]
    made = {}
    for name, kind, rank, automatic, _ in layers:
        if automatic or (old and kind in KERAS_1):
            made.setdefault(kind, []).append((rank, name))
    called = {}
    for kind, ranked in made.items():
        for number, (_, name) in enumerate(sorted(ranked), first):
            called[name] = f"{KERAS_1[kind] if old else snake(kind)}_{number}"
    return [(name, called.get(name, name), arrays) for name, *_, arrays in layers]


def snake(kind):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def built(model, top):
    with undrawn():
        return zoo.build(model, weights=None, include_top=top)


def assert_planned(net, source, called):
    """Each parameter gets the array of its own layer, in a shape that fits; all are used."""
    target = target_of(net)
    plan = plan_for(target, source)
    assert {step.param for step in plan.steps} == set(target.params)
    for step in plan.steps:
        layer = step.param.rpartition(".")[0]
        assert step.array.location.rpartition("/")[0] == called[layer], step.param
        assert step.arrangement.shape == target.shapes[step.param]
    return plan


@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize("model", ALL)
def test_every_array_goes_to_its_layer(model, top):
    """The numbers of layers without names begin anywhere: other models were made before."""
    net = built(model, top)
    layers = layers_of(model, first=131)
    here = zoo_names(net, model)
    called = {here[name]: name_there for name, name_there, _ in layers if name in here}
    source = source_of([(there, arrays) for _, there, arrays in layers])
    plan = assert_planned(net, source, called)
    assert bool(plan.skipped) == (not top)


def zoo_names(net, model):
    """Keras's name of a layer -> the zoo's: those named by themselves count alike."""
    made = {}
    for name in net.built or net:
        match = re.fullmatch(r"(conv2d|batch_normalization|separable_conv2d)(?:_(\d+))?", name)
        if match:
            made.setdefault(match[1], []).append((int(match[2] or 0), name))
    names = {}
    for kind, numbered in made.items():
        ranked = [
            (rank, name)
            for name, cls, rank, automatic, _ in HOSTED[model]["layers"]
            if automatic and snake(cls) == kind
        ]
        names.update(
            (there, here) for (_, there), (_, here) in zip(sorted(ranked), sorted(numbered))
        )
    return {**{name: name for name in net}, **names}


@pytest.mark.parametrize("model", sorted(HOSTED))
@pytest.mark.parametrize("classes", [1000, 7, None])
def test_a_file_is_recognised_by_its_arrays(model, classes):
    """With a head for ImageNet, for other classes, or without."""
    top = zoo.record(model).top_layers
    layers = [
        (name, [(array, [classes if n == 1000 else n for n in shape]) for array, shape in arrays])
        for name, _, arrays in layers_of(model)
        if classes or name not in top
    ]
    source = source_of(layers)
    if classes == 7 and any(kind == "Conv2D" for name, kind, *_ in HOSTED[model]["layers"]
                            if name in top):  # fmt: skip
        with pytest.raises(WeightsFileError, match="of no network that is known"):
            recognised(source, {})  # its classifier is a convolution
    else:
        assert recognised(source, {}) == (model, {}, "by the shapes of its arrays")


VARIANTS = sorted({(row.model, row.arguments) for row in REGISTRY if row.arguments}, key=repr)


@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        pytest.param(
            model,
            arguments,
            id=f"{model}-{arguments[0][0]}={arguments[0][1]}",
            marks=[] if arguments == (("minimalistic", True),) else [pytest.mark.slow],
        )
        for model, arguments in VARIANTS
    ],
)
def test_narrow_and_minimal_ones_are_recognised_too(model, arguments, top):
    with undrawn():
        net = zoo.build(model, weights=None, include_top=top, **dict(arguments))
    arrays = OrderedDict(
        (name, StoredArray(name, shape, "float32", not_read))
        for name, shape in target_of(net).shapes.items()
    )
    source = Source("Keras 2 weights", "a.h5", arrays, axes="keras")
    assert recognised(source, {}) == (model, dict(arguments), "by the shapes of its arrays")


def test_a_file_is_recognised_by_its_hash():
    for row in REGISTRY:
        if row.hash is not None:
            kind, _, value = row.hash.partition(":")
            found = recognised(source_of([]), {kind: value})
            assert found == (row.model, dict(row.arguments), f"by its hash as {row.file}")
        for older, _ in row.older:
            kind, _, value = older.partition(":")
            assert recognised(source_of([]), {kind: value})[0] == row.model


def test_a_file_of_pytorch_is_recognised_by_eight_digits():
    digest = "f37072fd" + 56 * "0"
    found = recognised(source_of([]), {"sha256": digest})
    assert found == ("resnet18", {}, "by its hash as resnet18-f37072fd.pth")
    with pytest.raises(WeightsFileError):
        recognised(source_of([]), {"sha256": "f37072fe" + 56 * "0"})
    with pytest.raises(WeightsFileError):
        recognised(source_of([]), {"md5": "f37072fd" + 24 * "0"})


def test_every_file_is_in_the_registry_with_its_hash():
    known = {row.file: row for row in REGISTRY}
    for model, facts in HOSTED.items():
        for file, md5 in facts["files"]:
            assert known[file].model == model
            assert known[file].hash == (md5 and f"md5:{md5}")


@pytest.mark.parametrize("model", ["vgg16", "resnet50"])
def test_the_files_of_keras_1_in_theanos_order(model):
    """Kernels are turned, and what follows a flattening is in Theano's order already."""
    net = built(model, True)
    layers = [
        (
            name,
            [
                (array, [shape[3], shape[2], *shape[:2]] if len(shape) == 4 else shape)
                for array, shape in arrays
            ],
        )
        for name, _, arrays in layers_of(model)
    ]
    source = source_of(
        layers, version="1", backend="", rename=lambda name: ARRAYS_1.get(name, name)
    )
    plan = assert_planned(net, source, {name: name for name in net})
    for step in plan.steps:
        assert ("turned" in step.arrangement.note) == (len(step.arrangement.shape) == 4)


def old_resnet50(layer):
    """'conv2_block1_0_conv' as Keras called it before 2.2.3: 'res2a_branch1'."""
    match = re.fullmatch(r"conv(\d)_block(\d)_(\d)_(conv|bn)", layer)
    if match is None:
        return {"conv1_conv": "conv1", "conv1_bn": "bn_conv1", "predictions": "fc1000"}[layer]
    stage, block, part, kind = match.groups()
    start = "res" if kind == "conv" else "bn"
    return f"{start}{stage}{'abcdef'[int(block) - 1]}_branch{['1', '2a', '2b', '2c'][int(part)]}"


@pytest.mark.parametrize("top", [True, False])
def test_the_older_names_of_resnet50(top):
    """Two neighbours of equal shapes changed places: by position, they would be exchanged."""
    net = built("resnet50", top)
    layers = [(old_resnet50(name), arrays) for name, _, arrays in layers_of("resnet50")]
    order = [name for name, _ in layers]
    for a, b in (("res2a_branch1", "res2a_branch2c"), ("bn2a_branch1", "bn2a_branch2c")):
        i, j = order.index(a), order.index(b)
        assert [s for _, s in layers[i][1]] == [s for _, s in layers[j][1]]
        layers[i], layers[j] = layers[j], layers[i]
    plan = assert_planned(net, source_of(layers), {name: old_resnet50(name) for name in net
                                                   if net[name].params})  # fmt: skip
    assert set(plan.epsilon.values()) == {1e-3}


@pytest.mark.parametrize("model", [m for m in ALL if m in ("xception", "inception_v3")])
def test_layers_that_keras_1_named_by_itself(model):
    """'convolution2d_1', also where the layer has a name since."""
    net = built(model, False)
    layers = layers_of(model, old=True)
    here = zoo_names(net, model)
    called = {here[name]: there for name, there, _ in layers if name in here}
    source = source_of(
        [(there, arrays) for name, there, arrays in layers if name in here],
        version="1",
        rename=lambda name: ARRAYS_1.get(name, name),
    )
    if model == "xception":
        assert_planned(net, source, called)
    else:
        assert {step.param for step in plan_for(target_of(net), source).steps} == set(net.params)


def test_a_file_of_another_network_is_refused():
    layers = [(there, arrays) for _, there, arrays in layers_of("resnet101")]
    with pytest.raises(WeightsMismatchError, match="conv4_block7_1_conv"):
        plan_for(target_of(built("resnet50", True)), source_of(layers))
