"""Elementwise Ops keep the channels-last memory of the kernels around them.

Aesara writes the result of an elementwise Op in C order, whatever the strides of what it read. In
between two convolutions that costs twice: the Op strides through memory, and the next convolution
reorders. So ``f(x)`` becomes ``f(x.dimshuffle(0, 2, 3, 1)).dimshuffle(0, 3, 1, 2)``: the same
numbers, and dimshuffles are only views, but now C order is channels last. Pairs that meet cancel,
and neighbours fuse as before.
"""

from aesara.compile import optdb
from aesara.graph.rewriting.basic import copy_stack_trace, in2out, node_rewriter
from aesara.tensor.elemwise import DimShuffle, Elemwise
from aesara.tensor.math import Sum

from theano_transfer.kernels._batch_norm import (
    BatchNormInference,
    BatchNormTrain,
    BatchNormTrainGrad,
)
from theano_transfer.kernels._conv import Conv2d, Conv2dGradInputs
from theano_transfer.kernels._pool import Pool2d, Pool2dGrad

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)

# Ops whose first output is channels last in memory.
PRODUCERS = (
    Conv2d,
    Conv2dGradInputs,
    Pool2d,
    Pool2dGrad,
    BatchNormInference,
    BatchNormTrain,
    BatchNormTrainGrad,
)


def _is_channels_last(variable):
    node = variable.owner
    if node is None or variable.ndim != 4:
        return False
    if isinstance(node.op, DimShuffle):
        return tuple(node.op.new_order) == TO_FIRST
    return isinstance(node.op, PRODUCERS) and variable is node.outputs[0]


def _as_channels_last(variable):
    """`variable` with its channels as the last axis, without going there and back."""
    node = variable.owner
    if node is not None and isinstance(node.op, DimShuffle):
        order = [node.op.new_order[axis] for axis in TO_LAST]
        (source,) = node.inputs
        if order == list(range(source.ndim)):
            return source
        if all(axis in order for axis in range(source.ndim)):  # no axis is dropped
            return source.dimshuffle(order)
    return variable.dimshuffle(TO_LAST)


@node_rewriter([Elemwise])
def local_elemwise_channels_last(fgraph, node):
    """f(x, ...) -> f(x in channels last, ...) back, where some input is channels last"""
    if len(node.outputs) != 1 or node.op.inplace_pattern:
        return None
    if not any(_is_channels_last(v) for v in node.inputs):
        return None
    result = node.op(*(_as_channels_last(v) for v in node.inputs)).dimshuffle(TO_FIRST)
    copy_stack_trace(node.outputs[0], result)
    return [node.outputs[0].type.filter_variable(result)]


@node_rewriter([Sum])
def local_sum_channels_last(fgraph, node):
    """x.sum((0, 2, 3)) -> the same sum over the channels-last view of x"""
    (x,) = node.inputs
    op = node.op
    if not _is_channels_last(x) or op.axis is None or tuple(op.axis) not in ((0, 2, 3), (2, 3)):
        return None
    axes = tuple(TO_LAST.index(axis) for axis in op.axis)
    result = type(op)(axis=axes, dtype=op.dtype, acc_dtype=op.acc_dtype)(_as_channels_last(x))
    copy_stack_trace(node.outputs[0], result)
    return [node.outputs[0].type.filter_variable(result)]


def register():
    """Put the rewrites behind the fusions (48.7) and before Aesara fuses elementwise Ops (49)."""
    for step, rewrite in enumerate((local_elemwise_channels_last, local_sum_channels_last)):
        name = rewrite.__name__
        optdb.register(
            name,
            in2out(rewrite, name=name),
            "onednn",
            "fast_run",
            position=48.8 + step / 100,
        )
