"""``lasagne.layers.noise``: dropout of single values, channels, or places."""

from __future__ import annotations

import theano.tensor as T
from aesara.tensor.shape import specify_broadcastable
from lasagne.layers import Layer
from lasagne.random import get_rng
from theano.sandbox.rng_mrg import MRG_RandomStreams

LARGEST_SEED = 2147462579  # of MRG_RandomStreams


def random_streams():
    """Streams seeded by ``lasagne.random``."""
    return MRG_RandomStreams(get_rng().randint(1, LARGEST_SEED))


class DropoutLayer(Layer):
    """Zeros in place of values, each with probability `p`, in training.

    With ``deterministic=True`` nothing happens. Srivastava et al., 2014,
    http://jmlr.org/papers/v15/srivastava14a.html.

    Parameters
    ----------
    incoming : Layer or tuple
    p : float or scalar variable
    rescale : bool
        Whether what is kept is divided by ``1 - p``.
    shared_axes : tuple of int
        Axes along which all values share one fate.
    """

    def __init__(self, incoming, p=0.5, rescale=True, shared_axes=(), **kwargs):
        super().__init__(incoming, **kwargs)
        self._srng = random_streams()
        self.p = p
        self.rescale = rescale
        self.shared_axes = tuple(shared_axes)

    def get_output_for(self, input, deterministic=False, **kwargs):
        if deterministic or (isinstance(self.p, (int, float)) and self.p == 0):
            return input
        shared = {axis % input.ndim for axis in self.shared_axes}
        lengths = self.input_shape if None not in self.input_shape else input.shape
        shape = [1 if axis in shared else lengths[axis] for axis in range(input.ndim)]
        kept = self._srng.binomial(tuple(shape), p=1 - self.p, dtype=input.dtype)
        if shared:
            kept = specify_broadcastable(kept, *sorted(shared))
        if self.rescale:
            input = input / T.cast(1 - self.p, input.dtype)
        return input * kept


def dropout_channels(incoming, *args, **kwargs):
    """Dropout of whole channels, axis 1: Tompson et al., 2014, https://arxiv.org/abs/1411.4280."""
    ndim = len(getattr(incoming, "output_shape", incoming))
    return DropoutLayer(incoming, *args, **{**kwargs, "shared_axes": tuple(range(2, ndim))})


def dropout_locations(incoming, *args, **kwargs):
    """Dropout of all channels at a place."""
    return DropoutLayer(incoming, *args, **{**kwargs, "shared_axes": (1,)})
