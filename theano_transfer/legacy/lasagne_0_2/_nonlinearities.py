"""``lasagne.nonlinearities``."""

from __future__ import annotations

import theano.tensor as T


class ScaledTanH:
    """``scale_out * tanh(scale_in * x)``.

    LeCun et al., 1998, http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf, recommend 2/3 and
    1.7159.
    """

    def __init__(self, scale_in=1, scale_out=1):
        self.scale_in = scale_in
        self.scale_out = scale_out

    def __call__(self, x):
        return T.tanh(x * self.scale_in) * self.scale_out


class SELU:
    """``scale * x`` above 0, ``scale * scale_neg * (exp(x) - 1)`` below.

    Klambauer et al., 2017, https://arxiv.org/abs/1706.02515.
    """

    def __init__(self, scale=1, scale_neg=1):
        self.scale = scale
        self.scale_neg = scale_neg

    def __call__(self, x):
        return self.scale * T.switch(x > 0, x, self.scale_neg * _expm1_below_zero(x))


def _expm1_below_zero(x):
    """``exp(x) - 1`` where x < 0: elsewhere it could overflow and spoil the gradient."""
    return T.expm1(T.minimum(x, 0))


def elu(x):
    """``x`` above 0, ``exp(x) - 1`` below: Clevert et al., 2015, https://arxiv.org/abs/1511.07289."""
    return T.switch(x > 0, x, _expm1_below_zero(x))


def softplus(x):
    """``log(1 + exp(x))``"""
    return T.nnet.softplus(x)


scaled_tanh = ScaledTanH(scale_in=2.0 / 3, scale_out=1.7159)
# What keeps mean 0 and variance 1, as printed in the paper's appendix.
selu = SELU(scale=1.0507009873554804934193349852946, scale_neg=1.6732632423543772848170429916717)
