"""``lasagne.layers.normalization``: each channel by its neighbours."""

from __future__ import annotations

import theano.tensor as T
from lasagne.layers import Layer


class LocalResponseNormalization2DLayer(Layer):
    """``x / (k + alpha * s) ** beta``, `s` the sum of squares over `n` channels around each.

    Krizhevsky, Sutskever and Hinton, 2012,
    https://papers.nips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, row, column).
    alpha, k, beta : float
    n : int
        Odd.
    """

    def __init__(self, incoming, alpha=1e-4, k=2, beta=0.75, n=5, **kwargs):
        super().__init__(incoming, **kwargs)
        if n % 2 == 0:
            raise NotImplementedError(f"Only works with odd n; got {n}")
        self.alpha, self.k, self.beta, self.n = alpha, k, beta, n

    def get_output_for(self, input, **kwargs):
        half = self.n // 2
        channels = input.shape[1]
        empty = T.zeros((input.shape[0], half, input.shape[2], input.shape[3]), dtype=input.dtype)
        squares = T.concatenate([empty, input**2, empty], axis=1)
        total = sum(squares[:, i : i + channels] for i in range(self.n))
        return input / (self.k + self.alpha * total) ** self.beta
