"""Convolution and its two gradients as Aesara Ops over oneDNN."""

import numpy as np
from aesara.gradient import disconnected_type
from aesara.graph.basic import Apply
from aesara.link.c.params_type import ParamsType
from aesara.scalar import int64, upcast
from aesara.tensor import as_tensor_variable, cast, switch
from aesara.tensor.type import TensorType

from theano_transfer.kernels import _reference as reference
from theano_transfer.kernels._onednn import warn_if_missing
from theano_transfer.kernels._op import NativeOp

HALF, FULL = -1, -2  # paddings that depend on the filters' size, as in native/geometry.h
ACTIVATIONS = ("none", "relu", "relu6")


def as_pads(border_mode):
    """Aesara's ``border_mode`` as ((top, bottom), (left, right))."""
    if border_mode == "valid":
        return ((0, 0), (0, 0))
    if border_mode == "half":
        return ((HALF, HALF), (HALF, HALF))
    if border_mode == "full":
        return ((FULL, FULL), (FULL, FULL))
    if isinstance(border_mode, int):
        border_mode = (border_mode, border_mode)
    return tuple((p, p) if isinstance(p, int) else tuple(p) for p in border_mode)


class _Convolution(NativeOp):
    """What the three Ops share: hyper-parameters and how C code sees them.

    Parameters
    ----------
    pad : ((top, bottom), (left, right))
        Zeros around the images; all ``HALF`` or ``FULL`` to derive them from the filters' size.
    stride, dilation : (rows, columns)
    groups : int
        Into how many independent convolutions the channels divide; all of them for depthwise.

    The filters are not flipped: this is correlation. Whoever wants a convolution in the
    mathematical sense passes ``W[:, :, ::-1, ::-1]``.
    """

    __props__: tuple = ("pad", "stride", "dilation", "groups")
    params_type = ParamsType(
        pad_top=int64, pad_bottom=int64, pad_left=int64, pad_right=int64,
        stride_rows=int64, stride_columns=int64,
        dilation_rows=int64, dilation_columns=int64,
        groups=int64, activation=int64, has_bias=int64, has_normalisation=int64,
        has_residual=int64, in_place=int64,
    )  # fmt: skip
    floating_inputs = 2
    # The gradients share the parameters' C struct, so that there is one; they have none of these.
    activation = has_bias = has_normalisation = has_residual = in_place = 0

    def __init__(self, pad=((0, 0), (0, 0)), stride=(1, 1), dilation=(1, 1), groups=1):
        self.pad = tuple((int(before), int(after)) for before, after in pad)
        self.stride = tuple(int(s) for s in stride)
        self.dilation = tuple(int(d) for d in dilation)
        self.groups = int(groups)
        if min(*self.stride, *self.dilation, self.groups) < 1:
            raise ValueError(
                "stride, dilation and groups must be at least 1; "
                f"got stride={stride}, dilation={dilation}, groups={groups}"
            )
        super().__init__()

    pad_top = property(lambda self: self.pad[0][0])
    pad_bottom = property(lambda self: self.pad[0][1])
    pad_left = property(lambda self: self.pad[1][0])
    pad_right = property(lambda self: self.pad[1][1])
    stride_rows = property(lambda self: self.stride[0])
    stride_columns = property(lambda self: self.stride[1])
    dilation_rows = property(lambda self: self.dilation[0])
    dilation_columns = property(lambda self: self.dilation[1])

    def resolved_pad(self, filter_size):
        """The padding as numbers (or expressions) for filters of this (rows, columns)."""
        pairs = []
        for pair, size, d in zip(self.pad, filter_size, self.dilation):
            extent = (size - 1) * d + 1
            special = {HALF: extent // 2, FULL: extent - 1}
            pairs.append(tuple(special.get(p, p) for p in pair))
        return tuple(pairs)

    def output_size(self, image_size, filter_size):
        """Rows and columns of the output, for numbers or expressions."""
        pads = self.resolved_pad(filter_size)
        return [
            (n + before + after - (k - 1) * d - 1) // s + 1
            for n, k, (before, after), d, s in zip(
                image_size, filter_size, pads, self.dilation, self.stride
            )
        ]

    def _settings(self, filter_size):
        return self.resolved_pad(filter_size), self.stride, self.dilation, self.groups

    def _sibling(self, op):
        return op(self.pad, self.stride, self.dilation, self.groups)

    @staticmethod
    def _same_dtype(*variables):
        tensors = [as_tensor_variable(v) for v in variables]
        for variable in tensors:
            if variable.ndim != 4:
                raise TypeError(
                    "a convolution takes tensors of 4 axes (batch, channel, row, column); "
                    f"got {variable} with {variable.ndim}"
                )
        dtype = upcast(*(v.dtype for v in tensors))
        if dtype not in ("float16", "float32", "float64"):
            raise TypeError(f"a convolution takes floating-point tensors; got {dtype}")
        return [v if v.dtype == dtype else cast(v, dtype) for v in tensors]


def _output(dtype, shape):
    """A variable whose axes have the lengths in `shape` as far as they are known.

    Knowing them when a graph is built spares Aesara a dozen nodes of shape arithmetic for every
    convolution, which is most of the time that compiling a network takes.
    """
    return TensorType(dtype, shape=shape)()


def _single(length):
    """1 where that is known, else None: what Aesara's own convolutions keep of a length."""
    return 1 if length == 1 else None


# What a convolution can take along before its activation: the number of axes of each input.
PARTS = {"bias": (1,), "normalisation": (1, 1, 1, 1, 0), "residual": (4,)}


class Conv2d(_Convolution):
    """``activation(normalise(correlate(images, filters) + bias) + residual)``.

    Inputs: images (batch, channel, row, column), filters (out, channel / groups, row, column) and
    those of the `parts`, in this order: 'bias' (out,); 'normalisation' by stored statistics,
    gamma, beta, mean and var (out,) and epsilon; 'residual', of the output's shape. `activation`
    is 'none', 'relu' or 'relu6'. Here and in the gradients, `shape` is that of the output as far
    as the caller knows it (None where not).

    Rewrites put normalisation and residual into finished graphs; they have no gradient. With
    `in_place`, the output may be written over the residual.
    """

    __props__ = ("pad", "stride", "dilation", "groups", "activation_name", "parts", "in_place")
    c_name = "conv2d_forward"
    _cop_num_inputs = 9
    floating_inputs = 9

    def __init__(
        self,
        pad=((0, 0), (0, 0)),
        stride=(1, 1),
        dilation=(1, 1),
        groups=1,
        activation_name="none",
        parts=(),
        in_place=False,
    ):
        super().__init__(pad, stride, dilation, groups)
        self.activation_name = activation_name
        self.activation = ACTIVATIONS.index(activation_name)
        self.parts = tuple(part for part in PARTS if part in parts)
        self.has_bias, self.has_normalisation, self.has_residual = (
            int(part in self.parts) for part in PARTS
        )
        self.in_place = int(in_place)
        if in_place:
            number = 2 + sum(len(PARTS[part]) for part in self.parts)
            self.destroy_map = {0: [number - 1]}

    def altered(self, **changes):
        """This Op with other settings."""
        return type(self)(**{**self.settings(), **changes})

    def make_node(self, images, filters, *others, shape=None):
        warn_if_missing()
        if others and not self.parts:
            return self.altered(parts=("bias",)).make_node(images, filters, *others, shape=shape)
        images, filters = self._same_dtype(images, filters)
        axes = [ndim for part in self.parts for ndim in PARTS[part]]
        tensors = [as_tensor_variable(v) for v in others]
        if [v.ndim for v in tensors] != axes:
            raise TypeError(
                f"a convolution with {', '.join(self.parts)} takes inputs of {axes} axes beside "
                f"images and filters; got {[v.ndim for v in tensors]}"
            )
        tensors = [v if v.dtype == images.dtype else cast(v, images.dtype) for v in tensors]
        if shape is None:
            lengths = (images.type.shape[0], filters.type.shape[0])
            shape = (*map(_single, lengths), None, None)
        return Apply(self, [images, filters, *tensors], [_output(images.dtype, shape)])

    def parts_of(self, inputs):
        """The inputs of each part, by name."""
        others = iter(inputs[2:])
        return {part: [next(others) for _ in PARTS[part]] for part in self.parts}

    def perform(self, node, inputs, output_storage, params=None):
        images, filters = inputs[:2]
        parts = self.parts_of(inputs)
        y = reference.conv2d(images, filters, *self._settings(filters.shape[2:]))
        if "bias" in parts:
            y += parts["bias"][0][:, None, None]
        if "normalisation" in parts:
            y = reference.batch_norm(y, *parts["normalisation"])
        if "residual" in parts:
            y = y + parts["residual"][0]
        if self.activation_name != "none":
            np.clip(y, 0, 6 if self.activation_name == "relu6" else None, out=y)
        output_storage[0][0] = y

    def infer_shape(self, fgraph, node, shapes):
        images, filters = shapes[:2]
        size = node.outputs[0].type.shape[2:]
        if None in size:
            size = self.output_size(images[2:], filters[2:])
        return [(images[0], filters[0], *size)]

    def L_op(self, inputs, outputs, gradients):
        if set(self.parts) - {"bias"}:
            raise NotImplementedError(f"{self} is for finished graphs and has no gradient")
        images, filters, *bias = inputs
        y, gradient = outputs[0], gradients[0]
        if self.activation_name != "none":
            gradient = switch(y > 0, gradient, 0)
        if self.activation_name == "relu6":
            gradient = switch(y < 6, gradient, 0)
        by_inputs = self._sibling(Conv2dGradInputs)(filters, gradient, images.shape[2:])
        by_weights = self._sibling(Conv2dGradWeights)(images, gradient, filters.shape[2:])
        by_bias = [gradient.sum(axis=(0, 2, 3)) for _ in bias]
        return [
            images.type.filter_variable(by_inputs),
            filters.type.filter_variable(by_weights),
            *by_bias,
        ]


class Conv2dGradInputs(_Convolution):
    """Gradient of :class:`Conv2d` by its images.

    Inputs: filters, the gradient by the outputs, and the images' (rows, columns), int64.
    """

    c_name = "conv2d_grad_inputs"

    def make_node(self, filters, gradient, image_size, *, shape=None):
        warn_if_missing()
        filters, gradient = self._same_dtype(filters, gradient)
        image_size = cast(as_tensor_variable(image_size), "int64")
        if shape is None:
            channels = filters.type.shape[1] if self.groups == 1 else None
            shape = (*map(_single, (gradient.type.shape[0], channels)), None, None)
        return Apply(self, [filters, gradient, image_size], [_output(filters.dtype, shape)])

    def perform(self, node, inputs, output_storage, params=None):
        filters, gradient, size = inputs
        output_storage[0][0] = reference.conv2d_grad_inputs(
            filters, gradient, tuple(size), *self._settings(filters.shape[2:])
        )

    def infer_shape(self, fgraph, node, shapes):
        filters, gradient, _ = shapes
        size = node.inputs[2]
        return [(gradient[0], filters[1] * self.groups, size[0], size[1])]

    def connection_pattern(self, node):
        return [[True], [True], [False]]

    def L_op(self, inputs, outputs, gradients):
        filters, gradient, _ = inputs
        (g,) = gradients
        return [
            filters.type.filter_variable(
                self._sibling(Conv2dGradWeights)(g, gradient, filters.shape[2:])
            ),
            gradient.type.filter_variable(self._sibling(Conv2d)(g, filters)),
            disconnected_type(),
        ]


class Conv2dGradWeights(_Convolution):
    """Gradient of :class:`Conv2d` by its filters.

    Inputs: images, the gradient by the outputs, and the filters' (rows, columns), int64.
    """

    c_name = "conv2d_grad_weights"

    def make_node(self, images, gradient, filter_size, *, shape=None):
        warn_if_missing()
        images, gradient = self._same_dtype(images, gradient)
        filter_size = cast(as_tensor_variable(filter_size), "int64")
        if shape is None:
            channels = images.type.shape[1] if self.groups == 1 else None
            shape = (*map(_single, (gradient.type.shape[1], channels)), None, None)
        return Apply(self, [images, gradient, filter_size], [_output(images.dtype, shape)])

    def perform(self, node, inputs, output_storage, params=None):
        images, gradient, size = inputs
        size = tuple(size)
        output_storage[0][0] = reference.conv2d_grad_weights(
            images, gradient, size, *self._settings(size)
        )

    def infer_shape(self, fgraph, node, shapes):
        images, gradient, _ = shapes
        size = node.inputs[2]
        return [(gradient[1], images[1] // self.groups, size[0], size[1])]

    def connection_pattern(self, node):
        return [[True], [True], [False]]

    def L_op(self, inputs, outputs, gradients):
        images, gradient, _ = inputs
        (g,) = gradients
        return [
            images.type.filter_variable(
                self._sibling(Conv2dGradInputs)(g, gradient, images.shape[2:])
            ),
            gradient.type.filter_variable(self._sibling(Conv2d)(images, g)),
            disconnected_type(),
        ]
