"""ONNX graphs, operator by operator, against onnxruntime; and what is refused."""

import lasagne
import numpy as np
import pytest
from lasagne.layers import DenseLayer, InputLayer, NonlinearityLayer
from weights.network import small_network
from weights.onnx_oracle import applied, outputs, run

from theano_transfer import layers
from theano_transfer.weights import WeightsError, WeightsFileError, export, from_onnx, inspect, load

onnx = pytest.importorskip("onnx")
node = onnx.helper.make_node
SHAPE = (2, 4, 9, 8)


def write(path, nodes, constants=None, *, shape=("n", *SHAPE[1:]), opset=17, **options):
    """A model of nodes from 'x' to 'y' with constants by name."""
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        "graph",
        [onnx.helper.make_tensor_value_info("x", kind, shape)],
        [onnx.helper.make_tensor_value_info("y", kind, None)],
        [
            value
            if isinstance(value, onnx.TensorProto)
            else onnx.numpy_helper.from_array(np.asarray(value), name)
            for name, value in (constants or {}).items()
        ],
    )
    opsets = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8, **options)
    onnx.save(model, path)
    return path


def constants(*shapes):
    rng = np.random.default_rng(3)
    return [rng.uniform(0.5, 1.5, shape).astype("f4") * rng.choice([-1, 1]) for shape in shapes]


def kernel(*shape):
    return np.random.default_rng(4).standard_normal(shape, dtype="f4") / 4


