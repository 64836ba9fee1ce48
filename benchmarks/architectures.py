"""The convolutional bases that are compared, as plain data.

One table of nodes per network, named as in keras.applications. The PyTorch, ONNX and bare oneDNN
networks are built from it, and the parameters of every contestant are filled from it, so that all
compute the same. Runs in the interpreter of any contestant: NumPy is all it needs.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.efficientnet import efficientnet_b0
from benchmarks.nodes import SIZE, Node, Table

CLASSES = 10
HIDDEN = 256  # units of the dense layer in the head


def vgg16(size: int = SIZE) -> Table:
    """Five blocks of 3 x 3 convolutions."""
    t = Table(size)
    x = "input"
    for block, (repeat, channels) in enumerate(
        [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], start=1
    ):
        for i in range(1, repeat + 1):
            name = f"block{block}_conv{i}"
            x = t.conv(x, name, channels, 3, pads=(1, 1), bias=True)
            x = t.same("relu", f"{name}_relu", x)
        x = t.max_pool(x, f"block{block}_pool", 2, 2)
    return t


def resnet50(size: int = SIZE) -> Table:
    """Sixteen bottleneck blocks that stride in their first 1 x 1 convolution."""
    t = Table(size)
    epsilon = 1.001e-5
    x = t.conv("input", "conv1_conv", 64, 7, 2, (3, 3), bias=True)
    x = t.bn(x, "conv1_bn", epsilon)
    x = t.same("relu", "conv1_relu", x)
    x = t.max_pool(x, "pool1_pool", 3, 2, (1, 1))
    for stack, (repeat, channels) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], start=2):
        for i in range(1, repeat + 1):
            name = f"conv{stack}_block{i}"
            stride = 2 if i == 1 and stack > 2 else 1
            shortcut = x
            x = t.conv(x, f"{name}_1_conv", channels, 1, stride, bias=True)
            x = t.same("relu", f"{name}_1_relu", t.bn(x, f"{name}_1_bn", epsilon))
            x = t.conv(x, f"{name}_2_conv", channels, 3, 1, (1, 1), bias=True)
            x = t.same("relu", f"{name}_2_relu", t.bn(x, f"{name}_2_bn", epsilon))
            if i == 1:
                shortcut = t.conv(shortcut, f"{name}_0_conv", 4 * channels, 1, stride, bias=True)
                shortcut = t.bn(shortcut, f"{name}_0_bn", epsilon)
            x = t.bn(
                t.conv(x, f"{name}_3_conv", 4 * channels, 1, bias=True), f"{name}_3_bn", epsilon
            )
            x = t.same("relu", f"{name}_out", t.same("add", f"{name}_add", shortcut, x))
    return t


def mobilenet_v2(size: int = SIZE, halving=(0, 1), epsilon=1e-3) -> Table:
    """Seventeen inverted residual blocks.

    `halving` is the padding of the convolutions with stride 2: (0, 1) as in Keras; (1, 1), as in
    torchvision, computes something else at the same cost.
    """
    t = Table(size)

    def normalised(x, name, norm, relu, channels, kernel, stride=1, pads=(0, 0), groups=1):
        x = t.bn(t.conv(x, name, channels, kernel, stride, pads, groups), norm, epsilon)
        return t.same("relu6", relu, x) if relu else x

    x = normalised("input", "Conv1", "bn_Conv1", "Conv1_relu", 32, 3, 2, halving)
    block = 0
    for expand, channels, repeat, first_stride in [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]:
        for i in range(repeat):
            name = f"block_{block}" if block else "expanded_conv"
            stride = first_stride if i == 0 else 1
            entry, wide = x, expand * t.nodes[x].channels

            def part(kind, x, channels, kernel, stride=1, pads=(0, 0), groups=1, name=name):
                whole = f"{name}_{kind}"
                relu = "" if kind == "project" else f"{whole}_relu"
                geometry = (channels, kernel, stride, pads, groups)
                return normalised(x, whole, f"{whole}_BN", relu, *geometry)

            if expand > 1:
                x = part("expand", x, wide, 1)
            pads = (1, 1) if stride == 1 else halving
            x = part("depthwise", x, wide, 3, stride, pads, groups=wide)
            x = part("project", x, channels, 1)
            if i > 0:
                x = t.same("add", f"{name}_add", entry, x)
            block += 1
    normalised(x, "Conv_1", "Conv_1_bn", "out_relu", 1280, 1)
    return t


Builder = Callable[..., Table]  # of the side of the pictures

ARCHITECTURES: dict[str, Builder] = {
    "vgg16": vgg16,
    "resnet50": resnet50,
    "mobilenet_v2": mobilenet_v2,
}
# All padded alike on both sides, as PyTorch does without copying the maps.
GPU_ARCHITECTURES: dict[str, Builder] = {
    "vgg16": vgg16,
    "resnet50": resnet50,
    "mobilenet_v2": partial(mobilenet_v2, halving=(1, 1), epsilon=1e-5),
    "efficientnet_b0": efficientnet_b0,
}

# Half of what comes in is lost in these.
ACTIVATIONS = ("relu", "relu6", "swish")

# The layer at which the last block begins: it and everything above it is trained.
LAST_BLOCK = {
    "vgg16": "block5_conv1",
    "resnet50": "conv5_block1_1_conv",
    "mobilenet_v2": "block_14_expand",
}


def nodes(model: str, *, symmetric: bool = False, size: int = SIZE) -> list[Node]:
    """The nodes of `model` in order of computation; `symmetric` pads as torchvision does."""
    table = (GPU_ARCHITECTURES if symmetric else ARCHITECTURES)[model](size)
    return list(table.nodes.values())


def trained_names(model: str, scope: str) -> set[str]:
    """Names of the nodes whose parameters are trained: of scope 'head', 'block' or 'all'."""
    names = [node.name for node in nodes(model)]
    first = {"head": len(names), "block": names.index(LAST_BLOCK[model]), "all": 0}[scope]
    return set(names[first:])


def parameter_shapes(table: list[Node]) -> dict[str, tuple[int, ...]]:
    """``'node.role'`` -> shape, in order; kernels are (out, in / groups, row, column)."""
    known = {node.name: node for node in table}
    shapes: dict[str, tuple[int, ...]] = {}
    for node in table:
        if node.op == "conv":
            fan_in = known[node.inputs[0]].channels // node.groups
            shapes[f"{node.name}.W"] = (node.channels, fan_in, node.kernel, node.kernel)
            if node.bias:
                shapes[f"{node.name}.b"] = (node.channels,)
        elif node.op == "bn":
            for role in ("gamma", "beta", "mean", "var"):
                shapes[f"{node.name}.{role}"] = (node.channels,)
    return shapes


def count_parameters(table: list[Node]) -> int:
    """Averages of batch normalisation included, as Keras counts."""
    return sum(int(np.prod(shape)) for shape in parameter_shapes(table).values())


def parameters(table: list[Node]) -> dict[str, np.ndarray]:
    """Random float32 parameters that keep the scale of what passes through.

    Each is drawn from a seed of its own, made from its name: whoever builds the network in
    another order gets the same.
    """
    known = {node.name: node for node in table}
    # What is added to a shortcut is damped, or the maps would double with each block.
    damped = {x for node in table if node.op == "add" for x in node.inputs[1:]}
    activated = {x for node in table if node.op in ACTIVATIONS for x in node.inputs}
    followed = {
        x for node in table if node.op == "bn" and node.name in activated for x in node.inputs
    }
    values = {}
    for name, shape in parameter_shapes(table).items():
        layer, role = name.rsplit(".", 1)
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        if role == "W":
            gain = 2.0 if layer in activated | followed else 1.0
            values[name] = _normal(rng, shape, np.sqrt(gain / np.prod(shape[1:])))
        elif role == "gamma":
            scale = 0.3 if known[layer].name in damped else 1.0
            values[name] = np.full(shape, scale, np.float32) + _normal(rng, shape, 0.02)
        elif role == "var":
            values[name] = 1 + np.abs(_normal(rng, shape, 0.1))
        else:
            values[name] = _normal(rng, shape, 0.05)
    return values


def head_parameters(features: int) -> dict[str, np.ndarray]:
    """``hidden.W`` (in, out), ``hidden.b``, ``predictions.W``, ``predictions.b``."""
    rng = np.random.default_rng(7)
    return {
        "hidden.W": _normal(rng, (features, HIDDEN), np.sqrt(2 / features)),
        "hidden.b": np.zeros(HIDDEN, np.float32),
        "predictions.W": _normal(rng, (HIDDEN, CLASSES), np.sqrt(1 / HIDDEN)),
        "predictions.b": np.zeros(CLASSES, np.float32),
    }


def batch_of(count: int, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (count, 3, size, size), float32, C order, and labels (count,), int32."""
    rng = np.random.default_rng(1)
    pictures = rng.standard_normal((count, 3, size, size), dtype=np.float32)
    return pictures, rng.integers(0, CLASSES, count).astype(np.int32)


def _normal(rng, shape, scale) -> np.ndarray:
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)
