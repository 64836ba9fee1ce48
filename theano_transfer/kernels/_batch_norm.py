"""Batch normalisation of images as Aesara Ops over oneDNN.

All normalise (batch, channel, row, column) per channel; parameters are vectors (channel,) and
epsilon, a scalar of the same dtype, is added to the (biased) variance. Ioffe and Szegedy, 2015,
https://arxiv.org/abs/1502.03167.
"""

from aesara.gradient import DisconnectedType
from aesara.graph.basic import Apply
from aesara.tensor import as_tensor_variable, cast, sqrt
from aesara.tensor.type import TensorType

from theano_transfer.kernels import _reference as reference
from theano_transfer.kernels._onednn import OneDNNOp, warn_if_missing


class _BatchNorm(OneDNNOp):
    __props__ = ()

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
        return TensorType(images.dtype, shape=(None,))()


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


class BatchNormTrain(_BatchNorm):
    """The same by the batch's own statistics. Returns images, mean and biased variance."""

    c_name = "batch_norm_train"
    floating_inputs = 4

    def make_node(self, images, gamma, beta, epsilon):
        inputs = self._inputs(images, gamma, beta, epsilon, axes=(1, 1, 0))
        vector = self._vector(inputs[0])
        return Apply(self, inputs, [inputs[0].type(), vector, vector.clone()])

    def perform(self, node, inputs, output_storage):
        for storage, value in zip(output_storage, reference.batch_norm_train(*inputs)):
            storage[0] = value

    def infer_shape(self, fgraph, node, shapes):
        channels = (shapes[0][1],)
        return [shapes[0], channels, channels]

    def connection_pattern(self, node):
        # The statistics are for running averages: nothing is trained through them.
        return [[True, False, False]] * 3 + [[False] * 3]

    def L_op(self, inputs, outputs, gradients):
        images, gamma, _, epsilon = inputs
        _, mean, var = outputs
        if isinstance(gradients[0].type, DisconnectedType):
            return [DisconnectedType()() for _ in inputs]
        return [
            *BatchNormTrainGrad()(images, gradients[0], gamma, mean, var, epsilon),
            DisconnectedType()(),
        ]


class BatchNormTrainGrad(_BatchNorm):
    """Gradients of :class:`BatchNormTrain` by images, gamma and beta."""

    c_name = "batch_norm_train_grad"
    floating_inputs = 6

    def make_node(self, images, gradient, gamma, mean, var, epsilon):
        inputs = self._inputs(images, gradient, gamma, mean, var, epsilon, axes=(4, 1, 1, 1, 0))
        vector = self._vector(inputs[0])
        return Apply(self, inputs, [inputs[0].type(), vector, vector.clone()])

    def perform(self, node, inputs, output_storage):
        for storage, value in zip(output_storage, reference.batch_norm_train_grad(*inputs)):
            storage[0] = value

    def infer_shape(self, fgraph, node, shapes):
        channels = (shapes[0][1],)
        return [shapes[0], channels, channels]


class FoldBatchNorm(_BatchNorm):
    """Filters and bias that do the work of a convolution and the normalisation after it.

    Inputs: filters (out, in, row, column), then gamma, beta, mean and var (out,), epsilon and, if
    the convolution has one, its bias. ``scale = gamma / sqrt(var + epsilon)``; returns
    ``filters * scale`` and ``beta + (bias - mean) * scale``.

    One Op rather than the eight expressions it stands for: a network has it fifty times, and
    Aesara's rewriting takes its time by the node. It is put into finished graphs only and so has
    no gradient.
    """

    c_name = "fold_batch_norm"
    _cop_num_inputs = 7
    floating_inputs = 7

    def make_node(self, filters, gamma, beta, mean, var, epsilon, *bias):
        axes = (1, 1, 1, 1, 0) + (1,) * len(bias)
        inputs = self._inputs(filters, gamma, beta, mean, var, epsilon, *bias, axes=axes)
        return Apply(self, inputs, [inputs[0].type(), self._vector(inputs[0])])

    def perform(self, node, inputs, output_storage):
        for storage, value in zip(output_storage, reference.fold_batch_norm(*inputs)):
            storage[0] = value

    def infer_shape(self, fgraph, node, shapes):
        return [shapes[0], shapes[1]]