NORMALISATION = dict(zip("sbmv", [*constants(4, 4, 4), np.array([0.5, 1, 2, 3], "f4")]))
CASES = {  # name: (nodes, constants)
    "Conv": ([node("Conv", ["x", "W"], ["y"])], {"W": kernel(5, 4, 3, 2)}),
    "Conv with everything": (
        [
            node(
                "Conv", ["x", "W", "b"], ["y"], group=2, pads=[1, 0, 2, 1], strides=[2, 1],
                dilations=[1, 2], kernel_shape=[3, 2],
            )
        ],
        {"W": kernel(6, 2, 3, 2), "b": kernel(6)},
    ),
    "Conv, depthwise, SAME_UPPER": (
        [node("Conv", ["x", "W"], ["y"], group=4, auto_pad="SAME_UPPER", strides=[2, 2])],
        {"W": kernel(8, 1, 3, 3)},
    ),
    "Conv, VALID": ([node("Conv", ["x", "W"], ["y"], auto_pad="VALID")], {"W": kernel(5, 4, 3, 2)}),
    "BatchNormalization": (
        [node("BatchNormalization", ["x", *"sbmv"], ["y"], epsilon=1e-3)],
        NORMALISATION,
    ),
    "BatchNormalization with a small epsilon": (
        [node("BatchNormalization", ["x", *"sbmv"], ["y"], epsilon=1e-7)],
        NORMALISATION,
    ),
    "its folded form": (
        [node("Mul", ["x", "s"], ["z"]), node("Add", ["z", "b"], ["y"])],
        {"s": kernel(1, 4, 1, 1), "b": kernel(4, 1, 1)},
    ),
    "numbers": (
        [node("Sub", ["a", "x"], ["z"]), node("Div", ["z", "b"], ["y"])],
        {"a": np.float32(0.3), "b": np.array([2.5], "f4")},
    ),
    "MaxPool": (
        [node("MaxPool", ["x"], ["y"], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])], {},
    ),
    "MaxPool, ceiling": (
        [node("MaxPool", ["x"], ["y"], kernel_shape=[2, 3], strides=[2, 2], ceil_mode=1)], {},
    ),
    "MaxPool, ceiling and padding": (
        [
            node(
                "MaxPool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1,
                pads=[1, 1, 1, 1],
            )
        ],
        {},
    ),
    "AveragePool": (
        [node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])], {},
    ),
    "AveragePool, padding counts": (
        [
            node(
                "AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1],
                strides=[2, 1], count_include_pad=1,
            )
        ],
        {},
    ),
    "AveragePool, SAME_UPPER": (
        [
            node(
                "AveragePool", ["x"], ["y"], kernel_shape=[3, 2], strides=[2, 2],
                auto_pad="SAME_UPPER",
            )
        ],
        {},
    ),
    "GlobalAveragePool": ([node("GlobalAveragePool", ["x"], ["y"])], {}),
    "GlobalMaxPool": ([node("GlobalMaxPool", ["x"], ["y"])], {}),
    "ReduceMean": ([node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)], {}),
    "ReduceMean that keeps axes": ([node("ReduceMean", ["x"], ["y"], axes=[-2, -1])], {}),
    "Gemm": (
        [
            node("Flatten", ["x"], ["f"]),
            node("Gemm", ["f", "W", "b"], ["y"], transB=1, alpha=0.5, beta=2.0),
        ],
        {"W": kernel(3, 288), "b": kernel(3)},
    ),
    "Gemm without a bias": (
        [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "W"], ["y"])], {"W": kernel(288, 3)},
    ),
    "MatMul and Add": (
        [
            node("Reshape", ["x", "r"], ["f"]), node("MatMul", ["f", "W"], ["m"]),
            node("Add", ["b", "m"], ["y"]),
        ],
        {"W": kernel(288, 3), "b": kernel(3), "r": np.array([-1, 288])},
    ),
    "Relu": ([node("Relu", ["x"], ["y"])], {}),
    "LeakyRelu": ([node("LeakyRelu", ["x"], ["y"], alpha=0.2)], {}),
    "Sigmoid": ([node("Sigmoid", ["x"], ["y"])], {}),
    "Tanh": ([node("Tanh", ["x"], ["y"])], {}),
    "HardSigmoid": ([node("HardSigmoid", ["x"], ["y"])], {}),
    "HardSigmoid of MobileNets": ([node("HardSigmoid", ["x"], ["y"], alpha=1 / 6)], {}),
    "HardSwish": ([node("HardSwish", ["x"], ["y"])], {}),
    "Clip to 6": (
        [node("Clip", ["x", "a", "b"], ["y"])], {"a": np.float32(0), "b": np.float32(6)},
    ),
    "Clip": ([node("Clip", ["x", "", "b"], ["y"])], {"b": np.float32(0.7)}),
    "Softmax": ([node("Flatten", ["x"], ["f"]), node("Softmax", ["f"], ["y"], axis=1)], {}),
    "LRN": ([node("LRN", ["x"], ["y"], size=3, alpha=0.3, beta=0.6, bias=1.5)], {}),
    "Mul, squeeze and excitation": (
        [
            node("GlobalAveragePool", ["x"], ["g"]), node("Sigmoid", ["g"], ["s"]),
            node("Mul", ["s", "x"], ["y"]),
        ],
        {},
    ),
    "Mul, swish": ([node("Sigmoid", ["x"], ["s"]), node("Mul", ["x", "s"], ["y"])], {}),
    "Add, Sub and Sum": (
        [
            node("Relu", ["x"], ["r"]), node("Add", ["x", "r"], ["a"]),
            node("Sub", ["r", "a"], ["s"]), node("Sum", ["s", "x", "a"], ["y"]),
        ],
        {},
    ),
    "Concat": (
        [node("Relu", ["x"], ["r"]), node("Concat", ["r", "x"], ["y"], axis=-3)], {},
    ),
    "Reshape as PyTorch once flattened": (
        [
            node("Shape", ["x"], ["s"]), node("Constant", [], ["0"], value_int=0),
            node("Gather", ["s", "0"], ["n"], axis=0), node("Unsqueeze", ["n", "a"], ["u"]),
            node("Concat", ["u", "m"], ["c"], axis=0), node("Reshape", ["x", "c"], ["y"]),
        ],
        {"a": np.array([0]), "m": np.array([-1])},
    ),
    "Squeeze": (
        [node("GlobalAveragePool", ["x"], ["g"]), node("Squeeze", ["g", "a"], ["y"])],
        {"a": np.array([2, 3])},
    ),
    "Unsqueeze": (
        [
            node("ReduceMean", ["x"], ["g"], axes=[2, 3], keepdims=0),
            node("Unsqueeze", ["g", "a"], ["u"]), node("Mul", ["x", "u"], ["y"]),
        ],
        {"a": np.array([2, 3])},
    ),
    "Transpose": (
        [node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]), node("Flatten", ["t"], ["y"])], {},
    ),
    "Pad": ([node("Pad", ["x", "p"], ["y"])], {"p": np.array([0, 0, 1, 0, 0, 0, 2, 3])}),
    "Identity, Dropout and Cast": (
        [
            node("Identity", ["x"], ["i"]), node("Dropout", ["i"], ["d"]),
            node("Cast", ["d"], ["y"], to=onnx.TensorProto.FLOAT),
        ],
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_operators(name, rng, tmp_path):
    path = write(tmp_path / "a.onnx", *CASES[name])
    images = rng.normal(0, 2, SHAPE).astype("f4")
    expected = run(path, images)
    net = from_onnx(path)
    found = outputs(net, images)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    inferred = net.output.output_shape
    assert inferred == (None, *expected.shape[1:])


REFUSED = {  # name: (nodes, constants, what the error says)
    "an unknown operator": (
        [node("Einsum", ["x"], ["y"], equation="abcd->ab")], {}, "operator 'Einsum'",
    ),
    "another domain": (
        [node("FusedConv", ["x"], ["y"], domain="com.microsoft")], {}, r"com\.microsoft\.FusedConv",
    ),
    "SAME_LOWER": (
        [node("Conv", ["x", "W"], ["y"], auto_pad="SAME_LOWER")], {"W": kernel(2, 4, 2, 2)},
        "SAME_LOWER",
    ),
    "too few channels": ([node("Conv", ["x", "W"], ["y"])], {"W": kernel(2, 3, 2, 2)}, "channels"),
    "a kernel that is no constant": ([node("Conv", ["x", "x"], ["y"])], {}, "should be a constant"),
    "a value that nothing makes": ([node("Relu", ["z"], ["y"])], {}, "'z'"),
    "an output without the images": (
        [node("Constant", [], ["y"], value_float=1.0)], {}, "does not depend on the images",
    ),
    "reflecting": (
        [node("Pad", ["x", "p"], ["y"], mode="reflect")],
        {"p": np.array([0, 0, 1, 0, 0, 0, 1, 0])}, "constant padding",
    ),
    "pictures mixed": (
        [node("Reshape", ["x", "r"], ["y"])], {"r": np.array([4, -1, 9, 8])}, "mix pictures",
    ),
    "arithmetic of shapes": (
        [node("Shape", ["x"], ["s"]), node("Mul", ["s", "s"], ["t"]),
         node("Reshape", ["x", "t"], ["y"])], {}, "Mul",
    ),
    "a large constant computed with": (
        [node("Gather", ["t", "i"], ["c"]), node("Reshape", ["x", "c"], ["y"])],
        {"t": np.zeros(1000, "i8"), "i": np.array([0])}, "only shapes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_is_refused_by_name(name, tmp_path):
    nodes, given, said = REFUSED[name]
    path = write(tmp_path / "a.onnx", nodes, given)
    with pytest.raises(WeightsFileError, match=said):
        from_onnx(path)


def outside(**changes):
    tensor = onnx.TensorProto(name="W", data_type=onnx.TensorProto.FLOAT, dims=[2, 4, 1, 1])
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    return tensor


def of(dims, content, kind=onnx.TensorProto.FLOAT):
    return onnx.TensorProto(name="W", data_type=kind, dims=dims, raw_data=content)


HOSTILE = {
    "data in another file": (outside(), "lies in another file"),
    "a bomb of a shape": (of([1 << 20, 1 << 20, 3, 3], b"1234"), "cannot be read"),
    "a shape that overflows": (of([1 << 62, 4, 1, 1], b""), "cannot be read"),
    "a negative shape": (of([-2, 4, 1, 1], b"1234"), "impossible shape"),
    "texts": (of([1], b"", onnx.TensorProto.STRING), "type STRING"),
    "no type": (of([1], b"", 0), "type none"),
}


@pytest.mark.parametrize("read", [from_onnx, lambda path: load(small_network(), path)])
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(20)
def test_hostile_constants(name, read, tmp_path):
    tensor, said = HOSTILE[name]
    path = write(tmp_path / "a.onnx", [node("Conv", ["x", "W"], ["y"])], {"W": tensor})
    with pytest.raises(WeightsError, match=rf"{said}|does not fit"):
        read(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"ir_version: 8\ngraph {\n}\n", r"it is text; it begins with 'ir_version: 8\\ngraph"),
        (b"<html>no such file</html>", "HTML"),
        (b"\x1f\x8b" + bytes(20), "gzip file; unpack it first"),
        (b"", "it is empty"),
        (b"\x08\x08\x12\x7f", "its structure is broken"),
    ],
)
def test_what_is_no_onnx_says_what_it_looks_like(content, said, tmp_path):
    (tmp_path / "a.onnx").write_bytes(content)
    for use in (from_onnx, inspect):
        with pytest.raises(WeightsFileError, match=rf"a\.onnx.*{said}"):
            use(tmp_path / "a.onnx")


def test_cut_short_anywhere(tmp_path):
    path = write(tmp_path / "a.onnx", [node("Relu", ["x"], ["y"])])
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(WeightsFileError):
            from_onnx(path)


def test_one_of_several_outputs(rng, tmp_path):
    path = write(tmp_path / "a.onnx", [node("Relu", ["x"], ["r"]), node("Tanh", ["r"], ["y"])])
    model = onnx.load(path)
    model.graph.output.add(name="r")
    onnx.save(model, path)
    with pytest.raises(WeightsFileError, match="output= y, r"):
        from_onnx(path)
    images = rng.normal(size=SHAPE).astype("f4")
    np.testing.assert_array_equal(
        outputs(from_onnx(path, output="r"), images), np.maximum(images, 0)
    )
    with pytest.raises(WeightsFileError, match="no operator makes 'z'"):
        from_onnx(path, output="z")


def test_images_of_any_size(rng, tmp_path):
    nodes = [
        node("Conv", ["x", "W"], ["c"], auto_pad="SAME_UPPER", strides=[2, 2]),
        node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        node("GlobalAveragePool", ["p"], ["g"]),
        node("Flatten", ["g"], ["y"]),
    ]
    path = write(tmp_path / "a.onnx", nodes, {"W": kernel(5, 4, 3, 3)}, shape=("n", 4, "h", "w"))
    net = from_onnx(path)
    for size in ((9, 8), (14, 11)):
        images = rng.normal(size=(2, 4, *size)).astype("f4")
        np.testing.assert_allclose(outputs(net, images), run(path, images), rtol=1e-4, atol=1e-5)


def test_names_of_parameters_lead_to_a_named_architecture(rng, tmp_path, undrawn):
    """As PyTorch exports a network whose batch normalisation it does not fold."""
    from theano_transfer import zoo
    from weights import torch_reference

    row = next(row for row in torch_reference.rows() if row["name"] == "resnet18")
    arrays = {name: torch_reference.parameter(name, shape) for name, shape in row["arrays"]}
    path = write(tmp_path / "a.onnx", [node("Relu", ["x"], ["y"])], arrays, producer_name="pytorch")
    net = zoo.resnet18(input_shape=(3, 32, 32))
    load(net, path)
    np.testing.assert_array_equal(net["conv1_conv"].W.get_value(), arrays["conv1.weight"])
    np.testing.assert_array_equal(net["predictions"].W.get_value(), arrays["fc.weight"].T)


def test_a_network_of_every_layer_there_and_back(rng, tmp_path):
    """What the zoo has but its small networks have not."""
    x = InputLayer((None, 3, 9, 8), name="input")
    x = layers.StandardizeLayer(x, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4), name="standardize")
    x = layers.RescaleLayer(x, (1, 2, 3), (0.1, 0, 0), name="rescale")
    x = lasagne.layers.Conv2DLayer(x, 4, (3, 2), pad=1, name="turned")
    x = layers.Conv2DLayer(x, 4, 2, flip_filters=True, nonlinearity=layers.swish, name="flipped")
    x = layers.SeparableConv2DLayer(x, 6, 3, 2, pad="same", name="separable")
    x = layers.AffineLayer(x, name="affine")
    x = layers.Crop2DLayer(x, ((1, 0), (0, 1)), name="crop")
    x = layers.SamePad2DLayer(x, 3, 2, name="pad")
    x = NonlinearityLayer(x, layers.hard_swish, name="swish")
    x = lasagne.layers.DropoutLayer(x, name="dropout")
    x = DenseLayer(x, 5, nonlinearity=lasagne.nonlinearities.softmax, name="dense")
    for param in lasagne.layers.get_all_params(x):
        if param.name.rpartition(".")[2] not in ("mean", "var", "count"):
            param.set_value(rng.normal(0, 0.5, param.get_value().shape).astype("f4"))
    images = rng.normal(size=(2, 3, 9, 8)).astype("f4")
    variable = lasagne.layers.get_all_layers(x)[0].input_var
    output = lasagne.layers.get_output(x, deterministic=True)
    expected = applied(variable, output, images)
    export(x, tmp_path / "a.onnx")
    np.testing.assert_allclose(run(tmp_path / "a.onnx", images), expected, rtol=1e-4, atol=1e-6)
    found = outputs(from_onnx(tmp_path / "a.onnx"), images)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    before = lasagne.layers.get_all_param_values(x)
    load(x, tmp_path / "a.onnx")
    for value, other in zip(lasagne.layers.get_all_param_values(x), before):
        np.testing.assert_array_equal(value, other)


