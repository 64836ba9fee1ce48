"""What stands around a kernel becomes part of it: bias, normalisation, sum, rectifier.

Each rewrite is registered under its name and the tags ``onednn`` and ``fusion``.
"""

import numpy as np
from aesara.compile import optdb
from aesara.graph.rewriting.basic import (
    GraphRewriter,
    copy_stack_trace,
    in2out,
    node_rewriter,
    out2in,
)
from aesara.graph.utils import InconsistencyError
from aesara.scalar import basic as scalar
from aesara.tensor import add
from aesara.tensor.elemwise import DimShuffle, Elemwise
from aesara.tensor.math import Sum
from aesara.tensor.shape import Reshape

from theano_transfer.kernels._batch_norm import (
    BatchNormInference,
    BatchNormTrain,
    BatchNormTrainGrad,
    SumChannels,
)
from theano_transfer.kernels._conv import PARTS, Conv2d
from theano_transfer.kernels._depthwise_block import DepthwiseBlock, block_ending_with
from theano_transfer.kernels._rewrites import (
    as_vector,
    fast,
    number_in,
    replacement,
    shape_of,
)
from theano_transfer.legacy._rectifiers import rectifier_grad_of, rectifier_of, rectify


def _only_client(fgraph, variable):
    return len(fgraph.clients[variable]) == 1


def _open_convolution(fgraph, variable, *parts):
    """The Conv2d node that computes `variable` for one client and can take more along: it has
    no activation yet and, of the parts, at most those that come before."""
    node = variable.owner
    if (
        node is not None
        and isinstance(node.op, Conv2d)
        and node.op.activation_name == "none"
        and set(node.op.parts) <= set(parts)
        and _only_client(fgraph, variable)
    ):
        return node
    return None


def _with_part(convolution, part, *inputs):
    op = convolution.op.altered(parts=(*convolution.op.parts, part))
    return op(*convolution.inputs, *inputs, shape=shape_of(convolution))


@node_rewriter([Elemwise])
def local_fuse_bias(fgraph, node):
    """Conv2d(x, W) + b.dimshuffle('x', 0, 'x', 'x') -> Conv2d(x, W, b)"""
    if not isinstance(node.op.scalar_op, scalar.Add) or len(node.inputs) != 2:
        return None
    for output, other in (node.inputs, node.inputs[::-1]):
        convolution = _open_convolution(fgraph, output)
        if (
            convolution is not None
            and other.type.shape[0] == other.type.shape[2] == other.type.shape[3] == 1
            and other.type.shape[1] != 1
            and other.dtype == output.dtype
        ):
            return replacement(node, _with_part(convolution, "bias", as_vector(other)))
    return None


@node_rewriter([BatchNormInference])
def local_fuse_normalisation(fgraph, node):
    """BatchNormInference(Conv2d(x, W, b), ...) -> Conv2d(x, W, b, ...)

    The kernel multiplies it into the filters, once.
    """
    images, *statistics = node.inputs
    convolution = _open_convolution(fgraph, images, "bias")
    if convolution is None:
        return None
    return replacement(node, _with_part(convolution, "normalisation", *statistics))


def _open_normalisation(fgraph, variable, inputs):
    """The BatchNormTrain node of at most so many inputs that computes `variable` for one client
    and has no activation yet."""
    node = variable.owner
    if (
        node is not None
        and node.op == BatchNormTrain()
        and len(node.inputs) <= inputs
        and variable is node.outputs[0]
        and _only_client(fgraph, variable)
        and fast(variable)
    ):
        return node
    return None


def _normalised(node, normalisation, op, *inputs):
    """What replaces `node`, when `op` does its work and that of the `normalisation`."""
    results = op(*inputs)
    old = [node.outputs[0], *normalisation.outputs[1:]]
    copy_stack_trace(old, results)
    return {a: a.type.filter_variable(b) for a, b in zip(old, results)}


def _sum_of(fgraph, variables):
    """The sum of `variables`, by the node that computes it already if there is one."""
    if len(variables) == 1:
        return variables[0]
    for client, _ in fgraph.clients[variables[0]]:
        if (
            client != "output"
            and isinstance(client.op, Elemwise)
            and isinstance(client.op.scalar_op, scalar.Add)
            and sorted(map(id, client.inputs)) == sorted(map(id, variables))
        ):
            return client.outputs[0]
    return add(*variables)


