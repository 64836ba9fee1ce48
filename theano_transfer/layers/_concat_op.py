"""Images beside each other in the channels, as an Op.

Aesara 2.9's ``Join`` says of its shape that it depends on which axis is joined. Where joined images
are convolved and joined again, as in Inception networks, rewriting that takes time that doubles
with every module.
"""

from __future__ import annotations

import numpy as np
from aesara.graph.basic import Apply
from aesara.graph.op import Op
from aesara.tensor import as_tensor_variable, constant
from aesara.tensor.type import TensorType


class ConcatenateChannels(Op):
    """Images (batch, channel, row, column) that differ in channels alone, channels last in memory.

    Parameters
    ----------
    channels : tuple of int
        Of each input.
    """

    __props__ = ("channels",)

    def __init__(self, channels):
        self.channels = tuple(int(count) for count in channels)

    def make_node(self, *images):
        inputs = [as_tensor_variable(x) for x in images]
        if len(inputs) != len(self.channels) or any(x.ndim != 4 for x in inputs):
            raise TypeError(
                f"{self} takes {len(self.channels)} times images (batch, channel, row, column); "
                f"got {[x.type for x in inputs]}"
            )
        shape = [
            next((x.type.shape[axis] for x in inputs if x.type.shape[axis] is not None), None)
            for axis in range(4)
        ]
        shape[1] = sum(self.channels)
        dtype = np.result_type(*(x.dtype for x in inputs)).name
        return Apply(self, inputs, [TensorType(dtype, shape=tuple(shape))()])

    def infer_shape(self, fgraph, node, shapes):
        known = node.outputs[0].type.shape
        return [
            tuple(
                shapes[0][axis] if known[axis] is None else constant(known[axis], dtype="int64")
                for axis in range(4)
            )
        ]

    def perform(self, node, inputs, output_storage):
        found = tuple(x.shape[1] for x in inputs)
        if found != self.channels:
            raise ValueError(f"images of {self.channels} channels were expected; got {found}")
        by_pixel = [x.transpose(0, 2, 3, 1) for x in inputs]
        joined = np.concatenate(by_pixel, axis=3, dtype=node.outputs[0].dtype)
        output_storage[0][0] = np.ascontiguousarray(joined).transpose(0, 3, 1, 2)

    def L_op(self, inputs, outputs, gradients):  # noqa: N802 (Aesara's name)
        ends = np.cumsum(self.channels)
        return [
            gradients[0][:, int(end) - count : int(end)] for end, count in zip(ends, self.channels)
        ]
