"""Sizes known when a graph is built, kept by Aesara's abstract convolutions and pooling.

Aesara 2.9 has static shapes, but these Ops forget them: what comes out has unknown rows and
columns even where images and filters are known. Every later node then carries shape arithmetic,
which is most of what compiling a deep network takes. Here their outputs are told what follows.

Elementwise Ops compare the lengths of all their inputs by building expressions; where the lengths
are the same ones, or known, there is nothing to compare. A shared variable's length may change: of
a sum with one, such as every update of a parameter, the result is asked instead.
"""

import numpy as np
from aesara.compile.sharedvalue import SharedVariable
from aesara.graph.basic import Apply, Constant, ancestors
from aesara.tensor import constant, get_scalar_constant_value
from aesara.tensor.basic import Join
from aesara.tensor.elemwise import Elemwise
from aesara.tensor.nnet.abstract_conv import (
    AbstractConv2d,
    AbstractConv2d_gradInputs,
    AbstractConv2d_gradWeights,
    get_conv_output_shape,
)
from aesara.tensor.rewriting.shape import ShapeFeature
from aesara.tensor.shape import Shape_i
from aesara.tensor.signal.pool import Pool


def install():
    """Replace the ``make_node`` of the four Ops by ones that infer more, and the ``infer_shape``
    of elementwise Ops and of Join by ones that build less; keep shapes from being told by
    themselves. Called once."""
    for op in (AbstractConv2d, AbstractConv2d_gradInputs, AbstractConv2d_gradWeights):
        op.make_node = _knowing(op.make_node, _refine_convolution)
    Pool.make_node = _knowing(Pool.make_node, _refine_pooling)
    Elemwise.infer_shape = _comparing_first(Elemwise.infer_shape)
    Join.infer_shape = _adding_once(Join.infer_shape)
    ShapeFeature.update_shape = _not_by_itself(ShapeFeature.update_shape)


def _knowing(make_node, refine):
    def refined(self, *inputs, **settings):
        return refine(make_node(self, *inputs, **settings))

    return refined


def _comparing_first(infer_shape):
    def quick(self, fgraph, node, shapes):
        output = node.outputs[0]
        lengths = []
        for axis, known in enumerate(output.type.shape):
            # An input that is broadcast along this axis has no say.
            told = [
                shape[axis]
                for variable, shape in zip(node.inputs, shapes)
                if variable.type.shape[axis] != 1
            ]
            if known is not None:
                length = constant(known, dtype="int64")
            elif all(_same_length(told[0], other) for other in told):
                length = told[0]
            elif any(_is_of_shared(other) for other in told):
                length = Shape_i(axis)(output)
            else:
                return infer_shape(self, fgraph, node, shapes)
            lengths.append(length)
        return [tuple(lengths) for _ in node.outputs]

    return quick


def _adding_once(infer_shape):
    """Aesara adds lengths along all axes and chooses afterwards. Behind a dozen blocks of branches,
    each joined by channels, the sums for rows take for ever to simplify."""

    def quick(self, fgraph, node, shapes):
        axis = node.inputs[0]
        if not isinstance(axis, Constant):
            return infer_shape(self, fgraph, node, shapes)
        _, first, *others = shapes
        lengths = list(first)
        joined = int(axis.data) % len(lengths)
        for shape in others:
            lengths[joined] = lengths[joined] + shape[joined]
        known = node.outputs[0].type.shape
        return [
            tuple(n if k is None else constant(k, dtype="int64") for n, k in zip(lengths, known))
        ]

    return quick


def _not_by_itself(update_shape):
    """Where a variable takes the place of another, Aesara takes over the other's shape unless that
    is computed from the variable's ``Shape_i``, but also where it is computed from its ``Shape``:
    of which the shape is then a part, and rewriting never ends.
    """

    def update(self, r, other_r):
        known, other = self.shape_of.get(r), self.shape_of[other_r]
        if known is None or other is None or not any(map(_is_from(r), known, other)):
            update_shape(self, r, other_r)

    return update


def _is_from(variable):
    """Whether a length is computed from `variable`, where another one is known that may not be."""

    def check(known, length):
        if length is known or isinstance(known, Constant) or isinstance(length, Constant):
            return False
        of_one = length.owner is not None and isinstance(length.owner.op, Shape_i)
        return not of_one and variable in ancestors([length])

    return check


def _is_of_shared(length):
    node = length.owner
    return (
        node is not None
        and isinstance(node.op, Shape_i)
        and isinstance(node.inputs[0], SharedVariable)
    )


def _same_length(a, b):
    if a is b:
        return True
    return isinstance(a, Constant) and isinstance(b, Constant) and a.data == b.data


def _refine_convolution(node):
    op = node.op
    if op.unshared:
        return node
    imshp, kshp = _numbers(op.imshp), _numbers(op.kshp)
    if isinstance(op, AbstractConv2d):
        images, filters = node.inputs
        imshp, kshp = _merged(imshp, images.type.shape), _merged(kshp, filters.type.shape)
        # The gradients are made from the Op's own record of the sizes.
        op = type(op)(
            imshp, kshp, op.border_mode, op.subsample, op.filter_flip, op.filter_dilation,
            num_groups=op.num_groups, unshared=False,
        )  # fmt: skip
        size = (None, None)
        if None not in imshp[2:] + kshp[2:]:
            size = get_conv_output_shape(
                imshp, kshp, op.border_mode, op.subsample, op.filter_dilation
            )[2:]
        shape = (imshp[0], kshp[0], *size)
    else:
        shape = imshp if isinstance(op, AbstractConv2d_gradInputs) else kshp
        if None not in shape[2:]:
            # Otherwise the size would be asked of the images or filters, in four nodes.
            size = constant(np.asarray(shape[2:], "int64"))
            node = Apply(op, [*node.inputs[:2], size], [node.outputs[0].type()])
    return _with_shape(op, node, shape)


def _refine_pooling(node):
    images, *numbers = node.inputs
    sizes = images.type.shape[-node.op.ndim :]
    if None in sizes or not all(isinstance(v, Constant) for v in numbers):
        return node
    window, stride, pad = (tuple(int(i) for i in v.data) for v in numbers)
    sizes = node.op.out_shape(sizes, window, node.op.ignore_border, stride, pad, node.op.ndim)
    return _with_shape(node.op, node, images.type.shape[: -node.op.ndim] + tuple(sizes))


def _with_shape(op, node, shape):
    """`node` for `op`, its output having the lengths in `shape` that are known."""
    (output,) = node.outputs
    shape = _merged(output.type.shape, (None if n is None else int(n) for n in shape))
    if any(n is not None and n < 1 for n in shape):
        return node  # nothing fits: the convolution itself says so when it runs
    return Apply(op, node.inputs, [output.type.clone(shape=shape)()])


def _numbers(shape):
    return tuple(None if n is None else int(get_scalar_constant_value(n)) for n in shape)


def _merged(told, known):
    return tuple(k if t is None else t for t, k in zip(told, known))