@node_rewriter([Elemwise])
def local_fuse_residual(fgraph, node):
    """Conv2d(...) + y -> Conv2d(..., y), likewise BatchNormTrain, for a y of the same shape

    Sums of sums have been flattened by now: of three, two are somebody else's sum.
    """
    if not isinstance(node.op.scalar_op, scalar.Add) or not fast(*node.inputs):
        return None
    shape = node.outputs[0].type.shape
    # An axis of length 1 would be repeated, if the output had a longer one.
    if any(b == 1 and a != 1 for v in node.inputs for a, b in zip(shape, v.type.shape)):
        return None
    for position, output in enumerate(node.inputs):
        rest = node.inputs[:position] + node.inputs[position + 1 :]
        convolution = _open_convolution(fgraph, output, "bias", "normalisation")
        if convolution is not None:
            other = _sum_of(fgraph, rest)
            return replacement(node, _with_part(convolution, "residual", other))
        normalisation = _open_normalisation(fgraph, output, 4)
        if normalisation is not None:
            inputs = (*normalisation.inputs, _sum_of(fgraph, rest))
            return _normalised(node, normalisation, normalisation.op, *inputs)
    return None


def _inputs_of(variable, scalar_op):
    """The inputs of the elementwise `scalar_op` that computes `variable`; none if another does."""
    owner = variable.owner
    if owner is None or not isinstance(owner.op, Elemwise):
        return []
    return owner.inputs if isinstance(owner.op.scalar_op, scalar_op) else []


def _rectified(node):
    """(activation, its input) where `node` is a rectifier as people write it, or None."""
    op, inputs = node.op.scalar_op, node.inputs
    if isinstance(op, scalar.Clip) and [number_in(v) for v in inputs[1:]] == [0, 6]:
        return "relu6", inputs[0]
    if isinstance(op, scalar.ScalarMaximum):
        for x, bound in (inputs, inputs[::-1]):
            if number_in(bound) == 0:
                return "relu", x
    if isinstance(op, scalar.Mul) and len(inputs) == 2:  # 0.5 * (x + abs(x)), as Theano spells it
        for half, total in (inputs, inputs[::-1]):
            summands = _inputs_of(total, scalar.Add)
            if number_in(half) == 0.5 and len(summands) == 2:
                for x, magnitude in (summands, summands[::-1]):
                    if _inputs_of(magnitude, scalar.Abs) == [x]:
                        return "relu", x
    return None


@node_rewriter([Elemwise])
def local_rectifier(fgraph, node):
    """maximum(x, 0), 0.5 * (x + abs(x)), clip(x, 0, 6) -> relu, relu6"""
    found = _rectified(node)
    if found is None:
        return None
    activation, x = found
    if x.type.ndim != node.outputs[0].type.ndim or x.dtype != node.outputs[0].dtype:
        return None
    return replacement(node, rectify(x, activation))


@node_rewriter([Elemwise])
def local_fuse_activation(fgraph, node):
    """relu(Conv2d(...)) -> Conv2d{relu}(...), relu(BatchNormTrain(...)) -> BatchNormTrain{relu}"""
    activation = rectifier_of(node.op)
    if activation is None:
        return None
    (x,) = node.inputs
    convolution = _open_convolution(fgraph, x, *PARTS)
    if convolution is not None:
        fused = convolution.op.altered(activation_name=activation)
        return replacement(node, fused(*convolution.inputs, shape=shape_of(convolution)))
    normalisation = _open_normalisation(fgraph, x, 5)
    if normalisation is not None:
        op = BatchNormTrain(activation)
        return _normalised(node, normalisation, op, *normalisation.inputs)
    return None


@node_rewriter([Elemwise])
def local_rectify_before_reshaping(fgraph, node):
    """relu(Reshape(Conv2d(...), shape)) -> Reshape(relu(Conv2d(...)), shape)

    Aesara moves the flattening of features the other way, where the rectifier would stay alone.
    """
    activation, reshaped = rectifier_of(node.op), node.inputs[0]
    owner = reshaped.owner
    if activation is None or owner is None or not isinstance(owner.op, Reshape):
        return None
    x, shape = owner.inputs
    if not _only_client(fgraph, reshaped):
        return None
    if not (_open_convolution(fgraph, x, *PARTS) or _open_normalisation(fgraph, x, 5)):
        return None
    return replacement(node, owner.op(rectify(x, activation), shape))


def is_rectified(variable):
    """Whether `variable` is known to have no negative elements."""
    node = variable.owner
    while node is not None and isinstance(node.op, DimShuffle):
        node = node.inputs[0].owner
    if node is None:
        return False
    if isinstance(node.op, (Conv2d, BatchNormTrain)):
        return node.op.activation_name != "none"
    return rectifier_of(node.op) is not None


