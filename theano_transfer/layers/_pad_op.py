"""Padding and cropping images as Ops.

``set_subtensor`` into an ``alloc`` says the same, but Aesara 2.9 does not finish rewriting some
gradients of that (it builds a graph with a cycle), and one node compiles faster than a dozen.
"""

from __future__ import annotations

import numpy as np
from aesara.compile import optdb
from aesara.gradient import DisconnectedType
from aesara.graph.basic import Apply, Constant
from aesara.graph.op import Op
from aesara.graph.rewriting.basic import copy_stack_trace, in2out, node_rewriter
from aesara.tensor import as_tensor_variable, cast, constant
from aesara.tensor.type import TensorType

from theano_transfer.kernels import Pool2d, is_rectified


class _Resize(Op):
    """Inputs: images (batch, channel, row, column); top, bottom, left, right. One output."""

    sign: int  # whether rows and columns are added or taken away

    def make_node(self, images, top, bottom, left, right):
        images = as_tensor_variable(images)
        if images.ndim != 4:
            raise TypeError(
                f"{type(self).__name__} takes images (batch, channel, row, column); "
                f"got {images.type}"
            )
        pad = [_int64(length) for length in (top, bottom, left, right)]
        sizes = (
            self._length(size, *pair)
            for size, pair in zip(images.type.shape[2:], (pad[:2], pad[2:]))
        )
        output = TensorType(images.dtype, shape=(*images.type.shape[:2], *sizes))()
        return Apply(self, [images, *pad], [output])

    def _length(self, size, before, after):
        """Rows or columns of the output as far as they are known."""
        if size is None or not all(isinstance(length, Constant) for length in (before, after)):
            return None
        return size + self.sign * int(before.data + after.data)

    def connection_pattern(self, node):
        return [[True]] + [[False]] * 4

    def infer_shape(self, fgraph, node, shapes):
        batch, channels, *sizes = shapes[0]
        pad = [self.sign * length for length in node.inputs[1:]]
        lengths = (
            size + before + after if known is None else constant(known, dtype="int64")
            for known, size, before, after in zip(
                node.outputs[0].type.shape[2:], sizes, pad[::2], pad[1::2]
            )
        )
        return [(batch, channels, *lengths)]


def _int64(length):
    """A number or scalar as a variable; numbers stay constants."""
    if isinstance(length, int):
        return constant(length, dtype="int64")
    return cast(as_tensor_variable(length), "int64")


class PadImages(_Resize):
    """Images with `value` around them, channels last in memory.

    Parameters
    ----------
    value : float
    """

    __props__ = ("value",)
    sign = 1

    def __init__(self, value=0.0):
        self.value = float(value)

    def perform(self, node, inputs, output_storage):
        images, top, bottom, left, right = inputs
        batch, channels, rows, columns = images.shape
        shape = (batch, top + rows + bottom, left + columns + right, channels)
        padded = np.full(shape, self.value, images.dtype).transpose(0, 3, 1, 2)
        padded[:, :, top : top + rows, left : left + columns] = images
        output_storage[0][0] = padded

    def L_op(self, inputs, outputs, gradients):  # noqa: N802 (Aesara's name)
        return [CropImages()(gradients[0], *inputs[1:]), *(DisconnectedType()() for _ in range(4))]


class CropImages(_Resize):
    """Images without their outermost rows and columns: what :class:`PadImages` is undone by."""

    __props__ = ()
    sign = -1
    view_map = {0: [0]}

    def perform(self, node, inputs, output_storage):
        images, top, bottom, left, right = inputs
        rows, columns = images.shape[2:]
        output_storage[0][0] = images[:, :, top : rows - bottom, left : columns - right]

    def L_op(self, inputs, outputs, gradients):  # noqa: N802 (Aesara's name)
        return [PadImages()(gradients[0], *inputs[1:]), *(DisconnectedType()() for _ in range(4))]


@node_rewriter([Pool2d])
def local_pool_without_zeros(fgraph, node):
    """The maximum of what zeros were put around, after a rectifier -> Pool2d with padding

    Padding never is a maximum, and neither is a zero where nothing is below it.
    """
    owner, op = node.inputs[0].owner, node.op
    if (
        op.mode != "max"
        or not op.ignore_border
        or any(map(any, op.pad))
        or owner is None
        or owner.op != PadImages(0)
    ):
        return None
    images, *lengths = owner.inputs
    if not is_rectified(images) or not all(isinstance(n, Constant) for n in lengths):
        return None
    top, bottom, left, right = (int(n.data) for n in lengths)
    if max(top, bottom) >= op.window[0] or max(left, right) >= op.window[1]:
        return None
    pooled = Pool2d(op.window, op.stride, ((top, bottom), (left, right)), "max")(images)
    copy_stack_trace(node.outputs[0], pooled)
    return [node.outputs[0].type.filter_variable(pooled)]


optdb.register(
    "local_pool_without_zeros",
    in2out(local_pool_without_zeros, name="local_pool_without_zeros"),
    "onednn",
    "fast_run",
    position=48.77,  # behind what tells that images are rectified (48.7)
)
