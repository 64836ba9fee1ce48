"""Leaving out a whole branch of a network, by chance, in training."""

from __future__ import annotations

import theano
from lasagne.layers import DropoutLayer


class StochasticDepthLayer(DropoutLayer):
    """Zeros in place of whole pictures, each with probability `p`, in training.

    Those that are kept are divided by ``1 - p``. With ``deterministic=True`` nothing happens.
    Huang, Sun, Liu, Sedra and Weinberger, 2016, https://arxiv.org/abs/1603.09382.

    Parameters
    ----------
    incoming : Layer or tuple
        The branch that a shortcut goes around, its first axis the pictures.
    p : float
    name : str, optional
    """

    def get_output_for(self, input, deterministic=False, **kwargs):
        if deterministic or self.p == 0:
            return input
        kept = self._srng.binomial(input.shape[:1], p=1 - self.p, dtype=theano.config.floatX)
        return input * (kept / (1 - self.p)).dimshuffle(0, *("x",) * (input.ndim - 1))
