"""Normalisations that do not look at other pictures of the batch."""

from __future__ import annotations

import theano.tensor as T
from lasagne.init import Constant
from lasagne.layers import Layer


def _spread(parameter, axes, ndim):
    """`parameter`, of the lengths of `axes`, with an axis to broadcast for every other one."""
    return parameter.dimshuffle([axes.index(a) if a in axes else "x" for a in range(ndim)])


class LayerNormLayer(Layer):
    """``gamma * (input - mean) / sqrt(var + epsilon) + beta``, along some axes of each picture.

    Ba, Kiros and Hinton, 2016, https://arxiv.org/abs/1607.06450.

    Parameters
    ----------
    incoming : Layer or tuple
        The lengths of `axes` are known.
    axes : sequence of int
        Along which mean and variance are taken; not the batch's.
    epsilon : float
    centred : bool
        Whether the mean is taken away; False: the root of the mean square is divided by (Zhang and
        Sennrich, 2019, https://arxiv.org/abs/1910.07467).
    gamma, beta : initialiser, array, shared variable or None
        Shape: the lengths of `axes`. None leaves it out.
    name : str, optional
    """

    def __init__(
        self,
        incoming,
        axes=(1,),
        epsilon: float = 1e-3,
        *,
        centred: bool = True,
        gamma=Constant(1.0),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        beta=Constant(0.0),  # noqa: B008
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        self.axes, self.epsilon, self.centred = tuple(sorted(axes)), epsilon, centred
        shape = tuple(self.input_shape[axis] for axis in self.axes)
        if 0 in self.axes or None in shape:
            raise ValueError(
                f"axes of known length, not the batch's, were expected; got {self.axes} of "
                f"{self.input_shape}"
            )
        self.gamma = self.beta = None
        if gamma is not None:
            self.gamma = self.add_param(gamma, shape, name="gamma", regularizable=False)
        if beta is not None:
            self.beta = self.add_param(beta, shape, name="beta", regularizable=False)

    def get_output_for(self, input, **kwargs):
        if self.centred:
            input = input - input.mean(axis=self.axes, keepdims=True)
        square = T.sqr(input).mean(axis=self.axes, keepdims=True)
        output = input / T.sqrt(square + self.epsilon)
        if self.gamma is not None:
            output = output * _spread(self.gamma, self.axes, input.ndim)
        if self.beta is not None:
            output = output + _spread(self.beta, self.axes, input.ndim)
        return output


class GroupNormLayer(Layer):
    """``gamma * (input - mean) / sqrt(var + epsilon) + beta``, of groups of neighbouring channels.

    Wu and He, 2018, https://arxiv.org/abs/1803.08494. With as many groups as channels it is
    instance normalisation.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, ...), the number of channels known.
    groups : int
        Divides the number of channels.
    epsilon : float
    gamma, beta : initialiser, array, shared variable or None
        Shape (channels,). None leaves it out.
    name : str, optional
    """

    def __init__(
        self,
        incoming,
        groups: int,
        epsilon: float = 1e-3,
        *,
        gamma=Constant(1.0),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        beta=Constant(0.0),  # noqa: B008
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        self.groups, self.epsilon = groups, epsilon
        channels = self.input_shape[1]
        if channels is None or groups < 1 or channels % groups:
            raise ValueError(f"groups={groups} must divide the channels of {self.input_shape}")
        self.gamma = self.beta = None
        if gamma is not None:
            self.gamma = self.add_param(gamma, (channels,), name="gamma", regularizable=False)
        if beta is not None:
            self.beta = self.add_param(beta, (channels,), name="beta", regularizable=False)

    def get_output_for(self, input, **kwargs):
        grouped = input.reshape((input.shape[0], self.groups, -1))
        grouped = grouped - grouped.mean(axis=2, keepdims=True)
        square = T.sqr(grouped).mean(axis=2, keepdims=True)
        output = (grouped / T.sqrt(square + self.epsilon)).reshape(input.shape, ndim=input.ndim)
        if self.gamma is not None:
            output = output * _spread(self.gamma, (1,), input.ndim)
        if self.beta is not None:
            output = output + _spread(self.beta, (1,), input.ndim)
        return output
