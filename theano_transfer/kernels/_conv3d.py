"""Convolutions over three axes as convolutions of pictures.

Every depth of the output sees as many pictures of the input as the filters are deep. Side by side
in the channels, they make one convolution over rows and columns. Aesara's own convolution over
three axes has no implementation without a C++ compiler.
"""

from aesara.graph.rewriting.basic import node_rewriter
from aesara.tensor import (
    arange,
    as_tensor_variable,
    get_scalar_constant_value,
    inc_subtensor,
    join,
    stack,
    zeros,
)
from aesara.tensor.exceptions import NotScalarConstantError
from aesara.tensor.nnet.abstract_conv import (
    AbstractConv2d,
    AbstractConv2d_gradInputs,
    AbstractConv2d_gradWeights,
    AbstractConv3d,
    AbstractConv3d_gradInputs,
    AbstractConv3d_gradWeights,
)
from aesara.tensor.nnet.rewriting import conv_groupopt

from theano_transfer.kernels._rewrites import TAGS, replacement


class _Depths:
    """Which depths of the padded input each depth of the filters sees.

    Parameters
    ----------
    op : AbstractConv3d or one of its gradients
    size : int or scalar expression
        How deep the filters are; an expression where that is only known when the function runs.
    """

    def __init__(self, op, size):
        self.size, self.flipped = size, op.filter_flip
        self.stride, self.dilation = op.subsample[0], op.filter_dilation[0]
        self.extent = (size - 1) * self.dilation + 1
        special = {"half": self.extent // 2, "full": self.extent - 1, "valid": 0}
        mode = op.border_mode
        self.pad = special[mode] if isinstance(mode, str) else mode[0]

    def count(self, depth):
        """How many depths the output has, of an input of this depth."""
        return (depth + 2 * self.pad - self.extent) // self.stride + 1

    def seen(self, padded, count):
        """What is seen of the padded input: (batch, channel, filter depth, count, row, column)."""
        if isinstance(self.size, int):
            return stack([padded[:, :, part] for part in self._parts(count)], axis=2)
        return padded[:, :, self._indices(count)]

    def added(self, padded, seen, count):
        """The padded input with `seen` added where it was seen."""
        if isinstance(self.size, int):
            for k, part in enumerate(self._parts(count)):
                padded = inc_subtensor(padded[:, :, part], seen[:, :, k])
            return padded
        return inc_subtensor(padded[:, :, self._indices(count)], seen)

    def _parts(self, count):
        """Slices of the padded input, in the order of the filters' depths."""
        order = range(self.size)
        for k in reversed(order) if self.flipped else order:
            start = k * self.dilation
            yield slice(start, start + (count - 1) * self.stride + 1, self.stride)

    def _indices(self, count):
        """The same as a matrix of indices."""
        order = arange(self.size)[::-1] if self.flipped else arange(self.size)
        return (order * self.dilation)[:, None] + (arange(count) * self.stride)[None]


def _depth(op, found):
    """How deep the filters are: a number, or the expression `found` where it is not known."""
    known = op.kshp[2]
    if known is None:
        try:
            known = get_scalar_constant_value(found)
        except NotScalarConstantError:
            return found
    return int(known)


def _pictures(volumes):
    """(batch, channel, depth, row, column) as (batch * depth, channel, row, column)."""
    batch, channels, depth, rows, columns = (volumes.shape[axis] for axis in range(5))
    return volumes.dimshuffle(0, 2, 1, 3, 4).reshape((batch * depth, channels, rows, columns))


def _volumes(pictures, batch):
    """:func:`_pictures` undone."""
    count, channels, rows, columns = (pictures.shape[axis] for axis in range(4))
    shape = (batch, count // batch, channels, rows, columns)
    return pictures.reshape(shape).dimshuffle(0, 2, 1, 3, 4)


def _windows(images, depths):
    """What each depth of the output sees: (batch * depth, channel * filter depth, row, column)."""
    batch, channels, depth, rows, columns = (images.shape[axis] for axis in range(5))
    count = depths.count(depth)
    if not (isinstance(depths.pad, int) and depths.pad == 0):
        nothing = zeros((batch, channels, depths.pad, rows, columns), dtype=images.dtype)
        images = join(2, nothing, images, nothing)
    seen = depths.seen(images, count)
    return _pictures(seen.reshape((batch, channels * depths.size, count, rows, columns)))


def _flat_filters(filters):
    out, channels, size, rows, columns = (filters.shape[axis] for axis in range(5))
    return filters.reshape((out, channels * size, rows, columns))


def _settings(op):
    mode = op.border_mode
    return {
        "border_mode": mode if isinstance(mode, str) else mode[1:],
        "subsample": op.subsample[1:],
        "filter_flip": op.filter_flip,
        "filter_dilation": op.filter_dilation[1:],
        "num_groups": op.num_groups,
    }


@node_rewriter([AbstractConv3d])
def local_conv3d_pictures(fgraph, node):
    """AbstractConv3d -> AbstractConv2d"""
    images, filters = node.inputs
    size = _depth(node.op, filters.shape[2])
    convolve = AbstractConv2d(**_settings(node.op))
    seen = _windows(images, _Depths(node.op, size))
    return replacement(node, _volumes(convolve(seen, _flat_filters(filters)), images.shape[0]))


@node_rewriter([AbstractConv3d_gradWeights])
def local_conv3d_grad_weights_pictures(fgraph, node):
    """AbstractConv3d_gradWeights -> AbstractConv2d_gradWeights"""
    images, gradient, shape = node.inputs
    shape = as_tensor_variable(shape)
    size = _depth(node.op, shape[0])
    seen = _windows(images, _Depths(node.op, size))
    convolve = AbstractConv2d_gradWeights(**_settings(node.op))
    flat = convolve(seen, _pictures(gradient), shape[1:])
    out, channels, rows, columns = (flat.shape[axis] for axis in range(4))
    return replacement(node, flat.reshape((out, channels // size, size, rows, columns)))


@node_rewriter([AbstractConv3d_gradInputs])
def local_conv3d_grad_inputs_pictures(fgraph, node):
    """AbstractConv3d_gradInputs -> AbstractConv2d_gradInputs"""
    filters, gradient, shape = node.inputs
    size = _depth(node.op, filters.shape[2])
    depths = _Depths(node.op, size)
    shape = as_tensor_variable(shape)
    convolve = AbstractConv2d_gradInputs(**_settings(node.op))
    seen = convolve(_flat_filters(filters), _pictures(gradient), shape[1:])
    batch, count = gradient.shape[0], gradient.shape[2]
    seen = _volumes(seen, batch)
    channels, rows, columns = seen.shape[1] // size, seen.shape[3], seen.shape[4]
    seen = seen.reshape((batch, channels, size, count, rows, columns))
    padded = (batch, channels, shape[0] + 2 * depths.pad, rows, columns)
    result = depths.added(zeros(padded, dtype=gradient.dtype), seen, count)
    return replacement(node, result[:, :, depths.pad : depths.pad + shape[0]])


def register():
    """Put the rewrites into Aesara's database. Called once, at import."""
    for rewrite in (
        local_conv3d_pictures,
        local_conv3d_grad_weights_pictures,
        local_conv3d_grad_inputs_pictures,
    ):
        # Before those that take what they make, which stand at 10.
        conv_groupopt.register(rewrite.__name__, rewrite, *TAGS, position=5)
