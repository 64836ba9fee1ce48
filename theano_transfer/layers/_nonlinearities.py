"""Nonlinearities that Lasagne 0.1 lacks."""

import theano.tensor as T

from theano_transfer.legacy._rectifiers import rectify


def relu6(x):
    """``min(max(x, 0), 6)``. Howard et al., 2017, https://arxiv.org/abs/1704.04861."""
    return rectify(x, "relu6")


def swish(x):
    """``x * sigmoid(x)``. Ramachandran et al., 2017, https://arxiv.org/abs/1710.05941."""
    return x * T.nnet.sigmoid(x)


def hard_sigmoid(x):
    """``relu6(x + 3) / 6``. Howard et al., 2019, https://arxiv.org/abs/1905.02244."""
    return relu6(x + 3) / 6


def hard_swish(x):
    """``x * relu6(x + 3) / 6``. Howard et al., 2019, https://arxiv.org/abs/1905.02244."""
    return x * hard_sigmoid(x)
