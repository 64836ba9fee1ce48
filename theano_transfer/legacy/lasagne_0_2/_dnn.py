"""``lasagne.layers.dnn`` and ``corrmm``: the layers for GPUs, on the processor."""

from __future__ import annotations

from lasagne.init import Constant, GlorotUniform
from lasagne.nonlinearities import rectify

from theano_transfer.legacy.lasagne_0_2._batch_norm import BatchNormLayer, normalised_by
from theano_transfer.legacy.lasagne_0_2._conv import BaseConvLayer, Conv2DLayer, Conv3DLayer
from theano_transfer.legacy.lasagne_0_2._pool import (
    MaxPool2DLayer,
    MaxPool3DLayer,
    Pool2DLayer,
    Pool3DLayer,
    PoolLayer,
    SpatialPyramidPoolingLayer,
)


class _Correlation(BaseConvLayer):
    """Filters are not flipped unless asked for."""

    def __init__(
        self,
        incoming,
        num_filters,
        filter_size,
        stride=1,
        pad=0,
        untie_biases=False,
        W=GlorotUniform(),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
        flip_filters=False,
        **kwargs,
    ):
        super().__init__(
            incoming, num_filters, filter_size, stride, pad, untie_biases, W, b, nonlinearity,
            flip_filters, **kwargs,
        )  # fmt: skip


class _WholeWindows(PoolLayer):
    def __init__(
        self, incoming, pool_size, stride=None, pad=0, ignore_border=True, *mode, **kwargs
    ):
        if not ignore_border:
            raise NotImplementedError(
                f"{type(self).__name__} takes ignore_border=True; the layer without DNN in its "
                "name takes both"
            )
        super().__init__(incoming, pool_size, stride, pad, ignore_border, *mode, **kwargs)
        if self.mode == "average":  # cuDNN's second name for it
            self.mode = "average_inc_pad"


class Conv2DDNNLayer(_Correlation, Conv2DLayer):
    """``lasagne.layers.Conv2DLayer`` with ``flip_filters=False``."""


class Conv3DDNNLayer(_Correlation, Conv3DLayer):
    """``lasagne.layers.Conv3DLayer`` with ``flip_filters=False``."""


class Conv2DMMLayer(_Correlation, Conv2DLayer):
    """``lasagne.layers.Conv2DLayer`` with ``flip_filters=False``."""


class Pool2DDNNLayer(_WholeWindows, Pool2DLayer):
    """``lasagne.layers.Pool2DLayer``."""


class MaxPool2DDNNLayer(_WholeWindows, MaxPool2DLayer):
    """``lasagne.layers.MaxPool2DLayer``."""


class Pool3DDNNLayer(_WholeWindows, Pool3DLayer):
    """``lasagne.layers.Pool3DLayer``."""


class MaxPool3DDNNLayer(_WholeWindows, MaxPool3DLayer):
    """``lasagne.layers.MaxPool3DLayer``."""


class SpatialPyramidPoolingDNNLayer(SpatialPyramidPoolingLayer):
    """``lasagne.layers.SpatialPyramidPoolingLayer`` with its 'dnn' regions."""

    def __init__(self, incoming, pool_dims=(4, 2, 1), mode="max", **kwargs):
        super().__init__(incoming, pool_dims, mode, implementation="dnn", **kwargs)


class BatchNormDNNLayer(BatchNormLayer):
    """``lasagne.layers.BatchNormLayer``."""


def batch_norm_dnn(layer, **kwargs):
    """``lasagne.layers.batch_norm`` by a :class:`BatchNormDNNLayer`."""
    return normalised_by(BatchNormDNNLayer, layer, **kwargs)
