"""``theano.tensor.nnet`` functions that Aesara changed."""

from aesara.tensor import as_tensor_variable, shape_padleft, special
from aesara.tensor import exp as exponential
from aesara.tensor.nnet import basic

from theano_transfer.legacy._rectifiers import rectify


def softmax(c, axis=None):
    """``exp(c) / exp(c).sum(axis)``.

    Without an axis as in Theano: along the last one, and of a vector it is a matrix of one row.
    """
    # Aesara's function warns about vectors
    return _along(special.Softmax, as_tensor_variable(c), axis)


def logsoftmax(c, axis=None):
    """The logarithm of :func:`softmax`, without computing it."""
    return _along(special.LogSoftmax, as_tensor_variable(c), axis)


def softmax_graph(c):
    """:func:`softmax` of a matrix, written as exponentials and their sum."""
    exponentials = exponential(c - c.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _along(op, c, axis):
    if axis is not None:
        return op(axis=axis)(c)
    return op(axis=-1)(shape_padleft(c) if c.ndim == 1 else c)


def relu(x, alpha=0):
    """``max(x, alpha * x)``. Without a slope, its gradient needs only the result."""
    x = as_tensor_variable(x)
    if isinstance(alpha, (int, float)) and alpha == 0 and x.dtype.startswith("float"):
        return rectify(x)
    return basic.relu(x, alpha)


def Softmax(axis=-1):
    """The Op softmax along `axis`."""
    return special.Softmax(axis=axis)


def LogSoftmax(axis=-1):
    """The Op of the logarithm of softmax along `axis`."""
    return special.LogSoftmax(axis=axis)


def SoftmaxGrad(axis=-1):
    """The Op that is the gradient of softmax along `axis`."""
    return special.SoftmaxGrad(axis=axis)


softmax_op, logsoftmax_op = softmax, logsoftmax
softmax_grad = SoftmaxGrad()

__all__ = [
    "LogSoftmax",
    "Softmax",
    "SoftmaxGrad",
    "logsoftmax",
    "logsoftmax_op",
    "relu",
    "softmax",
    "softmax_grad",
    "softmax_graph",
    "softmax_op",
]
