"""What is left of batch normalisation where its averages became part of its scale and shift."""

from __future__ import annotations

from lasagne.init import Constant
from lasagne.layers import Layer


class AffineLayer(Layer):
    """``gamma * input + beta``, per channel (axis 1).

    Parameters
    ----------
    incoming : Layer or tuple
        Of 2 or more axes; the length of axis 1 is known.
    gamma, beta : initialiser, array or shared variable
        Shape (channels,). None leaves it out.
    name : str, optional
    """

    def __init__(
        self,
        incoming,
        *,
        gamma=Constant(1.0),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        beta=Constant(0.0),  # noqa: B008
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        if len(self.input_shape) < 2 or self.input_shape[1] is None:
            raise ValueError(
                "scale and shift need a known number of channels on axis 1; "
                f"got shape {self.input_shape}"
            )
        shape = self.input_shape[1:2]
        self.gamma = self.beta = None
        if gamma is not None:
            self.gamma = self.add_param(gamma, shape, name="gamma", regularizable=False)
        if beta is not None:
            self.beta = self.add_param(beta, shape, name="beta", regularizable=False)

    def get_output_for(self, input, **kwargs):
        pattern = ("x", 0, *("x",) * (input.ndim - 2))
        if self.gamma is not None:
            input = input * self.gamma.dimshuffle(pattern)
        return input if self.beta is None else input + self.beta.dimshuffle(pattern)
