"""``theano.tensor.nnet`` functions that Aesara changed."""

from aesara.tensor import special


def softmax(c, axis=-1):
    """``exp(c) / exp(c).sum(axis)``, along the last axis as in Theano.

    Aesara's own warns when it is called without an axis.
    """
    return special.softmax(c, axis=axis)


def logsoftmax(c, axis=-1):
    """The logarithm of :func:`softmax`, without computing it."""
    return special.log_softmax(c, axis=axis)
