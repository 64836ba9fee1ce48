"""Convolution with TensorFlow's padding, dilation and groups."""

from __future__ import annotations

import theano.tensor as T
from lasagne.init import Constant, GlorotUniform
from lasagne.layers import Layer
from lasagne.nonlinearities import identity

from theano_transfer.layers._padding import (
    as_padding,
    as_pair,
    check_images,
    extents_of,
    is_static,
    output_length,
    pad_images,
    resolve,
    without_zeros,
)


class Conv2DLayer(Layer):
    """``nonlinearity(conv2d(input, W) + b)`` over images (batch, channel, row, column).

    Parameters
    ----------
    incoming : Layer or tuple
        Its output has 4 axes; the number of channels is known, the others may be None.
    num_filters : int
        Channels of the output.
    filter_size, stride : int or (rows, columns)
    pad : 'valid', 'same', int, (rows, columns) or ((top, bottom), (left, right))
        Zeros around the images. ``'same'`` is TensorFlow's: ``ceil(n / stride)`` rows and
        columns come out, and where the zeros cannot be shared evenly the odd one goes to the
        bottom or the right. It follows from the size that `incoming` declares, and from the
        images' own where that is None.
    dilation : int or (rows, columns)
        Distance between the samples that one filter sees.
    groups : int
        Into how many independent convolutions the channels divide.
    W : initialiser, array or shared variable
        Shape (num_filters, channels // groups, rows, columns).
    b : initialiser, array, shared variable or None
        Shape (num_filters,). None: no bias.
    nonlinearity : callable or None
        None: none.
    flip_filters : bool
        False correlates, as every current framework does; True convolves in the mathematical
        sense, as Theano did by default.
    name : str, optional

    Raises
    ------
    ValueError
        If an argument does not fit the others, or images are smaller than the filters.

    Notes
    -----
    Lasagne's layer of the same name knows neither dilation nor groups, pads symmetrically, and
    flips filters.
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
        groups: int = 1,
        W=GlorotUniform(),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        b=Constant(0.0),  # noqa: B008
        nonlinearity=None,
        flip_filters: bool = False,
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        self.num_filters = num_filters
        self.filter_size = as_pair(filter_size, "filter_size")
        self.stride = as_pair(stride, "stride")
        self.pad = as_padding(pad)
        self.dilation = as_pair(dilation, "dilation")
        self.groups = groups
        self.nonlinearity = identity if nonlinearity is None else nonlinearity
        self.flip_filters = flip_filters
        self._check()
        self.W = self.add_param(W, self.get_W_shape(), name="W")
        self.b = None
        if b is not None:
            self.b = self.add_param(b, (num_filters,), name="b", regularizable=False)

    def get_W_shape(self):  # noqa: N802 (the name Lasagne's convolutions give it)
        """(filters, channels that each sees, rows, columns)."""
        return (self.num_filters, self.input_shape[1] // self.groups, *self.filter_size)

    def get_output_shape_for(self, input_shape):
        pads = ("same", "same") if self.pad == "same" else self.pad
        sizes = map(output_length, input_shape[2:], self._extents, self.stride, pads)
        return (input_shape[0], self.num_filters, *sizes)

    def get_output_for(self, input, **kwargs):
        sizes = self.input_shape[2:]
        pad = resolve(self.pad, input, sizes, self._extents, self.stride)
        channels = self.input_shape[1]
        if not is_static(pad):
            # The abstract convolution takes paddings as numbers only.
            input, pad = pad_images(input, pad), ((0, 0), (0, 0))
        # Zeros that a layer before put around the images are better not written at all.
        input, before = without_zeros(input)
        pad = tuple((a + b, c + d) for (a, c), (b, d) in zip(pad, before))
        output = T.nnet.conv2d(
            input,
            self.W,
            # Not the sizes: the same weights may be applied to images of another size.
            input_shape=(None, channels, None, None),
            filter_shape=self.get_W_shape(),
            border_mode=pad,
            subsample=self.stride,
            filter_flip=self.flip_filters,
            filter_dilation=self.dilation,
            num_groups=self.groups,
        )
        if self.b is not None:
            output = output + self.b.dimshuffle("x", 0, "x", "x")
        return self.nonlinearity(output)

    @property
    def _extents(self):
        return extents_of(self.filter_size, self.dilation)

    def _check(self):
        called = f"convolution {self.name!r}" if self.name else "this convolution"
        check_images(self.input_shape, called)
        channels = self.input_shape[1]
        if self.groups < 1 or channels % self.groups or self.num_filters % self.groups:
            raise ValueError(
                f"groups={self.groups} of {called} must divide its {channels} input channels "
                f"and its {self.num_filters} filters"
            )
        if any(size is not None and size < 1 for size in self.output_shape[2:]):
            raise ValueError(
                f"{called} gets images of {self.input_shape[2:]} rows and columns, which with "
                f"padding {self.pad} are smaller than its filters of {self._extents}; "
                "give the network larger images"
            )


class DepthwiseConv2DLayer(Conv2DLayer):
    """Convolution of every channel by itself.

    Parameters
    ----------
    incoming, filter_size, stride and the others
        As for :class:`Conv2DLayer`.
    multiplier : int
        Filters per channel. Channel c of the input makes the channels ``c * multiplier`` to
        ``(c + 1) * multiplier - 1`` of the output; ``W`` has the shape
        (channels * multiplier, 1, rows, columns).
    """

    def __init__(self, incoming, filter_size, stride=1, *, multiplier: int = 1, **kwargs):
        shape = incoming if isinstance(incoming, tuple) else incoming.output_shape
        channels = shape[1] if len(shape) == 4 and shape[1] else 1  # else: Conv2DLayer complains
        super().__init__(
            incoming, channels * multiplier, filter_size, stride, groups=channels, **kwargs
        )
        self.multiplier = multiplier
