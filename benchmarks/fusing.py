"""A network as the primitives of a library that fuses whatever oneDNN can fuse.

Convolution, bias, folded batch normalisation, residual sum and activation are one primitive;
poolings are the others. This is what the oneDNN bound computes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.nodes import Node


@dataclass
class Primitive:
    """A fused step.

    Attributes
    ----------
    node : Node
        The convolution or pooling: its geometry.
    source : int
        Index of the primitive whose output it reads; -1 for the network's input.
    residual : int
        Index of the primitive whose output it adds to, in place; -1 for none.
    activation : {'', 'relu', 'relu6'}
    norm : Node or None
        The batch normalisation that is folded in.
    buffer : int
        Where the output is written. Outputs that are never needed at once share a buffer.
    """

    node: Node
    source: int
    residual: int = -1
    activation: str = ""
    norm: Node | None = None
    buffer: int = -1


def fuse(table: list[Node]) -> list[Primitive]:
    """The primitives of a network of architectures.py, in order of computation.

    Raises
    ------
    ValueError
        If something cannot be fused.
    """
    primitives: list[Primitive] = []
    made_by = {table[0].name: -1}  # name of a node -> primitive that ends in it
    for node in table[1:]:
        below = [made_by[name] for name in node.inputs]
        if node.op in ("conv", "max_pool"):
            primitives.append(Primitive(node, below[0]))
            made_by[node.name] = len(primitives) - 1
            continue
        last = max(below)
        into = primitives[last]
        if into.node.op != "conv" or into.activation:
            raise ValueError(f"{node.name} does not follow a convolution directly")
        if node.op == "bn":
            into.norm = node
        elif node.op == "add":
            into.residual = min(below)
        else:
            into.activation = node.op
        made_by[node.name] = last
    assign_buffers(primitives)
    return primitives


def assign_buffers(primitives: list[Primitive]) -> None:
    """Choose buffers such that none is overwritten before its last reader has read it."""
    last_reader = {p.source: i for i, p in enumerate(primitives)}
    free: list[int] = []
    count = 0
    for i, primitive in enumerate(primitives):
        if primitive.residual >= 0:
            if last_reader.get(primitive.residual, -1) > i:
                raise ValueError(f"{primitive.node.name} adds to what is needed later")
            primitive.buffer = primitives[primitive.residual].buffer
        elif free:
            primitive.buffer = free.pop()
        else:
            primitive.buffer = count
            count += 1
        # A residual's buffer lives on in the primitive that added to it.
        taken = {p.residual for p in primitives}
        for j in range(i):
            if last_reader.get(j) == i and j not in taken:
                free.append(primitives[j].buffer)


def folded(primitive: Primitive, values: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Kernel (out, in / groups, row, column) and bias (out,) with the normalisation inside."""
    node = primitive.node
    kernel = values[f"{node.name}.W"]
    bias = values.get(f"{node.name}.b", np.zeros(node.channels, np.float32))
    if primitive.norm is not None:
        gamma, beta, mean, var = (
            values[f"{primitive.norm.name}.{role}"] for role in ("gamma", "beta", "mean", "var")
        )
        scale = gamma / np.sqrt(var + np.float32(primitive.norm.epsilon))
        kernel = kernel * scale[:, None, None, None]
        bias = (bias - mean) * scale + beta
    return np.ascontiguousarray(kernel), np.ascontiguousarray(bias)
