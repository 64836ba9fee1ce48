"""Where Aesara's abstract convolutions, pooling and batch normalisation get their kernels.

Each rewrite is registered under a name and the tag ``onednn``, so that
``mode.excluding('onednn')`` or ``optimizer_excluding=onednn`` takes them all out.
"""

from aesara.graph.basic import Constant
from aesara.graph.rewriting.basic import copy_stack_trace, node_rewriter
from aesara.tensor import cast, sqrt
from aesara.tensor.elemwise import DimShuffle
from aesara.tensor.nnet.abstract_conv import (
    AbstractConv2d,
    AbstractConv2d_gradInputs,
    AbstractConv2d_gradWeights,
)
from aesara.tensor.nnet.batchnorm import (
    AbstractBatchNormInference,
    AbstractBatchNormTrain,
    AbstractBatchNormTrainGrad,
    bn_groupopt,
)
from aesara.tensor.nnet.rewriting import conv_groupopt
from aesara.tensor.rewriting.basic import register_specialize_device
from aesara.tensor.signal.pool import AveragePoolGrad, MaxPoolGrad, Pool

from theano_transfer.kernels._batch_norm import (
    BatchNormInference,
    BatchNormTrain,
    BatchNormTrainGrad,
)
from theano_transfer.kernels._conv import Conv2d, Conv2dGradInputs, Conv2dGradWeights, as_pads
from theano_transfer.kernels._onednn import missing
from theano_transfer.kernels._pool import MODES, Pool2d, Pool2dGrad

TAGS = ("onednn", "fast_compile", "fast_run")


def replacement(node, *results):
    """`results` in the types that the outputs of `node` have, with its stack trace."""
    copy_stack_trace(node.outputs, list(results))
    return [
        old.type.filter_variable(cast(new, old.dtype) if new.dtype != old.dtype else new)
        for old, new in zip(node.outputs, results)
    ]


def _settings(op):
    return as_pads(op.border_mode), op.subsample, op.filter_dilation, op.num_groups


def shape_of(node):
    """The shape of what `node` computes, None where a length is not known yet."""
    return node.outputs[0].type.shape


def _flipped(filters):
    return filters[:, :, ::-1, ::-1]


@node_rewriter([AbstractConv2d])
def local_conv2d_onednn(fgraph, node):
    """AbstractConv2d -> Conv2d"""
    if node.op.unshared:
        return None
    images, filters = node.inputs
    if node.op.filter_flip:
        filters = _flipped(filters)
    convolve = Conv2d(*_settings(node.op))
    return replacement(node, convolve(images, filters, shape=shape_of(node)))


@node_rewriter([AbstractConv2d_gradInputs])
def local_conv2d_grad_inputs_onednn(fgraph, node):
    """AbstractConv2d_gradInputs -> Conv2dGradInputs"""
    if node.op.unshared:
        return None
    filters, gradient, size = node.inputs
    if node.op.filter_flip:
        filters = _flipped(filters)
    convolve = Conv2dGradInputs(*_settings(node.op))
    return replacement(node, convolve(filters, gradient, size, shape=shape_of(node)))


@node_rewriter([AbstractConv2d_gradWeights])
def local_conv2d_grad_weights_onednn(fgraph, node):
    """AbstractConv2d_gradWeights -> Conv2dGradWeights"""
    if node.op.unshared:
        return None
    result = Conv2dGradWeights(*_settings(node.op))(*node.inputs, shape=shape_of(node))
    return replacement(node, _flipped(result) if node.op.filter_flip else result)


def fast(*variables):
    """Whether the C code can take these: Aesara's own code is better than NumPy otherwise."""
    return all(v.dtype == "float32" for v in variables) and not missing()


def _pool_settings(op, window, stride, pad):
    """The settings of an Aesara pooling Op, or None where oneDNN does not know them."""
    if not all(isinstance(v, Constant) for v in (window, stride, pad)):
        return None
    window, stride, pad = (tuple(int(i) for i in v.data) for v in (window, stride, pad))
    if op.ndim != 2 or op.mode not in MODES or any(p >= k for p, k in zip(pad, window)):
        return None
    return window, stride, tuple((p, p) for p in pad), op.mode, bool(op.ignore_border)


@node_rewriter([Pool])
def local_pool2d_onednn(fgraph, node):
    """Pool -> Pool2d"""
    images, *numbers = node.inputs
    settings = _pool_settings(node.op, *numbers)
    if settings is None or images.ndim != 4 or not fast(images):
        return None
    return replacement(node, Pool2d(*settings)(images))