@pytest.mark.parametrize("mode", ["max", "average_inc_pad", "average_exc_pad"])
def test_zeros_padded_before_a_pool_take_part_in_it(mode, rng, tmp_path):
    """Also after the rewrites of onnxruntime, which makes them its own padding."""
    x = layers.ZeroPad2DLayer(InputLayer((None, 2, 6, 5), name="input"), 1, name="pad")
    x = layers.Pool2DLayer(x, 3, stride=2, mode=mode, name="pool")
    images = -1 - rng.random((1, 2, 6, 5)).astype("f4")
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))[:, :, ::2, ::2]
    expected = windows.max((4, 5)) if mode == "max" else windows.mean((4, 5))
    export(x, tmp_path / "a.onnx")
    np.testing.assert_allclose(run(tmp_path / "a.onnx", images), expected, rtol=1e-6)
    found = outputs(from_onnx(tmp_path / "a.onnx"), images)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_record_goes_along(tmp_path):
    net = small_network()
    net.classes = list("abcdefg")
    export(net, tmp_path / "a.onnx")
    assert from_onnx(tmp_path / "a.onnx").classes == net.classes
    assert inspect(tmp_path / "a.onnx").attributes["preprocessing"] == "tf"


class Odd(lasagne.layers.Layer):
    """A layer that nobody knows."""


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda x: Odd(x, name="odd"), "Odd 'odd' has no counterpart"),
        (lambda x: NonlinearityLayer(x, abs, name="odd"), "nonlinearity abs"),
        (lambda x: NonlinearityLayer(x), "has no name"),
    ],
)
def test_what_has_no_counterpart_is_not_written(make, said, tmp_path):
    net = make(InputLayer((None, 3, 8, 8), name="input"))
    with pytest.raises(WeightsError, match=said):
        export(net, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_padding_by_the_size_of_images_needs_it(tmp_path):
    x = InputLayer((None, 3, None, None), name="input")
    x = layers.Conv2DLayer(x, 4, 3, 2, pad="same", name="conv")
    with pytest.raises(WeightsError, match="input_shape of numbers"):
        export(x, tmp_path / "a.onnx")


def test_without_onnx_the_extra_is_named(monkeypatch, tmp_path):
    import sys

    path = write(tmp_path / "a.onnx", [node("Relu", ["x"], ["y"])])
    monkeypatch.setitem(sys.modules, "onnx", None)
    for use in (from_onnx, inspect):
        with pytest.raises(WeightsError, match=r"pip install 'theano-transfer\[onnx\]'"):
            use(path)
