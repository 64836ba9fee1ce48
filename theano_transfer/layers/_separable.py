"""Convolution taken apart: every channel by itself, then across channels."""

from __future__ import annotations

from lasagne.init import Constant, GlorotUniform
from lasagne.layers import Layer

from theano_transfer.layers._conv import Conv2DLayer, DepthwiseConv2DLayer
from theano_transfer.layers._padding import as_pair, check_images
from theano_transfer.layers._shared import as_if_on


class SeparableConv2DLayer(Layer):
    """A convolution of every channel by itself, then a 1x1 convolution of what comes of it.

    Chollet, 2017, https://arxiv.org/abs/1610.02357. There is nothing in between, neither bias nor
    nonlinearity.

    Parameters
    ----------
    incoming : Layer or tuple
        Its output has 4 axes; the number of channels is known, the others may be None.
    num_filters : int
        Channels of the output.
    filter_size, stride, pad, dilation
        Of the first convolution, as for :class:`Conv2DLayer`.
    multiplier : int
        Filters per channel of the first convolution.
    W : initialiser, array or shared variable
        Of the first convolution: shape (channels * multiplier, 1, rows, columns).
    pointwise : initialiser, array or shared variable
        Of the second: shape (num_filters, channels * multiplier, 1, 1).
    b : initialiser, array, shared variable or None
        Shape (num_filters,). None: no bias.
    nonlinearity : callable or None
        None: none.
    name : str, optional

    Raises
    ------
    ValueError
        If an argument does not fit the others, or images are smaller than the filters.
    """

    def __init__(
        self,
        incoming,
        num_filters: int,
        filter_size,
        stride=1,
        *,
        pad="valid",
        dilation=1,
        multiplier: int = 1,
        W=GlorotUniform(),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        pointwise=GlorotUniform(),  # noqa: B008
        b=Constant(0.0),  # noqa: B008
        nonlinearity=None,
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        check_images(self.input_shape, "a separable convolution")
        channels = self.input_shape[1] * multiplier
        self.W = self.add_param(W, (channels, 1, *as_pair(filter_size, "filter_size")), name="W")
        self.pointwise = self.add_param(pointwise, (num_filters, channels, 1, 1), name="pointwise")
        self.b = None
        if b is not None:
            self.b = self.add_param(b, (num_filters,), name="b", regularizable=False)
        self._within = DepthwiseConv2DLayer(
            self.input_shape,
            filter_size,
            stride,
            multiplier=multiplier,
            pad=pad,
            dilation=dilation,
            W=self.W,
            b=None,
            name=name,
        )
        self._across = Conv2DLayer(
            self._within.output_shape,
            num_filters,
            1,
            W=self.pointwise,
            b=self.b,
            nonlinearity=nonlinearity,
            name=name,
        )

    def get_output_shape_for(self, input_shape):
        return self._across.get_output_shape_for(self._within.get_output_shape_for(input_shape))

    def get_output_for(self, input, **kwargs):
        within = as_if_on(self._within, [self.input_shape])
        return self._across.get_output_for(within.get_output_for(input))
