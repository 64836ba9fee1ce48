"""A network of Lasagne layers as an ONNX graph.

Operators have the names of their layers; what a layer makes is called after it, ``'conv1:0'``, and
its parameters ``'conv1.W'``, in Theano's order of axes, which is ONNX's. Constants that are no
parameters have a slash in their names. Training is left out: batch normalisation uses its averages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import theano.tensor as T
from lasagne import layers as lasagne_layers
from lasagne import nonlinearities
from lasagne.layers import Layer

from .. import layers as own
from ..zoo import Network
from ._errors import WeightsError
from ._load import epsilon_attribute, record_attributes
from ._onnx import PRODUCER, import_onnx, set_attributes
from ._target import layers_of, target_of

OPSET = 13
VERSION = 8  # of the representation: ONNX 1.10, 2021
IMAGES, SCORES = "images", "output"

Write = Callable[["Writing", Any, "list[str]"], str]
_WRITERS: dict[type, Write] = {}


def write_onnx(net: Any, path: Path) -> None:
    """Write a network as an ONNX model with one input, 'images', and one output, 'output'.

    Raises
    ------
    WeightsError
        A layer or a nonlinearity has no counterpart, or the package onnx is missing.
    """
    onnx = import_onnx()
    model = Writing(net).model()
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


class Writing:
    """A graph that is being written."""

    def __init__(self, net: Any):
        self.onnx = import_onnx()
        self.net = net
        self.target = target_of(net)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._names = {id(param): name for name, param in self.target.params.items()}
        self._entered: set[str] = set()
        self._made: Counter[str] = Counter()

    def model(self) -> Any:
        """The whole model."""
        helper, kind = self.onnx.helper, self.onnx.TensorProto.FLOAT
        output = self._output()
        results: dict[Layer, str] = {}
        images = None
        for layer in lasagne_layers.get_all_layers(output):
            if isinstance(layer, lasagne_layers.InputLayer):
                if images is not None:
                    raise WeightsError("a network of one input is expected; this one has several")
                images, results[layer] = layer, IMAGES
                continue
            below = getattr(layer, "input_layers", None) or [layer.input_layer]
            if any(one is None for one in below):
                raise WeightsError(f"{self.called(layer)} stands on a shape, not on a layer")
            results[layer] = self.write(layer, [results[one] for one in below])
        assert images is not None
        self.node("Identity", [results[output]], SCORES, name="output")
        shapes = {
            name: ["batch", *(n or f"{name}_{axis}" for axis, n in enumerate(shape[1:], start=1))]
            for name, shape in ((IMAGES, images.shape), (SCORES, output.output_shape))
        }
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info(IMAGES, kind, shapes[IMAGES])],
            [helper.make_tensor_value_info(SCORES, kind, shapes[SCORES])],
            self.constants,
        )
        model = helper.make_model(
            graph,
            producer_name=PRODUCER,
            ir_version=VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        set_attributes(
            model, {**record_attributes(self.net), **epsilon_attribute(self.target.epsilon)}
        )
        return model

    def write(self, layer: Layer, inputs: list[str]) -> str:
        """Write one layer on what it stands on; the name of what it makes."""
        if not layer.name:
            raise WeightsError(f"{self.called(layer)} has no name; give it one: name='...'")
        for kind in type(layer).__mro__:
            if kind in _WRITERS:
                return _WRITERS[kind](self, layer, inputs)
        known = ", ".join(sorted(kind.__name__ for kind in _WRITERS))
        msg = f"{self.called(layer)} has no counterpart in ONNX that is known; known are {known}"
        raise WeightsError(msg)

    def called(self, layer: Layer) -> str:
        """A layer, for messages."""
        return f"{type(layer).__name__} {layer.name!r}"

    def node(
        self, operator: str, inputs: list[str], made: str, name: str, **attributes: Any
    ) -> str:
        """Add an operator that makes `made`."""
        node = self.onnx.helper.make_node(operator, inputs, [made], name=name, **attributes)
        self.nodes.append(node)
        return made

    def after(
        self, layer: Layer, x: str, operator: str, others: Sequence[str] = (), **given: Any
    ) -> str:
        """Add the next operator of a layer, of which `x` is the first input."""
        number = self._made[layer.name]
        self._made[layer.name] += 1
        name = f"{layer.name}/{number}" if number else layer.name
        return self.node(operator, [x, *others], f"{layer.name}:{number}", name, **given)

    def param(self, variable: Any, values: np.ndarray | None = None) -> str:
        """Enter a parameter under its name, and what is used of it, `values`, under another."""
        name = self.constant(self._names[id(variable)], variable.get_value(borrow=True))
        return name if values is None else self.constant(f"{name}/written", values)

    def constant(self, name: str, values: Any, dtype: Any = np.float32) -> str:
        """Enter a constant."""
        if name not in self._entered:
            self._entered.add(name)
            array = np.array(values, dtype, order="C")
            self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def activate(self, layer: Layer, x: str, function: Any) -> str:
        """Add the operators of a nonlinearity."""
        if function is None or function in (nonlinearities.identity, nonlinearities.linear):
            return x
        if function is nonlinearities.rectify:
            return self.after(layer, x, "Relu")
        if function is own.relu6:
            limits = [self.constant(f"{layer.name}/{end}", end) for end in (0.0, 6.0)]
            return self.after(layer, x, "Clip", limits)
        if function is own.swish:
            return self.after(layer, x, "Mul", [self.after(layer, x, "Sigmoid")])
        if function in (own.hard_sigmoid, own.hard_swish):
            gate = self.after(layer, x, "HardSigmoid", alpha=1 / 6, beta=0.5)
            return gate if function is own.hard_sigmoid else self.after(layer, x, "Mul", [gate])
        if function is nonlinearities.sigmoid:
            return self.after(layer, x, "Sigmoid")
        if function is nonlinearities.tanh:
            return self.after(layer, x, "Tanh")
        if function is nonlinearities.softmax:
            return self.after(layer, x, "Softmax", axis=1)
        if isinstance(function, nonlinearities.LeakyRectify):
            return self.after(layer, x, "LeakyRelu", alpha=float(function.leakiness))
        name = getattr(function, "__name__", repr(function))
        msg = f"the nonlinearity {name} of {self.called(layer)} has no counterpart in ONNX"
        raise WeightsError(msg)

    def pads(self, layer: Layer, pad: Any, extents: Any, strides: Any) -> list[int]:
        """ONNX's (top, left, bottom, right); numbers, so the size of images has to be known."""
        from ..layers._padding import is_static, resolve

        sizes = layer.input_shape[2:]
        if isinstance(pad, str) and None in sizes and not (pad == "same" and set(strides) == {1}):
            msg = (
                f"{self.called(layer)} pads by the size of its images, which ONNX wants to know; "
                "build the network with an input_shape of numbers"
            )
            raise WeightsError(msg)
        known = tuple(0 if n is None else n for n in sizes)
        pad = resolve(pad, None, known, extents, strides)
        assert is_static(pad)
        (top, bottom), (left, right) = pad
        return [top, left, bottom, right]

    def _output(self) -> Layer:
        if isinstance(self.net, Network):
            return self.net.output
        if isinstance(self.net, Layer):
            return self.net
        return layers_of(self.net)[-1]


