"""Layers in bfloat16: half the memory to move, and twice the products per instruction.

A bfloat16 has the exponent of a float32 and 8 bits of its mantissa, so that three digits remain.
Only what passes between layers is rounded; sums are float32. NumPy knows no such type: the
tensors are uint16 here, and only the Ops of this module make sense of them.

The rewrites are not in the default mode. ``mode.including('bfloat16')`` asks for them, in functions
without gradients: each convolution takes and gives bfloat16, and conversions that meet cancel.
"""

import warnings

import numpy as np
from aesara.compile import optdb
from aesara.compile.mode import get_default_mode
from aesara.graph.basic import Apply
from aesara.graph.rewriting.basic import in2out, node_rewriter
from aesara.link.c.params_type import ParamsType
from aesara.scalar import int64
from aesara.tensor import as_tensor_variable
from aesara.tensor.shape import Reshape
from aesara.tensor.type import TensorType

from theano_transfer.kernels._conv import Conv2d
from theano_transfer.kernels._library import has_bfloat16
from theano_transfer.kernels._onednn import SlowPathWarning
from theano_transfer.kernels._op import NativeOp
from theano_transfer.kernels._pool import Pool2d
from theano_transfer.kernels._rewrites import fast, replacement, shape_of

PRECISIONS = ("float32", "bfloat16")
STORED = "uint16"  # what NumPy and Aesara take a bfloat16 for


def rounded(x):
    """float32 as the nearest bfloat16, ties to even, in NumPy."""
    bits = np.ascontiguousarray(x, "float32").view("uint32")
    nearest = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(x), 0x7FC0, nearest).astype(STORED)


def widened(x):
    """bfloat16 as float32, in NumPy."""
    return (np.asarray(x).astype("uint32") << 16).view("float32")


class Convert(NativeOp):
    """float32 images to bfloat16, or back; in memory, channels `last` or in C order."""

    __props__ = ("to_bfloat16", "last")
    params_type = ParamsType(to_bfloat16=int64, last=int64)
    c_name = "convert"
    floating_inputs = 0

    def __init__(self, to_bfloat16, last=True):
        self.to_bfloat16, self.last = int(to_bfloat16), int(last)
        super().__init__()

    def make_node(self, images):
        images = as_tensor_variable(images)
        given, wanted = ("float32", STORED) if self.to_bfloat16 else (STORED, "float32")
        if images.ndim != 4 or images.dtype != given:
            raise TypeError(f"{self} takes {given} images of 4 axes; got {images.type}")
        return Apply(self, [images], [TensorType(wanted, shape=images.type.shape)()])

    def perform(self, node, inputs, output_storage, params=None):
        output_storage[0][0] = (rounded if self.to_bfloat16 else widened)(inputs[0])

    def infer_shape(self, fgraph, node, shapes):
        return shapes


narrow, widen, widen_in_c_order = Convert(True), Convert(False), Convert(False, last=False)


def _in_float32(variable):
    """A variable of the same shape, where this one holds bfloat16."""
    if variable.dtype != STORED:
        return variable
    return TensorType("float32", shape=variable.type.shape)()


class Conv2dBfloat16(Conv2d):
    """:class:`Conv2d` of bfloat16 images, to which it adds a bfloat16 residual; the rest is
    float32 and becomes bfloat16 when it is packed."""

    floating_inputs = 0

    def make_node(self, images, filters, *others, shape=None):
        given = [as_tensor_variable(v) for v in (images, filters, *others)]
        # What the float32 Op checks and infers holds here, too.
        node = self.as_float32().make_node(*map(_in_float32, given), shape=shape)
        inputs = [v if v.dtype == STORED else n for v, n in zip(given, node.inputs)]
        return Apply(self, inputs, [TensorType(STORED, shape=node.outputs[0].type.shape)()])

    def as_float32(self):
        return Conv2d(**self.settings())

    def perform(self, node, inputs, output_storage, params=None):
        wide = [widened(v) if v.dtype == STORED else v for v in inputs]
        result = [None]
        self.as_float32().perform(node, wide, [result])
        output_storage[0][0] = rounded(result[0])

    def L_op(self, inputs, outputs, gradients):
        raise NotImplementedError("bfloat16 is for functions without gradients")


