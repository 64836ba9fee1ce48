"""Nonlinearities that Lasagne 0.1 lacks."""

import theano.tensor as T


def relu6(x):
    """``min(max(x, 0), 6)``. Howard et al., 2017, https://arxiv.org/abs/1704.04861."""
    return T.clip(x, 0, 6)