@node_rewriter([BatchNormTrainGrad])
def local_fuse_activation_grad(fgraph, node):
    """BatchNormTrainGrad(x, relu_grad(y, g), ...) -> BatchNormTrainGrad{relu}(x, g, ..., y)"""
    images, gradient, *others = node.inputs
    owner = gradient.owner
    if node.op.activation or owner is None or not _only_client(fgraph, gradient):
        return None
    activation = rectifier_grad_of(owner.op)
    if activation is None or not fast(gradient):
        return None
    y, passed = owner.inputs
    if y.type.ndim != 4 or y.dtype != passed.dtype:
        return None
    # The gradient of a mean over rows and columns is one number for each channel, repeated.
    if passed.type.broadcastable != y.type.broadcastable:
        return None
    fused = BatchNormTrainGrad(activation)
    return replacement(node, *fused(images, passed, *others, y))


@node_rewriter([Sum])
def local_sum_channels(fgraph, node):
    """x.sum((0, 2, 3)) -> SumChannels(x), or zeros where x is BatchNormTrainGrad's

    The gradient by what is normalised sums to zero in each channel, whatever comes after: adding
    a bias changes nothing. Networks that have both, as ResNet50 has, would sum in vain.
    """
    (x,) = node.inputs
    axes = node.op.axis
    if x.ndim != 4 or axes is None or tuple(sorted(axes)) != (0, 2, 3) or not fast(x):
        return None
    if node.outputs[0].dtype != x.dtype:
        return None
    owner = x.owner
    if owner is not None and isinstance(owner.op, BatchNormTrainGrad) and x is owner.outputs[0]:
        # Zeros as long as another gradient by channel; what has become nan stays to be seen.
        return replacement(node, owner.outputs[2] * np.zeros((), x.dtype))
    return replacement(node, SumChannels()(x))


@node_rewriter([Conv2d])
def local_depthwise_block(fgraph, node):
    """Conv2d(depthwise(Conv2d(x))) -> DepthwiseBlock(x), also without the first of them"""
    nodes = block_ending_with(fgraph, node)
    if nodes is None or node.outputs[0].dtype == "float64":
        return None
    return replacement(node, DepthwiseBlock.of(nodes))


class ConvolveInPlace(GraphRewriter):
    """Conv2d(..., residual) writes its output over the residual, where nothing needs that later.

    The shortcut of a residual block has done its work then. All at once where that is possible:
    each check looks at the whole graph.
    """

    def apply(self, fgraph):
        nodes = [
            node
            for node in fgraph.toposort()
            if isinstance(node.op, Conv2d) and node.op.has_residual and not node.op.in_place
        ]
        if not self._replaced(fgraph, nodes):
            for node in nodes:
                self._replaced(fgraph, [node])

    @staticmethod
    def _replaced(fgraph, nodes):
        """Whether the nodes could be replaced; otherwise nothing has changed."""
        new: dict = {}
        for node in nodes:
            # One may feed the next: it takes the new output then.
            inputs = [new.get(v, v) for v in node.inputs]
            result = node.op.altered(in_place=True)(*inputs, shape=shape_of(node))
            copy_stack_trace(node.outputs[0], result)
            new[node.outputs[0]] = node.outputs[0].type.filter_variable(result)
        try:
            fgraph.replace_all_validate(list(new.items()), reason="convolve_in_place")
        except InconsistencyError:
            return False
        return True


def register():
    """Put the rewrites into Aesara's database. Called once, at import."""
    optdb.register(
        "local_rectifier",
        in2out(local_rectifier, name="local_rectifier"),
        "onednn",
        "fast_run",
        position=0.7,  # merged once, not yet canonicalised, which would tear them apart
    )
    # After everything has its kernel (48.6), before elementwise Ops are fused with one another
    # (49): in the order in which a layer does them.
    fusions = (
        local_fuse_bias,
        local_fuse_normalisation,
        local_fuse_residual,
        local_rectify_before_reshaping,
        local_fuse_activation,
        local_fuse_activation_grad,
        local_sum_channels,
    )
    for step, rewrite in enumerate(fusions, start=1):
        name = rewrite.__name__
        # A sum of sums gives its first part free only once it is rewritten itself.
        order = out2in if rewrite is local_fuse_residual else in2out
        optdb.register(
            name,
            order(rewrite, name=name),
            "onednn",
            "fusion",
            "fast_run",
            position=48.7 + step / 100,
        )
    # What computes in bfloat16 has said so (48.78).
    optdb.register(
        "local_depthwise_block",
        in2out(local_depthwise_block, name="local_depthwise_block"),
        "onednn",
        "fusion",
        "fast_run",
        position=48.79,
    )
    # After DestroyHandler is there (49.5), as Aesara's own Ops that work in place.
    optdb.register(
        "convolve_in_place", ConvolveInPlace(), "onednn", "fusion", "inplace", "fast_run",
        position=70.5,
    )  # fmt: skip
