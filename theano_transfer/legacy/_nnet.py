"""``theano.tensor.nnet`` functions that Aesara changed."""

from aesara.tensor import as_tensor_variable, special
from aesara.tensor.nnet import basic

from theano_transfer.legacy._rectifiers import rectify


def softmax(c, axis=-1):
    """``exp(c) / exp(c).sum(axis)``, along the last axis as in Theano.

    Aesara's own warns when it is called without an axis.
    """
    return special.softmax(c, axis=axis)


def logsoftmax(c, axis=-1):
    """The logarithm of :func:`softmax`, without computing it."""
    return special.log_softmax(c, axis=axis)


def relu(x, alpha=0):
    """``max(x, alpha * x)``. Without a slope, its gradient needs only the result."""
    x = as_tensor_variable(x)
    if isinstance(alpha, (int, float)) and alpha == 0 and x.dtype.startswith("float"):
        return rectify(x)
    return basic.relu(x, alpha)
