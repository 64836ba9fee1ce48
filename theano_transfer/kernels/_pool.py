"""Maximum and average pooling as Aesara Ops over oneDNN."""

import numpy as np
from aesara.gradient import DisconnectedType
from aesara.graph.basic import Apply
from aesara.link.c.params_type import ParamsType
from aesara.scalar import int64
from aesara.tensor import as_tensor_variable, zeros_like
from aesara.tensor.type import TensorType

from theano_transfer.kernels import _reference as reference
from theano_transfer.kernels._onednn import warn_if_missing
from theano_transfer.kernels._op import NativeOp

MODES = ("max", "average_exc_pad", "average_inc_pad")


class _Pooling(NativeOp):
    """What pooling and its gradient share.

    Parameters
    ----------
    window, stride : (rows, columns)
    pad : ((top, bottom), (left, right))
        Must be smaller than the window on every side.
    mode : {'max', 'average_exc_pad', 'average_inc_pad'}
        Padding never is a maximum; in an average it is left out, or counted as zeros.
    ignore_border : bool
        False lets the last windows hang over the bottom and right edges, so that every pixel is
        covered; what hangs over is never counted. Only without padding.
    """

    __props__ = ("window", "stride", "pad", "mode", "ignore_border")
    params_type = ParamsType(
        window_rows=int64, window_columns=int64, stride_rows=int64, stride_columns=int64,
        pad_top=int64, pad_bottom=int64, pad_left=int64, pad_right=int64,
        mode_code=int64, ignore_border=int64,
    )  # fmt: skip

    def __init__(self, window, stride=None, pad=((0, 0), (0, 0)), mode="max", ignore_border=True):
        self.window = tuple(int(k) for k in window)
        self.stride = self.window if stride is None else tuple(int(s) for s in stride)
        self.pad = tuple((int(before), int(after)) for before, after in pad)
        self.mode = mode
        self.ignore_border = int(ignore_border)
        if mode not in MODES:
            raise ValueError(f"unknown pooling mode {mode!r}: expected one of {', '.join(MODES)}")
        if min(*self.window, *self.stride) < 1:
            raise ValueError(
                f"window and stride must be at least 1; got window={window}, stride={stride}"
            )
        for size, pair in zip(self.window, self.pad):
            if min(pair) < 0 or max(pair) >= size:
                raise ValueError(
                    f"padding must be at least 0 and smaller than the window; got pad={pad} "
                    f"for window={window}"
                )
        if not ignore_border and any(map(any, self.pad)):
            raise ValueError(f"windows hang over the border only without padding; got pad={pad}")
        if not ignore_border and mode == "average_inc_pad":
            self.mode = "average_exc_pad"  # the same without padding; what hangs over is no padding
        super().__init__()

    mode_code = property(lambda self: MODES.index(self.mode))
    window_rows = property(lambda self: self.window[0])
    window_columns = property(lambda self: self.window[1])
    stride_rows = property(lambda self: self.stride[0])
    stride_columns = property(lambda self: self.stride[1])
    pad_top = property(lambda self: self.pad[0][0])
    pad_bottom = property(lambda self: self.pad[0][1])
    pad_left = property(lambda self: self.pad[1][0])
    pad_right = property(lambda self: self.pad[1][1])

    @staticmethod
    def _checked(variable):
        variable = as_tensor_variable(variable)
        if variable.ndim != 4 or variable.dtype not in ("float16", "float32", "float64"):
            raise TypeError(
                "pooling takes floating-point tensors of 4 axes (batch, channel, row, column); "
                f"got {variable.type}"
            )
        return variable

    def output_size(self, image_size):
        """Rows and columns of the output, for numbers or expressions."""
        sizes = []
        for n, k, (before, after), s in zip(image_size, self.window, self.pad, self.stride):
            if self.ignore_border:
                sizes.append((n + before + after - k) // s + 1)
            else:  # as many windows as cover everything, each starting inside
                steps = n - 1 if s >= k else (n - 1 - k + s) * (n - 1 - k + s > 0)
                sizes.append(steps // s + 1)
        return sizes

    def where(self, image_size) -> tuple[tuple, tuple, tuple]:
        """Window, padding and stride as the NumPy code takes them, for rows and columns known."""
        if self.ignore_border:
            return self.window, self.pad, self.stride
        ends = [
            (out - 1) * s + k
            for out, s, k in zip(self.output_size(image_size), self.stride, self.window)
        ]
        pad = tuple((0, max(0, end - n)) for end, n in zip(ends, image_size))
        return self.window, pad, self.stride


class Pool2d(_Pooling):
    """Maximum or average of windows of images (batch, channel, row, column)."""

    c_name = "pool2d_forward"
    floating_inputs = 1

    def make_node(self, images):
        warn_if_missing()
        images = self._checked(images)
        size = images.type.shape[2:]
        size = size if None in size else self.output_size(size)
        shape = (*images.type.shape[:2], *size)
        return Apply(self, [images], [TensorType(images.dtype, shape=shape)()])

    def perform(self, node, inputs, output_storage, params=None):
        where = self.where(inputs[0].shape[2:])
        output_storage[0][0] = reference.pool2d(inputs[0], *where, self.mode)

    def infer_shape(self, fgraph, node, shapes):
        (images,) = shapes
        return [(*images[:2], *self.output_size(images[2:]))]

    def L_op(self, inputs, outputs, gradients):
        return [Pool2dGrad(**self.settings())(inputs[0], gradients[0])]


class Pool2dGrad(_Pooling):
    """Gradient of :class:`Pool2d`. Inputs: the images and the gradient by the outputs.

    A window's gradient goes to its first maximum, as in cuDNN and every current framework;
    Theano's own CPU code gave it to each of several equal ones.
    """

    c_name = "pool2d_grad"
    floating_inputs = 2

    def make_node(self, images, gradient):
        warn_if_missing()
        images, gradient = self._checked(images), self._checked(gradient)
        if gradient.dtype != images.dtype:
            gradient = gradient.astype(images.dtype)
        return Apply(self, [images, gradient], [images.type()])

    def perform(self, node, inputs, output_storage, params=None):
        images, gradient = inputs
        where = self.where(images.shape[2:])
        if self.mode == "max":
            result = reference.max_pool2d_grad(images, gradient, *where)
        else:
            result = reference.average_pool2d_grad(images.shape, gradient, *where, self.mode)
        output_storage[0][0] = result

    def infer_shape(self, fgraph, node, shapes):
        return [shapes[0]]

    def connection_pattern(self, node):
        return [[self.mode == "max"], [True]]

    def L_op(self, inputs, outputs, gradients):
        images, _ = inputs
        (g,) = gradients
        if self.mode != "max":
            return [DisconnectedType()(), Pool2d(**self.settings())(g)]
        return [zeros_like(images), MaxPool2dPick(**self.settings())(images, g)]


class MaxPool2dPick(_Pooling):
    """From a second tensor, the elements that are where the first has its maxima.

    The gradient of :class:`Pool2dGrad` by its gradient; only second derivatives need it, so it
    is there in NumPy alone.
    """

    c_name = "pool2d_forward"  # never compiled: see c_code
    floating_inputs = 2

    def make_node(self, images, others):
        images, others = self._checked(images), self._checked(others)
        return Apply(self, [images, others], [TensorType(images.dtype, shape=(None,) * 4)()])

    def c_code(self, node, name, inputs, outputs, sub):
        raise NotImplementedError("second derivatives of maximum pooling run in NumPy")

    def perform(self, node, inputs, output_storage, params=None):
        images, others = inputs
        where = self.where(images.shape[2:])
        patches, _ = reference.windows(images, *where, fill=-np.inf)
        picked, _ = reference.windows(others, *where)
        flat = (*patches.shape[:4], -1)
        first = patches.reshape(flat).argmax(axis=-1)[..., None]
        output_storage[0][0] = np.take_along_axis(picked.reshape(flat), first, axis=-1)[..., 0]

    def infer_shape(self, fgraph, node, shapes):
        return Pool2d.infer_shape(self, fgraph, node, shapes[:1])


def pool2d(images, window, stride=None, pad=((0, 0), (0, 0)), mode="max"):
    """Pool `images` (batch, channel, row, column), floating-point, with padding side by side.

    Parameters
    ----------
    window, stride : (rows, columns)
        The stride is the window where it is None.
    pad : ((top, bottom), (left, right))
        Smaller than the window.
    mode : {'max', 'average_exc_pad', 'average_inc_pad'}

    Returns
    -------
    tensor4
        ``(n + before + after - window) // stride + 1`` rows and columns.
    """
    return Pool2d(window, stride, pad, mode)(images)
