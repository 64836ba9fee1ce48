"""``theano.tensor.nnet`` functions that Aesara changed."""

from aesara.tensor import as_tensor_variable, shape_padleft, special
from aesara.tensor.nnet import basic

from theano_transfer.legacy._rectifiers import rectify


def softmax(c, axis=None):
    """``exp(c) / exp(c).sum(axis)``.

    Without an axis as in Theano: along the last one, and of a vector it is a matrix of one row.
    """
    return special.softmax(*_rows(c, axis))


def logsoftmax(c, axis=None):
    """The logarithm of :func:`softmax`, without computing it."""
    return special.log_softmax(*_rows(c, axis))


def _rows(c, axis):
    c = as_tensor_variable(c)
    if axis is not None:
        return c, axis
    return (shape_padleft(c) if c.ndim == 1 else c), -1


def relu(x, alpha=0):
    """``max(x, alpha * x)``. Without a slope, its gradient needs only the result."""
    x = as_tensor_variable(x)
    if isinstance(alpha, (int, float)) and alpha == 0 and x.dtype.startswith("float"):
        return rectify(x)
    return basic.relu(x, alpha)
