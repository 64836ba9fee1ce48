"""``lasagne.layers.normalization``: batch normalisation that keeps 1 / deviation."""

from __future__ import annotations

import theano.tensor as T
from lasagne.init import Constant
from lasagne.layers import Layer, NonlinearityLayer

from theano_transfer.legacy._carry import carrying
from theano_transfer.legacy.lasagne_0_2._axes import parameter_shape, resolve_shared, spread
from theano_transfer.legacy.lasagne_0_2._base import drop_bias, taken_nonlinearity

# What Theano's own batch normalisation needs at least; 1e-5 as float32 lies below it.
LEAST_EPSILON = 1.0000001e-5


class BatchNormLayer(Layer):
    """``(input - mean) * gamma * inv_std + beta``.

    By the mean and deviation of the batch in training, by averages over past batches, kept as
    parameters, elsewhere. Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167.

    Parameters
    ----------
    incoming : Layer or tuple
    axes : 'auto', int or tuple of int
        What is averaged over; 'auto': all but the second axis.
    epsilon : float
        Added to the variance.
    alpha : float
        How much of a batch's value enters the average:
        ``average := (1 - alpha) * average + alpha * value``.
    beta, gamma : initialiser, array, variable or None
        None leaves them out.
    mean, inv_std : initialiser, array or variable
        ``inv_std`` is ``1 / sqrt(variance + epsilon)``, of the biased variance.

    Attributes
    ----------
    frozen : bool
        Set by :func:`theano_transfer.freeze`: always by the averages, which do not move.

    Notes
    -----
    ``get_output(..., deterministic=True)`` takes the averages and leaves them;
    ``batch_norm_use_averages`` and ``batch_norm_update_averages`` say otherwise. Functions
    compiled from the result update the averages by themselves.
    """

    frozen = False

    def __init__(
        self,
        incoming,
        axes="auto",
        epsilon=1e-4,
        alpha=0.1,
        beta=Constant(0),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        gamma=Constant(1),  # noqa: B008
        mean=Constant(0),  # noqa: B008
        inv_std=Constant(1),  # noqa: B008
        **kwargs,
    ):
        super().__init__(incoming, **kwargs)
        self.axes = resolve_shared(axes, len(self.input_shape))
        self.epsilon = epsilon
        self.alpha = alpha
        shape = parameter_shape(self, self.axes)
        self.beta = self.gamma = None
        if beta is not None:
            self.beta = self.add_param(beta, shape, "beta", regularizable=False)
        if gamma is not None:
            self.gamma = self.add_param(gamma, shape, "gamma", regularizable=True)
        averages = {"trainable": False, "regularizable": False}
        self.mean = self.add_param(mean, shape, "mean", **averages)
        self.inv_std = self.add_param(inv_std, shape, "inv_std", **averages)

    def get_output_for(
        self,
        input,
        deterministic=False,
        batch_norm_use_averages=None,
        batch_norm_update_averages=None,
        **kwargs,
    ):
        use = deterministic if batch_norm_use_averages is None else batch_norm_use_averages
        update = (
            not deterministic if batch_norm_update_averages is None else batch_norm_update_averages
        )
        if self.frozen:
            use, update = True, False
        if update or not use:
            output, mean, inv_std = self._by_the_batch(input)
        if use:
            output = self._normalised(input, self.mean, self.inv_std)
        if update:
            # Copies, so that the parameters themselves are no inputs that change.
            moving = [self.mean.clone(), self.inv_std.clone()]
            for average, value in zip(moving, (mean, inv_std)):
                average.default_update = (1 - self.alpha) * average + self.alpha * value
            output = carrying(output, *moving)
        return output

    def _normalised(self, input, mean, inv_std):
        scale = inv_std if self.gamma is None else self.gamma * inv_std
        mean, scale = (spread(v, self.axes, input.ndim) for v in (mean, scale))
        output = (input - mean) * scale
        return output if self.beta is None else output + spread(self.beta, self.axes, input.ndim)

    def _by_the_batch(self, input):
        """The output by the batch's own statistics, its mean and 1 / deviation."""
        if self.axes == (0, *range(2, input.ndim)) and self.epsilon >= LEAST_EPSILON:
            gamma = T.ones_like(self.mean) if self.gamma is None else self.gamma
            beta = T.zeros_like(self.mean) if self.beta is None else self.beta
            output, mean, inv_std = T.nnet.bn.batch_normalization_train(
                input, gamma, beta, self.axes, self.epsilon
            )
            return output, mean.flatten(), inv_std.flatten()
        mean = input.mean(self.axes)
        inv_std = 1 / T.sqrt(input.var(self.axes) + T.cast(self.epsilon, input.dtype))
        return self._normalised(input, mean, inv_std), mean, inv_std


def batch_norm(layer, **kwargs):
    """Batch normalisation behind `layer`, before its nonlinearity and instead of its bias.

    Changes `layer`: it has neither bias nor nonlinearity from here on.

    Parameters
    ----------
    layer : Layer
    **kwargs
        For :class:`BatchNormLayer`.

    Returns
    -------
    Layer
        The normalisation, or a ``NonlinearityLayer`` behind it if `layer` had one.
    """
    return normalised_by(BatchNormLayer, layer, **kwargs)


def normalised_by(normalisation, layer, **kwargs):
    """:func:`batch_norm` by a given class of layers."""
    nonlinearity = taken_nonlinearity(layer)
    drop_bias(layer)
    own = getattr(layer, "name", None)
    name = kwargs.pop("name", None) or (own and own + "_bn")
    layer = normalisation(layer, name=name, **kwargs)
    if nonlinearity is not None:
        layer = NonlinearityLayer(layer, nonlinearity, name=name and name + "_nonlin")
    return layer
