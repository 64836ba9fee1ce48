"""The ONNX operators that are known: what layer each becomes.

Semantics are those of ``docs/Operators.md`` in onnx/onnx.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import theano.tensor as T
from lasagne.layers import (
    ConcatLayer,
    DenseLayer,
    DimshuffleLayer,
    DropoutLayer,
    ElemwiseMergeLayer,
    ElemwiseSumLayer,
    FlattenLayer,
    GlobalPoolLayer,
    Layer,
    NonlinearityLayer,
    ReshapeLayer,
)
from lasagne.nonlinearities import LeakyRectify, rectify, sigmoid, softmax, tanh

from ..layers import (
    AffineLayer,
    BatchNormLayer,
    ConcatChannelsLayer,
    Conv2DLayer,
    Crop2DLayer,
    DepthwiseConv2DLayer,
    ExciteLayer,
    LocalResponseNormLayer,
    Pool2DLayer,
    RescaleLayer,
    SqueezeLayer,
    ZeroPad2DLayer,
    hard_sigmoid,
    hard_swish,
    relu6,
)
from ..layers._batch_norm import LEAST_EPSILON
from ._onnx import array_of, import_onnx
from ._onnx_graph import Graph

Operator = Callable[[Graph, Any], None]
OPERATORS: dict[str, Operator] = {}
# Shapes are computed while the graph is read; a batch's size, which is not known, is 0 in them,
# which in a reshaping means: as it is.
BATCH = 0
MAX_SHAPE = 64


def operator(*names: str) -> Callable[[Operator], Operator]:
    """Enter a function into ``OPERATORS``."""

    def enter(function: Operator) -> Operator:
        OPERATORS.update((name, function) for name in names)
        return function

    return enter


def attributes(node: Any) -> dict[str, Any]:
    """Settings of an operator by name."""
    onnx = import_onnx()
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def _expect(condition: bool, reason: str) -> None:
    if not condition:
        raise ValueError(reason)


def _numbers(graph: Graph, node: Any, name: str, index: int) -> list[int]:
    """Whole numbers: an attribute of old versions of an operator, an input of new ones."""
    given = attributes(node).get(name)
    found = graph.constant(node, index) if given is None else given
    _expect(found is not None, f"no {name} are given")
    return [int(number) for number in np.atleast_1d(np.asarray(found))]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _pair(values: Any) -> tuple[int, int]:
    rows, columns = (int(value) for value in values)
    return rows, columns


def _padding(given: dict[str, Any]) -> Any:
    """A padding as layers write it, from 'auto_pad' and 'pads'."""
    automatic = _text(given.get("auto_pad", "NOTSET"))
    if automatic == "SAME_UPPER":
        return "same"
    if automatic == "VALID":
        return "valid"
    _expect(automatic == "NOTSET", f"auto_pad {automatic!r} is not known")
    top, left, bottom, right = (int(n) for n in given.get("pads", (0, 0, 0, 0)))
    _expect(min(top, left, bottom, right) >= 0, "a negative padding")
    return ((top, bottom), (left, right))


@operator("Conv")
def _conv(graph: Graph, node: Any) -> None:
    given, x, W = attributes(node), graph.layer(node), graph.weights(node, 1)
    _expect(len(x.output_shape) == 4 and W.ndim == 4, "only convolutions of images are known")
    groups = int(given.get("group", 1))
    b = graph.weights(node, 2) if graph.constant(node, 2) is not None else None
    options: dict[str, Any] = {
        "stride": _pair(given.get("strides", (1, 1))),
        "pad": _padding(given),
        "dilation": _pair(given.get("dilations", (1, 1))),
        "W": W,
        "b": b,
    }
    channels = x.output_shape[1]
    _expect(channels is not None and W.shape[1] * groups == channels, "another number of channels")
    size = W.shape[2:]
    if groups == channels > 1:
        multiplier = W.shape[0] // groups
        made = graph.add(node, DepthwiseConv2DLayer, x, size, multiplier=multiplier, **options)
    else:
        made = graph.add(node, Conv2DLayer, x, W.shape[0], size, groups=groups, **options)
    graph.put(node, made)


@operator("BatchNormalization")
def _batch_normalization(graph: Graph, node: Any) -> None:
    given = attributes(node)
    _expect(not given.get("training_mode"), "it normalises by the batch (training_mode)")
    gamma, beta, mean, var = (graph.weights(node, index) for index in range(1, 5))
    epsilon = float(given.get("epsilon", 1e-5))
    if epsilon < LEAST_EPSILON:  # Theano's is at least this; what is missing comes off the variance
        var, epsilon = var - np.float32(LEAST_EPSILON - epsilon), LEAST_EPSILON
    options: dict[str, Any] = {"gamma": gamma, "beta": beta, "mean": mean, "var": var}
    momentum = float(given.get("momentum", 0.9))
    graph.put(
        node, graph.add(node, BatchNormLayer, graph.layer(node), epsilon, momentum, **options)
    )


@operator("MaxPool", "AveragePool")
def _pool(graph: Graph, node: Any) -> None:
    given, x = attributes(node), graph.layer(node)
    _expect(len(x.output_shape) == 4, "only pooling of images is known")
    _expect(set(given.get("dilations", (1,))) == {1}, "dilated pooling is not known")
    _expect(len([name for name in node.output if name]) == 1, "it gives indices too")
    size, stride = _pair(given["kernel_shape"]), _pair(given.get("strides", (1, 1)))
    inclusive = node.op_type == "AveragePool" and bool(given.get("count_include_pad", 0))
    pad = _padding(given)
    if given.get("ceil_mode", 0):
        pad = _overhanging(x, size, stride, pad, inclusive)
    mode = "max" if node.op_type == "MaxPool" else "average_exc_pad"
    if inclusive:
        mode = "average_inc_pad"
    graph.put(node, graph.add(node, Pool2DLayer, x, size, stride, pad=pad, mode=mode))


def _overhanging(x: Layer, size: Any, stride: Any, pad: Any, inclusive: bool) -> Any:
    """The padding with what the last windows hang over by."""
    if isinstance(pad, str):
        return pad
    lengths = x.output_shape[2:]
    if None in lengths:
        _expect(not any(map(any, pad)), "ceil_mode with padding needs images of known size")
        _expect(not inclusive, "ceil_mode with count_include_pad needs images of known size")
        return "ceil"
    found = []
    for n, k, s, (before, after) in zip(lengths, size, stride, pad):
        windows = -(-(n + before + after - k) // s) + 1
        if (windows - 1) * s >= n + before:  # a window wholly behind the image is left out
            windows -= 1
        over = max((windows - 1) * s + k - n - before - after, 0)
        _expect(not (over and inclusive), "ceil_mode with count_include_pad is not known")
        found.append((before, after + over))
    return tuple(found)


@operator("GlobalAveragePool", "GlobalMaxPool")
def _global_pool(graph: Graph, node: Any) -> None:
    function = T.mean if node.op_type == "GlobalAveragePool" else T.max
    graph.put(node, graph.add(node, SqueezeLayer, graph.layer(node), function))


@operator("ReduceMean", "ReduceMax")
def _reduce(graph: Graph, node: Any) -> None:
    given, x = attributes(node), graph.layer(node)
    dims = len(x.output_shape)
    axes = sorted(axis % dims for axis in _numbers(graph, node, "axes", 1))
    _expect(dims == 4 and axes == [2, 3], "only rows and columns are known")
    function = T.mean if node.op_type == "ReduceMean" else T.max
    kind = SqueezeLayer if given.get("keepdims", 1) else GlobalPoolLayer
    graph.put(node, graph.add(node, kind, x, function))


@operator("Gemm")
def _gemm(graph: Graph, node: Any) -> None:
    given, x, W = attributes(node), graph.layer(node), graph.weights(node, 1)
    _expect(not given.get("transA", 0), "its first matrix is transposed")
    _expect(len(x.output_shape) == 2 and W.ndim == 2, "matrices are expected")
    W = W.T if given.get("transB", 0) else W
    W = np.ascontiguousarray(W * W.dtype.type(given.get("alpha", 1.0)))
    b = None
    if graph.constant(node, 2) is not None:
        b = graph.weights(node, 2) * W.dtype.type(given.get("beta", 1.0))
        b = np.broadcast_to(b.reshape(-1), W.shape[1:]).copy()
    graph.put(node, _dense(graph, node, x, W, b))


@operator("MatMul")
def _matmul(graph: Graph, node: Any) -> None:
    x, W = graph.layer(node), graph.weights(node, 1)
    _expect(len(x.output_shape) == 2 and W.ndim == 2, "matrices are expected")
    bias, follower = None, graph.follower(node, "Add")
    if follower is not None:
        (other,) = (name for name in follower.input if name != node.output[0])
        found = graph.value(other) if graph.is_constant(other) else None
        if isinstance(found, np.ndarray) and found.shape in ((W.shape[1],), (1, W.shape[1])):
            bias = found.reshape(-1).astype(W.dtype)
    made = _dense(graph, node, x, np.ascontiguousarray(W), bias)
    graph.put(node, made)
    if bias is not None:
        graph.put(follower, made)  # the bias is in the layer already
        graph.done.add(follower.output[0])


def _dense(graph: Graph, node: Any, x: Layer, W: np.ndarray, b: np.ndarray | None) -> Layer:
    _expect(x.output_shape[1] == W.shape[0], "the matrix has another size than what comes in")
    return graph.add(node, DenseLayer, x, W.shape[1], W=W, b=b, nonlinearity=None)


def _elementwise(function: Callable[[Any], Any]) -> Operator:
    def build(graph: Graph, node: Any) -> None:
        graph.put(node, graph.add(node, NonlinearityLayer, graph.layer(node), function))

    return build


OPERATORS.update(
    Relu=_elementwise(rectify),
    Sigmoid=_elementwise(sigmoid),
    Tanh=_elementwise(tanh),
    HardSwish=_elementwise(hard_swish),
)


@operator("LeakyRelu")
def _leaky_relu(graph: Graph, node: Any) -> None:
    alpha = float(attributes(node).get("alpha", 0.01))
    _elementwise(LeakyRectify(alpha))(graph, node)


@operator("HardSigmoid")
def _hard_sigmoid(graph: Graph, node: Any) -> None:
    given = attributes(node)
    alpha, beta = float(given.get("alpha", 0.2)), float(given.get("beta", 0.5))
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        _elementwise(hard_sigmoid)(graph, node)
    else:
        _elementwise(partial(_clipped_line, alpha, beta))(graph, node)


def _clipped_line(alpha: float, beta: float, x: Any) -> Any:
    return T.clip(np.float32(alpha) * x + np.float32(beta), 0, 1)


@operator("Clip")
def _clip(graph: Graph, node: Any) -> None:
    given = attributes(node)
    least, most = (graph.constant(node, index) for index in (1, 2))
    low = float(given.get("min", -np.inf if least is None else least))
    high = float(given.get("max", np.inf if most is None else most))
    if (low, high) == (0, 6):
        function: Any = relu6
    elif low == 0 and high >= np.finfo(np.float32).max:
        function = rectify
    else:
        function = partial(_clipped, low, high)
    _elementwise(function)(graph, node)


def _clipped(low: float, high: float, x: Any) -> Any:
    return T.clip(x, np.float32(low), np.float32(high))


@operator("Softmax")
def _softmax(graph: Graph, node: Any) -> None:
    x = graph.layer(node)
    axis = int(attributes(node).get("axis", -1))
    _expect(len(x.output_shape) == 2 and axis in (1, -1), "only scores (batch, class) are known")
    _elementwise(softmax)(graph, node)


@operator("LRN")
def _lrn(graph: Graph, node: Any) -> None:
    given = attributes(node)
    size = int(given["size"])
    alpha = float(given.get("alpha", 1e-4)) / size
    beta, k = float(given.get("beta", 0.75)), float(given.get("bias", 1.0))
    made = graph.add(node, LocalResponseNormLayer, graph.layer(node), alpha, k, beta, size)
    graph.put(node, made)


@operator("Add", "Sub", "Mul", "Div")
def _arithmetic(graph: Graph, node: Any) -> None:
    if node.output[0] in graph.done:
        return
    left, right = graph.inputs(node)
    _expect(left is not None and right is not None, "two inputs are expected")
    if isinstance(left, Layer) and isinstance(right, Layer):
        graph.put(node, _of_two(graph, node, left, right))
        return
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        raise ValueError("arithmetic of constants is not known")
    layer, numbers = (left, right) if isinstance(left, Layer) else (right, left)
    swapped = layer is right
    _expect(not (swapped and node.op_type == "Div"), "division by an image is not known")
    numbers = np.asarray(numbers, np.float64)
    scale, shift = np.ones(()), np.zeros(())
    if node.op_type == "Add":
        shift = numbers
    elif node.op_type == "Sub":
        scale, shift = (np.full((), -1.0), numbers) if swapped else (scale, -numbers)
    else:
        scale = numbers if node.op_type == "Mul" else 1 / numbers
    graph.put(node, _affine(graph, node, layer, scale, shift))


def _affine(graph: Graph, node: Any, x: Any, scale: np.ndarray, shift: np.ndarray) -> Layer:
    """``scale * x + shift``, by numbers for all or for each channel."""
    if scale.size == shift.size == 1:
        return graph.add(node, RescaleLayer, x, float(scale.item()), float(shift.item()))
    options: dict[str, Any] = {"gamma": None, "beta": None}
    for role, numbers, nothing in (("gamma", scale, 1), ("beta", shift, 0)):
        if numbers.size > 1 or numbers.item() != nothing:
            options[role] = _per_channel(numbers, x.output_shape)
    return graph.add(node, AffineLayer, x, **options)


def _per_channel(numbers: np.ndarray, shape: tuple[Any, ...]) -> np.ndarray:
    full = (1,) * (len(shape) - numbers.ndim) + numbers.shape
    fits = len(full) == len(shape) and all(
        extent == 1 or (axis == 1 and extent == shape[1]) for axis, extent in enumerate(full)
    )
    _expect(fits, f"constants of shape {numbers.shape} are not numbers for each channel")
    return np.broadcast_to(numbers.reshape(-1), shape[1:2]).astype(np.float32)


def _of_two(graph: Graph, node: Any, left: Layer, right: Layer) -> Layer:
    shapes = [left.output_shape, right.output_shape]
    if shapes[0] == shapes[1]:
        if node.op_type in ("Add", "Sub"):
            coefficients = [1, 1 if node.op_type == "Add" else -1]
            return graph.add(node, ElemwiseSumLayer, [left, right], coeffs=coefficients)
        _expect(node.op_type == "Mul", "division of images is not known")
        return graph.add(node, ElemwiseMergeLayer, [left, right], T.mul)
    if node.op_type == "Mul":
        for images, numbers in ((left, right), (right, left)):
            if numbers.output_shape[1:] == (images.output_shape[1], 1, 1):
                return graph.add(node, ExciteLayer, [images, numbers])
    raise ValueError(f"shapes {shapes[0]} and {shapes[1]} do not go together")


@operator("Sum")
def _sum(graph: Graph, node: Any) -> None:
    layers = [graph.layer(node, index) for index in range(len(node.input))]
    graph.put(node, graph.add(node, ElemwiseSumLayer, layers))


@operator("Concat")
def _concat(graph: Graph, node: Any) -> None:
    values = graph.inputs(node)
    arrays = [np.atleast_1d(value) for value in values if isinstance(value, np.ndarray)]
    if len(arrays) == len(values):
        graph.put(node, _small(np.concatenate(arrays)))
        return
    layers = [graph.layer(node, index) for index in range(len(values))]
    dims = len(layers[0].output_shape)
    axis = int(attributes(node)["axis"]) % dims
    if axis == 1 and dims == 4:
        graph.put(node, graph.add(node, ConcatChannelsLayer, layers))
    else:
        _expect(axis > 0, "pictures of a batch are not put behind each other")
        graph.put(node, graph.add(node, ConcatLayer, layers, axis=axis))


@operator("Flatten")
def _flatten(graph: Graph, node: Any) -> None:
    _expect(int(attributes(node).get("axis", 1)) == 1, "all but the first axis are to become one")
    graph.put(node, graph.add(node, FlattenLayer, graph.layer(node)))


@operator("Reshape")
def _reshape(graph: Graph, node: Any) -> None:
    x, wanted = graph.layer(node), _numbers(graph, node, "shape", 1)
    _expect(not attributes(node).get("allowzero", 0), "axes of no length are not known")
    graph.put(node, _reshaped(graph, node, x, wanted))


def _reshaped(graph: Graph, node: Any, x: Layer, wanted: list[int]) -> Layer:
    shape = x.output_shape
    rest = None if None in shape[1:] else int(np.prod(shape[1:]))
    # The batch stays, whether the file says so or gives the number of one picture.
    if len(wanted) == 2 and (wanted[1] in (-1, rest) or (wanted[0] == -1 and wanted[1] == rest)):
        return graph.add(node, FlattenLayer, x)
    _expect(wanted[0] in (BATCH, -1, 1), f"the shape {wanted} would mix pictures of a batch")
    inner = [shape[axis] if n == 0 else n for axis, n in enumerate(wanted)][1:]
    _expect(None not in inner and inner.count(-1) <= 1, f"the shape {wanted} is not known")
    return graph.add(node, ReshapeLayer, x, ([0], *inner))


@operator("Squeeze", "Unsqueeze")
def _squeeze(graph: Graph, node: Any) -> None:
    axes = _numbers(graph, node, "axes", 1)
    value = graph.value(node.input[0])
    if isinstance(value, np.ndarray):
        change = np.squeeze if node.op_type == "Squeeze" else np.expand_dims
        graph.put(node, change(_small(value), tuple(axes)))
        return
    shape = list(value.output_shape)
    if node.op_type == "Squeeze":
        gone = {axis % len(shape) for axis in axes}
        _expect(0 not in gone and all(shape[axis] == 1 for axis in gone), "axes of length 1 only")
        wanted = [n for axis, n in enumerate(shape) if axis not in gone]
    else:
        dims = len(shape) + len(axes)
        new = {axis % dims for axis in axes}
        _expect(0 not in new, "an axis in front of the batch")
        rest = iter(shape)
        wanted = [1 if axis in new else next(rest) for axis in range(dims)]
    _expect(None not in wanted[1:], "the size of images has to be known")
    graph.put(node, _reshaped(graph, node, value, [BATCH, *wanted[1:]]))


@operator("Transpose")
def _transpose(graph: Graph, node: Any) -> None:
    value, order = graph.value(node.input[0]), attributes(node).get("perm")
    if isinstance(value, np.ndarray):
        graph.put(node, value.transpose(None if order is None else list(order)))
        return
    if order is None or order[0] != 0:
        raise ValueError("the batch has to stay the first axis")
    graph.put(node, graph.add(node, DimshuffleLayer, value, tuple(int(axis) for axis in order)))


@operator("Pad")
def _pad(graph: Graph, node: Any) -> None:
    given, x = attributes(node), graph.layer(node)
    _expect(_text(given.get("mode", "constant")) == "constant", "only constant padding is known")
    pads = given.get("pads") or given.get("paddings")
    pads = graph.constant(node, 1) if pads is None else np.asarray(pads)
    value = graph.constant(node, 2)
    filled = float(given.get("value", 0.0)) if value is None or not value.size else float(value)
    _expect(filled == 0, "only padding with zeros is known")
    _expect(pads is not None and pads.size == 8, "padding of four axes is expected")
    (n0, c0, top, left), (n1, c1, bottom, right) = np.asarray(pads, int).reshape(2, 4).tolist()
    _expect(not any((n0, c0, n1, c1)), "only rows and columns are padded")
    graph.put(node, graph.add(node, ZeroPad2DLayer, x, ((top, bottom), (left, right))))


@operator("Identity", "Cast")
def _identity(graph: Graph, node: Any) -> None:
    onnx = import_onnx()
    value = graph.value(node.input[0])
    if node.op_type == "Cast" and isinstance(value, Layer):
        kind = attributes(node)["to"]
        _expect(kind == onnx.TensorProto.FLOAT, "images stay float32")
    graph.put(node, value)


@operator("Dropout")
def _dropout(graph: Graph, node: Any) -> None:
    ratio = graph.constant(node, 1)
    p = float(attributes(node).get("ratio", 0.5) if ratio is None else ratio)
    graph.put(node, graph.add(node, DropoutLayer, graph.layer(node), p))


@operator("Constant")
def _constant(graph: Graph, node: Any) -> None:
    given = attributes(node)
    for name, kind in (("value_float", np.float32), ("value_int", np.int64)):
        if name in given:
            graph.put(node, np.asarray(given[name], kind))
            return
    for name, kind in (("value_floats", np.float32), ("value_ints", np.int64)):
        if name in given:
            graph.put(node, np.asarray(given[name], kind))
            return
    _expect("value" in given, "a constant of a kind that is not known")
    graph.put(node, array_of(given["value"], graph.path))


@operator("Shape")
def _shape(graph: Graph, node: Any) -> None:
    value, given = graph.value(node.input[0]), attributes(node)
    shape = value.output_shape if isinstance(value, Layer) else value.shape
    known = [BATCH if axis == 0 else n for axis, n in enumerate(shape)]
    found = known[slice(given.get("start", 0), given.get("end"))]
    _expect(None not in found, "the size of images has to be known")
    graph.put(node, np.array(found, np.int64))


@operator("Gather")
def _gather(graph: Graph, node: Any) -> None:
    values, indices = graph.constant(node, 0), graph.constant(node, 1)
    axis = int(attributes(node).get("axis", 0))
    graph.put(node, np.take(_small(values), _small(indices).astype(int), axis))


@operator("Slice")
def _slice(graph: Graph, node: Any) -> None:
    given, value = attributes(node), graph.value(node.input[0])
    starts, ends = (_numbers(graph, node, name, i) for i, name in ((1, "starts"), (2, "ends")))
    axes = list(range(len(starts)))
    if "axes" in given or graph.constant(node, 3) is not None:
        axes = _numbers(graph, node, "axes", 3)
    if graph.constant(node, 4) is not None:
        _expect(set(_numbers(graph, node, "steps", 4)) == {1}, "only steps of 1 are known")
    if isinstance(value, np.ndarray):
        _expect(value.ndim == 1 and len(starts) == 1, "only shapes are taken apart")
        graph.put(node, _small(value)[starts[0] : ends[0]])
        return
    shape = value.output_shape
    cropping = [(0, 0)] * len(shape)
    for start, end, axis in zip(starts, ends, axes):
        n = shape[axis]
        _expect(axis % len(shape) in (2, 3), "only rows and columns are taken away")
        _expect(start >= 0 and (n is not None or end < 0 or end > 1 << 31), "of unknown size")
        after = max(n - end, 0) if end >= 0 and n is not None else -min(end, 0)
        cropping[axis] = (start, after)
    graph.put(node, graph.add(node, Crop2DLayer, value, tuple(cropping[2:])))


def _small(values: np.ndarray | None) -> np.ndarray:
    """Constants that something is computed of: shapes."""
    _expect(values is not None and values.size <= MAX_SHAPE, "only shapes are computed")
    assert values is not None
    return values
