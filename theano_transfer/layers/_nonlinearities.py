"""Nonlinearities that Lasagne 0.1 lacks."""

from theano_transfer.legacy._rectifiers import rectify


def relu6(x):
    """``min(max(x, 0), 6)``. Howard et al., 2017, https://arxiv.org/abs/1704.04861."""
    return rectify(x, "relu6")