@node_rewriter([MaxPoolGrad, AveragePoolGrad])
def local_pool2d_grad_onednn(fgraph, node):
    """MaxPoolGrad, AveragePoolGrad -> Pool2dGrad"""
    images, *_, gradient, window, stride, pad = node.inputs
    settings = _pool_settings(node.op, window, stride, pad)
    if settings is None or images.ndim != 4 or not fast(images, gradient):
        return None
    return replacement(node, Pool2dGrad(*settings)(images, gradient))


def _per_channel(op, images, *parameters):
    """The parameters (1, channel, 1, 1) as vectors, or None where the axes are others."""
    if tuple(op.axes) != (0, 2, 3) or images.ndim != 4 or not fast(images, *parameters):
        return None
    return [as_vector(p) for p in parameters]


def as_vector(parameter):
    """(1, channel, 1, 1) as (channel,), by what it was made from where it was a vector."""
    owner = parameter.owner
    if owner and isinstance(owner.op, DimShuffle) and owner.op.new_order == ("x", 0, "x", "x"):
        return owner.inputs[0]
    return parameter.dimshuffle(1)


def _back(vector):
    return vector.dimshuffle("x", 0, "x", "x")


@node_rewriter([AbstractBatchNormInference])
def local_batch_norm_inference_onednn(fgraph, node):
    """AbstractBatchNormInference -> BatchNormInference"""
    images, *parameters, epsilon = node.inputs
    vectors = _per_channel(node.op, images, *parameters)
    if vectors is None:
        return None
    return replacement(node, BatchNormInference()(images, *vectors, epsilon))


@node_rewriter([AbstractBatchNormTrain])
def local_batch_norm_train_onednn(fgraph, node):
    """AbstractBatchNormTrain -> BatchNormTrain and the running averages"""
    images, gamma, beta, epsilon, factor, *running = node.inputs
    vectors = _per_channel(node.op, images, gamma, beta)
    if vectors is None:
        return None
    y, mean, var = BatchNormTrain()(images, *vectors, epsilon)
    results = [y, _back(mean), _back(1 / sqrt(var + cast(epsilon, images.dtype)))]
    if running:
        count = cast(images.size // images.shape[1], images.dtype)
        batch = [mean, var * (count / (count - 1))]  # the average keeps the unbiased variance
        for old, new in zip(running, batch):
            results.append(old * (1 - factor) + _back(new) * factor)
    return replacement(node, *results)


@node_rewriter([AbstractBatchNormTrainGrad])
def local_batch_norm_train_grad_onednn(fgraph, node):
    """AbstractBatchNormTrainGrad -> BatchNormTrainGrad"""
    images, gradient, gamma, mean, inverse, epsilon = node.inputs
    vectors = _per_channel(node.op, images, gamma, mean, inverse)
    if vectors is None:
        return None
    gamma, mean, inverse = vectors
    var = 1 / inverse**2 - cast(epsilon, images.dtype)
    by_images, by_gamma, by_beta = BatchNormTrainGrad()(images, gradient, gamma, mean, var, epsilon)
    return replacement(node, by_images, _back(by_gamma), _back(by_beta))


def number_in(variable):
    """The number that `variable` is everywhere, as an array without axes, or None."""
    while variable.owner is not None and isinstance(variable.owner.op, DimShuffle):
        variable = variable.owner.inputs[0]
    if isinstance(variable, Constant) and variable.data.size == 1:
        return variable.data.reshape(())
    return None


def register():
    """Put the rewrites into Aesara's databases. Called once, at import."""
    for rewrite in (
        local_conv2d_onednn,
        local_conv2d_grad_inputs_onednn,
        local_conv2d_grad_weights_onednn,
    ):
        # Before Aesara's own, which stand at 30 and 40.
        conv_groupopt.register(rewrite.__name__, rewrite, *TAGS, position=10)
    for rewrite in (
        local_batch_norm_inference_onednn,
        local_batch_norm_train_onednn,
        local_batch_norm_train_grad_onednn,
    ):
        bn_groupopt.register(rewrite.__name__, rewrite, *TAGS, position=10)
    for rewrite in (local_pool2d_onednn, local_pool2d_grad_onednn):
        register_specialize_device(rewrite, *TAGS)