def writer(*kinds: type) -> Callable[[Write], Write]:
    """Enter a function as what writes layers of some classes, and of those made from them."""

    def enter(function: Write) -> Write:
        _WRITERS.update((kind, function) for kind in kinds)
        return function

    return enter


@writer(own.Conv2DLayer)
def _convolution(writing: Writing, layer: Any, inputs: list[str]) -> str:
    extents = tuple((k - 1) * d + 1 for k, d in zip(layer.filter_size, layer.dilation))
    x = _convolved(writing, layer, inputs[0], layer.pad, extents, layer.W, layer.b)
    return writing.activate(layer, x, layer.nonlinearity)


def _convolved(writing: Writing, layer: Any, x: str, pad: Any, extents: Any, W: Any, b: Any) -> str:
    flipped = layer.flip_filters
    kernel = writing.param(W, W.get_value()[:, :, ::-1, ::-1] if flipped else None)
    given = [kernel] if b is None else [kernel, writing.param(b)]
    return writing.after(
        layer,
        x,
        "Conv",
        given,
        kernel_shape=list(layer.filter_size),
        strides=list(layer.stride),
        dilations=list(layer.dilation),
        group=layer.groups,
        pads=writing.pads(layer, pad, extents, layer.stride),
    )


@writer(lasagne_layers.Conv2DLayer)
def _lasagne_convolution(writing: Writing, layer: Any, inputs: list[str]) -> str:
    """Lasagne's own, which turns its filters by 180 degrees."""
    if layer.untie_biases or layer.pad == "strictsame":
        raise WeightsError(f"{writing.called(layer)} has biases for each place; ONNX has not")
    sizes = layer.filter_size
    pad = layer.pad
    if isinstance(pad, str):
        sides = {"valid": (0, 0), "full": tuple(k - 1 for k in sizes)}
        pad = sides.get(pad) or tuple((k - 1) // 2 for k in sizes)
    top, left = (pad, pad) if isinstance(pad, int) else pad
    kernel = writing.param(layer.W, layer.W.get_value()[:, :, ::-1, ::-1])
    given = [kernel] if layer.b is None else [kernel, writing.param(layer.b)]
    shape = {"kernel_shape": list(sizes), "strides": list(layer.stride)}
    x = writing.after(layer, inputs[0], "Conv", given, pads=[top, left, top, left], **shape)
    return writing.activate(layer, x, layer.nonlinearity)


@writer(own.SeparableConv2DLayer)
def _separable(writing: Writing, layer: Any, inputs: list[str]) -> str:
    within, across = layer._within, layer._across
    within.name = across.name = layer.name
    extents = tuple((k - 1) * d + 1 for k, d in zip(within.filter_size, within.dilation))
    x = _convolved(writing, within, inputs[0], within.pad, extents, layer.W, None)
    x = _convolved(writing, across, x, across.pad, (1, 1), layer.pointwise, layer.b)
    return writing.activate(layer, x, across.nonlinearity)


@writer(own.BatchNormLayer)
def _batch_norm(writing: Writing, layer: Any, inputs: list[str]) -> str:
    from ..layers._batch_norm import LEAST_FLOAT32

    channels = layer.input_shape[1]
    gamma, beta = (
        writing.constant(f"{layer.name}/{role}", np.full(channels, value))
        if param is None
        else writing.param(param)
        for role, param, value in (("ones", layer.gamma, 1.0), ("zeros", layer.beta, 0.0))
    )
    averages = [writing.param(layer.mean), writing.param(layer.var)]
    epsilon = max(layer.epsilon, LEAST_FLOAT32)
    given = [gamma, beta, *averages]
    return writing.after(layer, inputs[0], "BatchNormalization", given, epsilon=epsilon)


@writer(own.AffineLayer)
def _affine(writing: Writing, layer: Any, inputs: list[str]) -> str:
    (x,) = inputs
    for param, operator in ((layer.gamma, "Mul"), (layer.beta, "Add")):
        if param is not None:
            values = param.get_value().reshape(_per_channel(layer))
            x = writing.after(layer, x, operator, [writing.param(param, values)])
    return x if x != inputs[0] else writing.after(layer, x, "Identity")


def _per_channel(layer: Layer) -> tuple[int, ...]:
    return (-1, *(1,) * (len(layer.input_shape) - 2))


@writer(own.RescaleLayer)
def _rescale(writing: Writing, layer: Any, inputs: list[str]) -> str:
    shape = (1, *_per_channel(layer))
    scale, offset = (np.reshape(numbers, shape) for numbers in (layer.scale, layer.offset))
    x = writing.after(layer, inputs[0], "Mul", [writing.constant(f"{layer.name}/scale", scale)])
    if not offset.any():
        return x
    return writing.after(layer, x, "Add", [writing.constant(f"{layer.name}/offset", offset)])


@writer(own.StandardizeLayer)
def _standardize(writing: Writing, layer: Any, inputs: list[str]) -> str:
    from ..layers._rescale import LEAST_DEVIATION

    shape = _per_channel(layer)
    writing.param(layer.count)  # for those who load the parameters into such a network
    mean = layer.mean.get_value().reshape(shape)
    deviation = np.maximum(np.sqrt(layer.var.get_value()), LEAST_DEVIATION).reshape(shape)
    x = writing.after(layer, inputs[0], "Sub", [writing.param(layer.mean, mean)])
    return writing.after(layer, x, "Div", [writing.param(layer.var, deviation)])


@writer(lasagne_layers.NonlinearityLayer)
def _nonlinearity(writing: Writing, layer: Any, inputs: list[str]) -> str:
    made = writing.activate(layer, inputs[0], layer.nonlinearity)
    return made if made != inputs[0] else writing.after(layer, made, "Identity")


@writer(own.Pool2DLayer)
def _pool(writing: Writing, layer: Any, inputs: list[str]) -> str:
    inclusive = layer.mode == "average_inc_pad"
    given: dict[str, Any] = {
        "kernel_shape": list(layer.pool_size),
        "strides": list(layer.stride),
    }
    if layer.pad == "ceil":
        given.update(ceil_mode=1, pads=[0, 0, 0, 0])
    else:
        given["pads"] = writing.pads(layer, layer.pad, layer.pool_size, layer.stride)
    if layer.mode == "max":
        _keep_zeros(writing, inputs[0])
        return writing.after(layer, inputs[0], "MaxPool", **given)
    given["count_include_pad"] = int(inclusive)
    return writing.after(layer, inputs[0], "AveragePool", **given)


def _keep_zeros(writing: Writing, x: str) -> None:
    """Let zeros that were padded in front of MaxPool take part in its maxima.

    Since version 1.17 onnxruntime makes such a Pad the padding of MaxPool, which takes no part,
    where all bits of what is padded with are 0. Those of minus zero are not.
    """
    for node in writing.nodes:
        if node.op_type == "Pad" and x in node.output and len(node.input) == 2:
            node.input.append(writing.constant(f"{node.name}/zero", -0.0))


@writer(own.ZeroPad2DLayer)
def _zero_pad(writing: Writing, layer: Any, inputs: list[str]) -> str:
    (top, bottom), (left, right) = layer.padding
    return _padded(writing, layer, inputs[0], [top, left, bottom, right])


@writer(own.SamePad2DLayer)
def _same_pad(writing: Writing, layer: Any, inputs: list[str]) -> str:
    pads = writing.pads(layer, "same", layer.filter_size, layer.stride)
    return _padded(writing, layer, inputs[0], pads)


def _padded(writing: Writing, layer: Layer, x: str, pads: list[int]) -> str:
    top, left, bottom, right = pads
    numbers = [0, 0, top, left, 0, 0, bottom, right]
    return writing.after(
        layer, x, "Pad", [writing.constant(f"{layer.name}/pads", numbers, np.int64)]
    )


@writer(own.Crop2DLayer)
def _crop(writing: Writing, layer: Any, inputs: list[str]) -> str:
    (top, bottom), (left, right) = layer.cropping
    far = np.iinfo(np.int64).max
    numbers = {
        "starts": [top, left],
        "ends": [-bottom or far, -right or far],
        "axes": [2, 3],
    }
    given = [
        writing.constant(f"{layer.name}/{name}", values, np.int64)
        for name, values in numbers.items()
    ]
    return writing.after(layer, inputs[0], "Slice", given)


@writer(lasagne_layers.GlobalPoolLayer, own.SqueezeLayer)
def _global_pool(writing: Writing, layer: Any, inputs: list[str]) -> str:
    operators = {T.mean: "GlobalAveragePool", T.max: "GlobalMaxPool"}
    operator = operators.get(layer.pool_function)
    if operator is None or len(layer.input_shape) != 4:
        raise WeightsError(f"{writing.called(layer)} pools by a function that ONNX has not")
    x = writing.after(layer, inputs[0], operator)
    if isinstance(layer, own.SqueezeLayer):
        return x
    return writing.after(layer, x, "Flatten", axis=1)


@writer(own.ExciteLayer)
def _excite(writing: Writing, layer: Any, inputs: list[str]) -> str:
    return writing.after(layer, inputs[0], "Mul", inputs[1:])


@writer(lasagne_layers.ElemwiseSumLayer)
def _sum(writing: Writing, layer: Any, inputs: list[str]) -> str:
    terms = [
        x
        if coefficient == 1
        else writing.after(
            layer, x, "Mul", [writing.constant(f"{layer.name}/by{number}", coefficient)]
        )
        for number, (x, coefficient) in enumerate(zip(inputs, layer.coeffs))
    ]
    return writing.after(layer, terms[0], "Add" if len(terms) == 2 else "Sum", terms[1:])


@writer(lasagne_layers.ElemwiseMergeLayer)
def _merge(writing: Writing, layer: Any, inputs: list[str]) -> str:
    if layer.merge_function is not T.mul:
        raise WeightsError(f"{writing.called(layer)} merges by a function that ONNX has not")
    x = inputs[0]
    for other in inputs[1:]:
        x = writing.after(layer, x, "Mul", [other])
    return x


@writer(own.ConcatChannelsLayer)
def _concat_channels(writing: Writing, layer: Any, inputs: list[str]) -> str:
    return writing.after(layer, inputs[0], "Concat", inputs[1:], axis=1)


@writer(lasagne_layers.ConcatLayer)
def _concat(writing: Writing, layer: Any, inputs: list[str]) -> str:
    return writing.after(layer, inputs[0], "Concat", inputs[1:], axis=layer.axis)


@writer(lasagne_layers.DenseLayer)
def _dense(writing: Writing, layer: Any, inputs: list[str]) -> str:
    (x,) = inputs
    if len(layer.input_shape) > 2:
        x = writing.after(layer, x, "Flatten", axis=1)
    given = [writing.param(layer.W)] + ([] if layer.b is None else [writing.param(layer.b)])
    x = writing.after(layer, x, "Gemm", given)
    return writing.activate(layer, x, layer.nonlinearity)


@writer(lasagne_layers.FlattenLayer)
def _flatten(writing: Writing, layer: Any, inputs: list[str]) -> str:
    if getattr(layer, "outdim", 2) != 2:
        raise WeightsError(f"{writing.called(layer)} leaves more than two axes")
    return writing.after(layer, inputs[0], "Flatten", axis=1)


@writer(lasagne_layers.ReshapeLayer)
def _reshape(writing: Writing, layer: Any, inputs: list[str]) -> str:
    shape = []
    for axis, extent in enumerate(layer.shape):
        kept = isinstance(extent, list) and extent[0] == axis
        if not kept and not isinstance(extent, int):
            raise WeightsError(f"{writing.called(layer)} takes its shape from other axes")
        shape.append(0 if kept else extent)
    return writing.after(
        layer, inputs[0], "Reshape", [writing.constant(f"{layer.name}/shape", shape, np.int64)]
    )


@writer(lasagne_layers.DimshuffleLayer)
def _dimshuffle(writing: Writing, layer: Any, inputs: list[str]) -> str:
    if sorted(map(str, layer.pattern)) != [str(n) for n in range(len(layer.input_shape))]:
        raise WeightsError(f"{writing.called(layer)} adds or drops axes")
    return writing.after(layer, inputs[0], "Transpose", perm=list(layer.pattern))


@writer(lasagne_layers.DropoutLayer)
def _dropout(writing: Writing, layer: Any, inputs: list[str]) -> str:
    """Nothing is left out when a network is applied."""
    return writing.after(layer, inputs[0], "Identity")


@writer(own.LocalResponseNormLayer)
def _local_response_norm(writing: Writing, layer: Any, inputs: list[str]) -> str:
    given = {"alpha": layer.alpha * layer.n, "beta": layer.beta, "bias": layer.k, "size": layer.n}
    return writing.after(layer, inputs[0], "LRN", **given)