class Pool2dBfloat16(Pool2d):
    """:class:`Pool2d` of bfloat16 images."""

    floating_inputs = 0

    def make_node(self, images):
        node = Pool2d.make_node(self, TensorType("float32", shape=images.type.shape)())
        return Apply(self, [images], [TensorType(STORED, shape=node.outputs[0].type.shape)()])

    def perform(self, node, inputs, output_storage, params=None):
        result = [None]
        Pool2d.perform(self, node, [widened(inputs[0])], [result])
        output_storage[0][0] = rounded(result[0])

    def L_op(self, inputs, outputs, gradients):
        raise NotImplementedError("bfloat16 is for functions without gradients")


@node_rewriter([Conv2d])
def local_conv2d_bfloat16(fgraph, node):
    """Conv2d(x, ...) -> widen(Conv2dBfloat16(narrow(x), ...))"""
    if type(node.op) is not Conv2d or not fast(*node.inputs) or not has_bfloat16():
        return None
    images, *others = node.inputs
    if node.op.has_residual:
        others[-1] = narrow(others[-1])
    op = Conv2dBfloat16(**node.op.settings())
    return replacement(node, widen(op(narrow(images), *others, shape=shape_of(node))))


@node_rewriter([Pool2d])
def local_pool2d_bfloat16(fgraph, node):
    """Pool2d(widen(x)) -> widen(Pool2dBfloat16(x))"""
    owner = node.inputs[0].owner
    if type(node.op) is not Pool2d or owner is None or owner.op != widen:
        return None
    return replacement(node, widen(Pool2dBfloat16(**node.op.settings())(owner.inputs[0])))


@node_rewriter([Convert])
def local_cancel_conversions(fgraph, node):
    """narrow(widen(x)) -> x"""
    owner = node.inputs[0].owner
    if node.op == narrow and owner is not None and owner.op == widen:
        return [node.outputs[0].type.filter_variable(owner.inputs[0])]
    return None


@node_rewriter([Convert])
def local_widen_in_c_order(fgraph, node):
    """widen(x) -> widen_in_c_order(x), where it is a result, or flattened: that is no copy then"""
    clients = fgraph.clients[node.outputs[0]]
    wanted = all(client == "output" or isinstance(client.op, Reshape) for client, _ in clients)
    if node.op != widen or not wanted:
        return None
    return replacement(node, widen_in_c_order(node.inputs[0]))


def mode_for(precision):
    """The mode to compile a function without gradients in.

    Parameters
    ----------
    precision : {'float32', 'bfloat16'}
        'bfloat16' where this machine has it; otherwise a warning says that it is float32.

    Raises
    ------
    ValueError
        For another precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {' or '.join(map(repr, PRECISIONS))}; got {precision!r}")
    mode = get_default_mode()
    if precision == "float32":
        return mode
    if hasattr(mode, "for_precision"):  # JAX's, which has bfloat16 everywhere
        return mode.for_precision(precision)
    if not has_bfloat16():
        warnings.warn(
            "this machine does not convolve in bfloat16 (it takes AVX-512, oneDNN and a C++ "
            "compiler): float32 is used",
            SlowPathWarning,
            stacklevel=2,
        )
    return mode.including("bfloat16")


def register():
    """Behind the fusions (48.7), before elementwise Ops become channels last (48.8)."""
    rewrites = (
        local_conv2d_bfloat16,
        local_pool2d_bfloat16,
        local_cancel_conversions,
        local_widen_in_c_order,
    )
    for step, rewrite in enumerate(rewrites):
        name = rewrite.__name__
        optdb.register(name, in2out(rewrite, name=name), "bfloat16", position=48.78 + step / 1000)
