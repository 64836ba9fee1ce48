"""Normalisation across neighbouring channels, as networks had it before batch normalisation."""

from __future__ import annotations

from lasagne.layers import Layer

from theano_transfer.kernels import pool2d


class LocalResponseNormLayer(Layer):
    """``input / (k + alpha * sum of the squares of n neighbouring channels) ** beta``.

    Krizhevsky, Sutskever and Hinton, 2012, section 3.3. Beyond the first and the last channel
    there is nothing to add. Caffe divides its `alpha` by `n`; this layer, like Lasagne, does not.

    Parameters
    ----------
    incoming : Layer or tuple
        Images (batch, channel, row, column); the number of channels is known.
    alpha, k, beta : float
    n : int
        Odd.
    name : str, optional

    Notes
    -----
    ``lasagne.layers.LocalResponseNormalization2DLayer`` computes the same. This one sums by
    pooling, for which there is a fast kernel.
    """

    def __init__(
        self,
        incoming,
        alpha: float = 1e-4,
        k: float = 2.0,
        beta: float = 0.75,
        n: int = 5,
        *,
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        self.alpha, self.k, self.beta, self.n = alpha, k, beta, n
        if len(self.input_shape) != 4 or self.input_shape[1] is None:
            raise ValueError(
                "local response normalisation takes images (batch, channel, row, column) with a "
                f"known number of channels; got shape {self.input_shape}"
            )
        if n < 1 or n % 2 == 0:
            raise ValueError(f"n must be odd, so that as many neighbours are on each side; got {n}")

    def get_output_for(self, input, **kwargs):
        batch, _, rows, columns = input.shape
        # Channels take the place of rows.
        squares = (input**2).reshape((batch, 1, self.input_shape[1], rows * columns))
        side = self.n // 2
        pad = ((side, side), (0, 0))
        total = self.n * pool2d(squares, (self.n, 1), (1, 1), pad, "average_inc_pad")
        return input / (self.k + self.alpha * total.reshape(input.shape)) ** self.beta
