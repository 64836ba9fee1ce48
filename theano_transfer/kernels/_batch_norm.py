"""Batch normalisation of images as Aesara Ops over oneDNN.

All normalise (batch, channel, row, column) per channel; parameters are vectors (channel,) and
epsilon, a scalar of the same dtype, is added to the (biased) variance. Ioffe and Szegedy, 2015,
https://arxiv.org/abs/1502.03167.
"""

import numpy as np
from aesara.gradient import DisconnectedType
from aesara.graph.basic import Apply
from aesara.link.c.params_type import ParamsType
from aesara.scalar import int64
from aesara.tensor import as_tensor_variable, cast, sqrt
from aesara.tensor.type import TensorType

from theano_transfer.kernels import _reference as reference
from theano_transfer.kernels._conv import ACTIVATIONS
from theano_transfer.kernels._onednn import warn_if_missing
from theano_transfer.kernels._op import NativeOp
from theano_transfer.legacy._rectifiers import CEILINGS


class _BatchNorm(NativeOp):
    __props__: tuple = ()

    def _inputs(self, images, *others, axes):
        """Every input in the images' dtype, with the number of axes it must have."""
        warn_if_missing()
        images = as_tensor_variable(images)
        inputs = [images, *(cast(as_tensor_variable(v), images.dtype) for v in others)]
        for variable, ndim in zip(inputs, (4, *axes)):
            if variable.ndim != ndim:
                raise TypeError(f"{self}: expected {ndim} axes, got {variable.type}")
        return inputs

    def _vector(self, images):
        return TensorType(images.dtype, shape=images.type.shape[1:2])()


class BatchNormInference(_BatchNorm):
    """``(images - mean) / sqrt(var + epsilon) * gamma + beta`` by stored statistics."""

    c_name = "batch_norm_inference"
    floating_inputs = 6

    def make_node(self, images, gamma, beta, mean, var, epsilon):
        inputs = self._inputs(images, gamma, beta, mean, var, epsilon, axes=(1, 1, 1, 1, 0))
        return Apply(self, inputs, [inputs[0].type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = reference.batch_norm(*inputs)

    def infer_shape(self, fgraph, node, shapes):
        return [shapes[0]]

    def L_op(self, inputs, outputs, gradients):
        images, gamma, _, mean, var, epsilon = inputs
        (g,) = gradients
        inverse = 1 / sqrt(var + epsilon)
        by_beta = g.sum(axis=(0, 2, 3))
        centred = images - mean.dimshuffle("x", 0, "x", "x")
        by_scale = (g * centred).sum(axis=(0, 2, 3))
        return [
            g * (gamma * inverse).dimshuffle("x", 0, "x", "x"),
            by_scale * inverse,
            by_beta,
            -by_beta * gamma * inverse,
            -0.5 * by_scale * gamma * inverse**3,
            DisconnectedType()(),
        ]

    def connection_pattern(self, node):
        return [[True]] * 5 + [[False]]


class _BatchNormTrain(_BatchNorm):
    """`activation_name` is 'none', 'relu' or 'relu6': what is done to the normalised images."""

    __props__ = ("activation_name",)
    params_type = ParamsType(activation=int64)

    def __init__(self, activation_name="none"):
        self.activation_name = activation_name
        self.activation = ACTIVATIONS.index(activation_name)
        super().__init__()

    def infer_shape(self, fgraph, node, shapes):
        channels = (shapes[0][1],)
        return [shapes[0], channels, channels]


class BatchNormTrain(_BatchNormTrain):
    """The same by the batch's own statistics. Returns images, mean and biased variance.

    A fifth input, which rewrites put into finished graphs, is added before the activation.
    """

    c_name = "batch_norm_train"
    _cop_num_inputs = 5
    floating_inputs = 5

    def make_node(self, images, gamma, beta, epsilon, *residual):
        axes = (1, 1, 0) + (4,) * len(residual)
        inputs = self._inputs(images, gamma, beta, epsilon, *residual, axes=axes)
        # Of no known length: a `default_update` must have the very type of the shared variable.
        vector = TensorType(inputs[0].dtype, shape=(None,))()
        return Apply(self, inputs, [inputs[0].type(), vector, vector.clone()])

    def perform(self, node, inputs, output_storage, params=None):
        y, mean, var = reference.batch_norm_train(*inputs[:4])
        for residual in inputs[4:]:
            y = y + residual
        if self.activation_name != "none":
            np.clip(y, 0, CEILINGS[self.activation_name], out=y)
        for storage, value in zip(output_storage, (y, mean, var)):
            storage[0] = value

    def connection_pattern(self, node):
        # The statistics are for running averages: nothing is trained through them.
        return [[True, False, False]] * 3 + [[False] * 3] * (len(node.inputs) - 3)

    def L_op(self, inputs, outputs, gradients):
        images, gamma, _, epsilon, *residual = inputs
        y, mean, var = outputs
        if residual:
            raise NotImplementedError(f"{self} with a residual is for finished graphs")
        if isinstance(gradients[0].type, DisconnectedType):
            return [DisconnectedType()() for _ in inputs]
        backward = BatchNormTrainGrad(self.activation_name)
        given = [images, gradients[0], gamma, mean, var, epsilon]
        return [*backward(*given, *([y] if self.activation else [])), DisconnectedType()()]


class BatchNormTrainGrad(_BatchNormTrain):
    """Gradients of :class:`BatchNormTrain` by images, gamma and beta.

    Inputs: images, the gradient by the output, gamma, mean, var, epsilon and, with an activation,
    the output itself, which tells where that was flat.
    """

    c_name = "batch_norm_train_grad"
    _cop_num_inputs = 7
    floating_inputs = 7

    def make_node(self, images, gradient, gamma, mean, var, epsilon, *output):
        if len(output) != bool(self.activation):
            raise TypeError(f"{self}: expected {6 + bool(self.activation)} inputs")
        axes = (4, 1, 1, 1, 0) + (4,) * len(output)
        inputs = self._inputs(images, gradient, gamma, mean, var, epsilon, *output, axes=axes)
        vector = self._vector(inputs[0])
        return Apply(self, inputs, [inputs[0].type(), vector, vector.clone()])

    def perform(self, node, inputs, output_storage, params=None):
        images, gradient, *others = inputs
        if self.activation:
            y = others.pop()
            gradient = gradient * ((y > 0) & (y < CEILINGS[self.activation_name]))
        results = reference.batch_norm_train_grad(images, gradient, *others)
        for storage, value in zip(output_storage, results):
            storage[0] = value


class SumChannels(_BatchNorm):
    """The sum of images (batch, channel, row, column) over all axes but the second.

    It is the gradient by a bias. Aesara's own sum runs on one core.
    """

    c_name = "sum_channels"
    floating_inputs = 1

    def make_node(self, images):
        inputs = self._inputs(images, axes=())
        return Apply(self, inputs, [self._vector(inputs[0])])

    def perform(self, node, inputs, output_storage):
        (images,) = inputs
        output_storage[0][0] = images.sum(axis=(0, 2, 3), dtype="float64").astype(images.dtype)

    def infer_shape(self, fgraph, node, shapes):
        return [(shapes[0][1],)]
