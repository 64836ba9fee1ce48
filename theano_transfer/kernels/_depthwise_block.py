"""Two or three convolutions of a narrow network in one pass over its images."""

from aesara.graph.basic import Apply
from aesara.link.c.type import generic
from aesara.tensor.type import TensorType

from theano_transfer.kernels._conv import PARTS, Conv2d
from theano_transfer.kernels._op import NativeOp

# In the order of ConvolutionParams in native/kernels.h, then which parts there are.
SETTINGS = (
    "pad_top", "pad_bottom", "pad_left", "pad_right", "stride_rows", "stride_columns",
    "dilation_rows", "dilation_columns", "groups", "activation", "in_place",
    "has_bias", "has_normalisation", "has_residual",
)  # fmt: skip


class DepthwiseBlock(NativeOp):
    """Convolutions, each of the output of the one before it: [1x1,] depthwise, 1x1.

    The inverted residual of MobileNetV2 (https://arxiv.org/abs/1801.04381) or the depthwise
    separable convolution of MobileNet (https://arxiv.org/abs/1704.04861). Its wide images, which
    take longer to write and to read again than to compute, never leave the cache.

    Parameters
    ----------
    stages : two or three Conv2d, or Conv2dBfloat16
        What they have beside filters (bias, normalisation, activation) stays theirs; the last
        may add a residual.

    Inputs: images (batch, channel, row, column), then what each stage takes beside its images.
    Rewrites put it into finished graphs; it has no gradient.
    """

    __props__ = ("stages",)
    c_name = "depthwise_block"
    params_type = generic  # a tuple of int, SETTINGS of each stage
    _cop_num_inputs = 23

    def __init__(self, stages):
        self.stages = tuple(stages)
        # None of bfloat16 stages, which have seen to their inputs themselves.
        self.floating_inputs = 23 if self.stages[0].floating_inputs else 0
        super().__init__()

    def __str__(self):
        activations = ", ".join(stage.activation_name for stage in self.stages)
        return f"{type(self).__name__}{{{activations}}}"

    def get_params(self, node):
        return tuple(int(getattr(stage, name)) for stage in self.stages for name in SETTINGS)

    @staticmethod
    def of(nodes):
        """The variable that the last of these Apply nodes of Conv2d computes, by one Op."""
        others = [v for node in nodes for v in node.inputs[1:]]
        op = DepthwiseBlock(node.op for node in nodes)
        return op(nodes[0].inputs[0], *others, shape=nodes[-1].outputs[0].type.shape)

    def make_node(self, images, *others, shape=(None, None, None, None)):
        inputs = [images, *others]
        return Apply(self, inputs, [TensorType(images.dtype, shape=shape)()])

    def _by_stage(self, values):
        """(stage, its inputs beside images) for each, of what stands behind the images."""
        values = iter(values)
        for stage in self.stages:
            count = 1 + sum(len(PARTS[part]) for part in stage.parts)
            yield stage, [next(values) for _ in range(count)]

    def perform(self, node, inputs, output_storage, params=None):
        images = inputs[0]
        for stage, others in self._by_stage(inputs[1:]):
            result = [None]
            stage.perform(node, [images, *others], [result])
            images = result[0]
        output_storage[0][0] = images

    def infer_shape(self, fgraph, node, shapes):
        images = shapes[0]
        filters = self._by_stage(zip(node.inputs[1:], shapes[1:]))
        for stage, others in filters:
            shape = others[0][1]
            images = (images[0], shape[0], *stage.output_size(images[2:], shape[2:]))
        return [images]


def may_be_pointwise(op):
    """Whether filters of 1x1 would make `op` a product of matrices, pixel by pixel."""
    return (
        isinstance(op, Conv2d)
        and op.groups == 1
        and op.stride == op.dilation == (1, 1)
        and max(max(pair) for pair in op.pad) <= 0
        and not op.in_place
    )


def may_be_depthwise(op):
    return isinstance(op, Conv2d) and op.groups > 1 and not op.has_residual


def block_ending_with(fgraph, node):
    """The nodes of a block of which `node` is the last, first ones first; None if it is none."""
    if not may_be_pointwise(node.op):
        return None
    depthwise = _only_feeding(fgraph, node)
    if depthwise is None or not may_be_depthwise(depthwise.op):
        return None
    widen = _only_feeding(fgraph, depthwise)
    if widen is None or not may_be_pointwise(widen.op) or widen.op.has_residual:
        return [depthwise, node]
    return [widen, depthwise, node]


def _only_feeding(fgraph, node):
    """The node that computes the images of `node` for it alone."""
    images = node.inputs[0]
    return images.owner if len(fgraph.clients[images]) == 1 else None
