"""Batch normalisation that can be frozen."""

from __future__ import annotations

import numpy as np
import theano.tensor as T
from lasagne.init import Constant
from lasagne.layers import Layer

from theano_transfer.kernels import BatchNormTrain
from theano_transfer.legacy._carry import carrying

# Below it Theano's batch normalisation refuses to work.
LEAST_EPSILON = 1e-5
# 1e-5 as float32 lies below 1e-5: this is the next one.
LEAST_FLOAT32 = 1.0000001e-5


class BatchNormLayer(Layer):
    """``gamma * (input - mean) / sqrt(var + epsilon) + beta``, per channel (axis 1).

    `mean` and `var` are those of the batch in training, and averages over past batches, kept as
    parameters, elsewhere. Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167.

    Parameters
    ----------
    incoming : Layer or tuple
        Of 2 or more axes; the length of axis 1 is known.
    epsilon : float
        Added to the variance; at least 1e-5.
    momentum : float
        How much of an average stays with every batch:
        ``mean := momentum * mean + (1 - momentum) * batch mean``, likewise `var`, by the
        batch's biased variance, as in Keras 3.
    gamma, beta, mean, var : initialiser, array or shared variable
        Shape (channels,). None for `gamma` or `beta` leaves it out.
    name : str, optional

    Attributes
    ----------
    frozen : bool
        Set by :func:`theano_transfer.freeze`. A frozen layer always uses its averages and does
        not move them.

    Notes
    -----
    Called with ``deterministic=True``, the layer uses its averages. Otherwise it uses the
    batch's statistics, and every function compiled from the result updates the averages: they
    ride on copies of `mean` and `var` with a ``default_update``. As in Lasagne 0.2,
    ``batch_norm_use_averages`` and ``batch_norm_update_averages`` override either half, except
    for frozen layers.

    Lasagne 0.2 keeps ``inv_std`` where this layer, like Keras, keeps the variance.
    """

    frozen = False

    def __init__(
        self,
        incoming,
        epsilon: float = 1e-3,
        momentum: float = 0.99,
        *,
        gamma=Constant(1.0),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        beta=Constant(0.0),  # noqa: B008
        mean=Constant(0.0),  # noqa: B008
        var=Constant(1.0),  # noqa: B008
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        if epsilon < LEAST_EPSILON:
            raise ValueError(f"epsilon must be at least {LEAST_EPSILON:g}; got {epsilon!r}")
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must lie between 0 and 1; got {momentum!r}")
        if len(self.input_shape) < 2 or self.input_shape[1] is None:
            raise ValueError(
                "batch normalisation needs a known number of channels on axis 1; "
                f"got shape {self.input_shape}"
            )
        self.epsilon = epsilon
        self.momentum = momentum
        shape = self.input_shape[1:2]
        self.gamma = self.beta = None
        if gamma is not None:
            self.gamma = self.add_param(gamma, shape, name="gamma", regularizable=False)
        if beta is not None:
            self.beta = self.add_param(beta, shape, name="beta", regularizable=False)
        averages = {"trainable": False, "regularizable": False}
        self.mean = self.add_param(mean, shape, name="mean", **averages)
        self.var = self.add_param(var, shape, name="var", **averages)

    def get_output_for(
        self,
        input,
        deterministic: bool = False,
        batch_norm_use_averages: bool | None = None,
        batch_norm_update_averages: bool | None = None,
        **kwargs,
    ):
        use = deterministic if batch_norm_use_averages is None else batch_norm_use_averages
        update = (
            not deterministic if batch_norm_update_averages is None else batch_norm_update_averages
        )
        if self.frozen:
            use, update = True, False
        if update or not use:
            # Updates have to be of the averages' own type, which knows no length.
            ones, zeros = T.ones_like(self.mean), T.zeros_like(self.mean)
        else:
            # Constants compile sooner.
            ones, zeros = (
                function(self.input_shape[1:2], dtype=self.mean.dtype)
                for function in (T.ones, T.zeros)
            )
        gamma = ones if self.gamma is None else self.gamma
        beta = zeros if self.beta is None else self.beta
        axes = (0, *range(2, input.ndim))
        epsilon = max(self.epsilon, LEAST_FLOAT32)
        if update or not use:
            output, mean, var = _by_the_batch(input, gamma, beta, axes, epsilon)
        if use:
            output = T.nnet.bn.batch_normalization_test(
                input, gamma, beta, self.mean, self.var, axes, epsilon
            )
        if update:
            moving_mean, moving_var = self.mean.clone(), self.var.clone()
            moving_mean.default_update = self._moved(moving_mean, mean)
            moving_var.default_update = self._moved(moving_var, var)
            # A default update is found by its variable being in the graph.
            output = carrying(output, moving_mean, moving_var)
        return output

    def _moved(self, average, new):
        return self.momentum * average + (1 - self.momentum) * new


def _by_the_batch(images, gamma, beta, axes, epsilon):
    """The output by the batch's own statistics, its mean and its biased variance."""
    if axes == (0, 2, 3) and images.dtype == "float32":
        return BatchNormTrain()(images, gamma, beta, np.float32(epsilon))
    output, mean, inv_std = T.nnet.bn.batch_normalization_train(images, gamma, beta, axes, epsilon)
    return output, mean, T.maximum(inv_std**-2 - epsilon, 0)
