"""``lasagne.layers.cuda_convnet``: the batch on the last axis, on the processor."""

from __future__ import annotations

import theano.tensor as T
from lasagne.init import Constant, GlorotUniform
from lasagne.layers import Layer
from lasagne.nonlinearities import identity, rectify

from theano_transfer.legacy.lasagne_0_2._conv import Conv2DLayer
from theano_transfer.legacy.lasagne_0_2._pool import MaxPool2DLayer


def _batch_first(shape):
    return (shape[3], *shape[:3])


def _batch_last(shape):
    return (*shape[1:], shape[0])


class ShuffleBC01ToC01BLayer(Layer):
    """(batch, channel, row, column) as (channel, row, column, batch)."""

    def get_output_shape_for(self, input_shape):
        return _batch_last(input_shape)

    def get_output_for(self, input, **kwargs):
        return input.dimshuffle(1, 2, 3, 0)


class ShuffleC01BToBC01Layer(Layer):
    """(channel, row, column, batch) as (batch, channel, row, column)."""

    def get_output_shape_for(self, input_shape):
        return _batch_first(input_shape)

    def get_output_for(self, input, **kwargs):
        return input.dimshuffle(3, 0, 1, 2)


bc01_to_c01b = ShuffleBC01ToC01BLayer
c01b_to_bc01 = ShuffleC01BToBC01Layer


class _BatchLast(Layer):
    """A layer over (batch, channel, row, column) that takes the batch last.

    With ``dimshuffle=True`` it takes the batch first, like every other layer.
    """

    def _wrap(self, incoming, dimshuffle, name, make):
        Layer.__init__(self, incoming, name=name)
        self.dimshuffle = dimshuffle
        shape = self.input_shape if dimshuffle else _batch_first(self.input_shape)
        self._within = make(shape)
        self.params = self._within.params

    def get_output_shape_for(self, input_shape):
        if self.dimshuffle:
            return self._within.get_output_shape_for(input_shape)
        return _batch_last(self._within.get_output_shape_for(_batch_first(input_shape)))

    def get_output_for(self, input, **kwargs):
        if self.dimshuffle:
            return self._within.get_output_for(input, **kwargs)
        output = self._within.get_output_for(input.dimshuffle(3, 0, 1, 2), **kwargs)
        return output.dimshuffle(1, 2, 3, 0)


class Conv2DCCLayer(_BatchLast):
    """``lasagne.layers.Conv2DLayer`` with ``flip_filters=False``.

    Parameters
    ----------
    dimshuffle : bool
        Whether images come with the batch first. If not: (channel, row, column, batch), and `W`
        has shape (channels, rows, columns, num_filters).
    partial_sum : int, optional
        Of no use here.

    The others are those of ``Conv2DLayer``.
    """

    def __init__(
        self,
        incoming,
        num_filters,
        filter_size,
        stride=(1, 1),
        pad=0,
        untie_biases=False,
        W=None,
        b=Constant(0.0),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        nonlinearity=rectify,
        dimshuffle=True,
        flip_filters=False,
        partial_sum=1,
        name=None,
    ):
        if W is None:
            W = GlorotUniform() if dimshuffle else GlorotUniform(c01b=True)

        def make(shape):
            convolution = Conv2DLayer if dimshuffle else _Conv2DChannelsFirstFilters
            return convolution(
                shape, num_filters, filter_size, stride, pad, untie_biases, W, b, nonlinearity,
                flip_filters, name=name,
            )  # fmt: skip

        self._wrap(incoming, dimshuffle, name, make)
        self.W, self.b = self._within.W, self._within.b
        self.num_filters, self.filter_size = num_filters, self._within.filter_size
        self.nonlinearity = self._within.nonlinearity


class _Conv2DChannelsFirstFilters(Conv2DLayer):
    """A convolution whose filters are (channel, row, column, filter)."""

    def get_W_shape(self):  # noqa: N802 (Lasagne's name)
        return _batch_last(super().get_W_shape())

    def convolve(self, input, **kwargs):
        return self.convolution(
            input,
            self.W.dimshuffle(3, 0, 1, 2),
            input_shape=self.input_shape,
            filter_shape=_batch_first(self.get_W_shape()),
            subsample=self.stride,
            border_mode=self.border_mode(),
            filter_flip=self.flip_filters,
        )


class MaxPool2DCCLayer(_BatchLast):
    """``lasagne.layers.MaxPool2DLayer``, by default with the windows that are not full.

    Without padding. `dimshuffle` is as for :class:`Conv2DCCLayer`.
    """

    def __init__(
        self, incoming, pool_size, stride=None, ignore_border=False, dimshuffle=True, name=None
    ):
        self._wrap(
            incoming,
            dimshuffle,
            name,
            lambda shape: MaxPool2DLayer(shape, pool_size, stride, 0, ignore_border, name=name),
        )
        self.pool_size, self.stride = self._within.pool_size, self._within.stride


class NINLayer_c01b(Layer):  # noqa: N801 (Lasagne's name)
    """``lasagne.layers.NINLayer`` over (channel, ..., batch).

    `W` has shape (num_units, channels).
    """

    def __init__(
        self,
        incoming,
        num_units,
        untie_biases=False,
        W=GlorotUniform(),  # noqa: B008
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
        **kwargs,
    ):
        super().__init__(incoming, **kwargs)
        self.nonlinearity = identity if nonlinearity is None else nonlinearity
        self.num_units = num_units
        self.untie_biases = untie_biases
        self.W = self.add_param(W, (num_units, self.input_shape[0]), name="W")
        self.b = None
        if b is not None:
            places = self.output_shape[1:-1] if untie_biases else ()
            self.b = self.add_param(b, (num_units, *places), name="b", regularizable=False)

    def get_output_shape_for(self, input_shape):
        return (self.num_units, *input_shape[1:])

    def get_output_for(self, input, **kwargs):
        activation = T.tensordot(self.W, input, axes=[[1], [0]])
        if self.b is not None:
            places = range(1, input.ndim - 1) if self.untie_biases else "x" * (input.ndim - 2)
            activation = activation + self.b.dimshuffle(0, *places, "x")
        return self.nonlinearity(activation)
