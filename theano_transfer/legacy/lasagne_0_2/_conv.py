"""``lasagne.layers.conv``: convolutions over one, two and three axes."""

from __future__ import annotations

import theano.tensor as T
from lasagne.init import Constant, GlorotUniform
from lasagne.layers import Layer
from lasagne.layers.conv import conv_output_length
from lasagne.nonlinearities import identity, rectify
from lasagne.theano_extensions.padding import pad as pad_with_zeros
from lasagne.utils import as_tuple

_AXES = {1: "(batch, channel, place)", 2: "(batch, channel, row, column)"}
_AXES[3] = "(batch, channel, depth, row, column)"


class BaseConvLayer(Layer):
    """What convolutions have in common. A subclass has a method ``convolve(input, **kwargs)``.

    Parameters
    ----------
    incoming : Layer or tuple
        Of axes (batch, channel, `n` others), the number of channels known.
    num_filters : int
    filter_size, stride : int or one for each of the `n` axes
    pad : int, one for each axis, 'valid', 'full' or 'same'
        Zeros on both sides. 'same' keeps the size where the stride is 1; an even filter gets one
        zero less at the far side.
    untie_biases : bool
        Whether every place has a bias of its own.
    W : initialiser, array or variable
        Shape (num_filters, channels // num_groups, *filter_size).
    b : initialiser, array, variable or None
        Shape (num_filters,), or that and the output's places if untied. None: no bias.
    nonlinearity : callable or None
    flip_filters : bool
        True: a convolution as in mathematics. False: a correlation, as in most other libraries.
    num_groups : int
        Into how many independent convolutions the channels divide.
    n : int
        How many axes are convolved; those of the input less two if None.
    """

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
        flip_filters=True,
        num_groups=1,
        n=None,
        **kwargs,
    ):
        super().__init__(incoming, **kwargs)
        self.nonlinearity = identity if nonlinearity is None else nonlinearity
        self.n = n = len(self.input_shape) - 2 if n is None else n
        if len(self.input_shape) != n + 2 or self.input_shape[1] is None:
            raise ValueError(
                f"{type(self).__name__} takes {_AXES.get(n, f'{n + 2} axes')} with a known number "
                f"of channels; got shape {self.input_shape}"
            )
        self.num_filters = num_filters
        self.filter_size = as_tuple(filter_size, n, int)
        self.flip_filters = flip_filters
        self.stride = as_tuple(stride, n, int)
        self.untie_biases = untie_biases
        self.pad = _as_pad(pad, n)
        self.num_groups = num_groups
        if num_groups < 1 or num_filters % num_groups or self.input_shape[1] % num_groups:
            raise ValueError(
                "num_groups must divide the channels and the filters; got "
                f"{num_groups} groups, {self.input_shape[1]} channels, {num_filters} filters"
            )
        self.W = self.add_param(W, self.get_W_shape(), name="W")
        self.b = None
        if b is not None:
            places = self.output_shape[2:] if untie_biases else ()
            if None in places:
                raise ValueError(
                    f"untied biases need a known size of the output; got {self.output_shape}"
                )
            self.b = self.add_param(b, (num_filters, *places), name="b", regularizable=False)

    def get_W_shape(self):  # noqa: N802 (Lasagne's name)
        """The shape of the filters."""
        return (self.num_filters, self.input_shape[1] // self.num_groups, *self.filter_size)

    def get_output_shape_for(self, input_shape):
        pads = self.pad if isinstance(self.pad, tuple) else (self.pad,) * self.n
        sizes = (
            conv_output_length(*numbers)
            for numbers in zip(input_shape[2:], self.filter_size, self.stride, pads)
        )
        return (input_shape[0], self.num_filters, *sizes)

    def get_output_for(self, input, **kwargs):
        activation = self.convolve(input, **kwargs)
        if self.b is not None:
            places = range(1, self.n + 1) if self.untie_biases else "x" * self.n
            activation = activation + self.b.dimshuffle("x", 0, *places)
        return self.nonlinearity(activation)

    def convolve(self, input, **kwargs):
        """The convolution of `input`, without bias and nonlinearity."""
        raise NotImplementedError("a subclass of BaseConvLayer needs a method convolve")

    def border_mode(self):
        """The padding as Theano takes it, (before, after) where an even filter needs it."""
        if self.pad != "same":
            return self.pad
        pairs = tuple((size // 2, (size - 1) // 2) for size in self.filter_size)
        return tuple(before if before == after else (before, after) for before, after in pairs)


def _as_pad(pad, n):
    if pad in ("full", "same"):
        return pad
    return (0,) * n if pad == "valid" else as_tuple(pad, n, int)


def conv1d(
    input,
    filters,
    input_shape=None,
    filter_shape=None,
    border_mode="valid",
    subsample=(1,),
    filter_flip=True,
    **settings,
):
    """A convolution over one axis, by ``conv2d`` over pictures of one row."""

    def with_row(shape):
        return shape and (*shape[:2], 1, shape[2])

    convolved = T.nnet.conv2d(
        input.dimshuffle(0, 1, "x", 2),
        filters.dimshuffle(0, 1, "x", 2),
        input_shape=with_row(input_shape),
        filter_shape=with_row(filter_shape),
        border_mode=(0, *border_mode) if isinstance(border_mode, tuple) else border_mode,
        subsample=(1, *subsample),
        filter_flip=filter_flip,
        **settings,
    )
    return convolved[:, :, 0]


def conv3d(
    input, filters, input_shape, filter_shape, subsample, border_mode, filter_flip, **groups
):
    """Theano's ``conv3d``, for paddings too that differ between the sides."""
    if isinstance(border_mode, tuple) and any(isinstance(p, tuple) for p in border_mode):
        pairs = [p if isinstance(p, tuple) else (p, p) for p in border_mode]
        input = pad_with_zeros(input, pairs, batch_ndim=2)
        sizes = (n and n + sum(pair) for n, pair in zip(input_shape[2:], pairs))
        input_shape = (*input_shape[:2], *sizes)
        border_mode = "valid"
    return T.nnet.conv3d(
        input,
        filters,
        input_shape=input_shape,
        filter_shape=filter_shape,
        border_mode=border_mode,
        subsample=subsample,
        filter_flip=filter_flip,
        **groups,
    )


class _ConvLayer(BaseConvLayer):
    def convolve(self, input, **kwargs):
        groups = {"num_groups": self.num_groups} if self.num_groups > 1 else {}
        return self.convolution(
            input,
            self.W,
            input_shape=self.input_shape,
            filter_shape=self.get_W_shape(),
            subsample=self.stride,
            border_mode=self.border_mode(),
            filter_flip=self.flip_filters,
            **groups,
        )


class Conv1DLayer(_ConvLayer):
    """A convolution over (batch, channel, place). See :class:`BaseConvLayer`.

    `convolution` is a function with the arguments of ``theano.tensor.nnet.conv2d``.
    """

    def __init__(
        self,
        incoming,
        num_filters,
        filter_size,
        stride=1,
        pad=0,
        untie_biases=False,
        W=GlorotUniform(),  # noqa: B008
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
        flip_filters=True,
        convolution=conv1d,
        **kwargs,
    ):
        super().__init__(
            incoming, num_filters, filter_size, stride, pad, untie_biases, W, b, nonlinearity,
            flip_filters, n=1, **kwargs,
        )  # fmt: skip
        self.convolution = convolution


class Conv2DLayer(_ConvLayer):
    """A convolution over (batch, channel, row, column). See :class:`BaseConvLayer`.

    `convolution` is a function with the arguments of ``theano.tensor.nnet.conv2d``.
    """

    def __init__(
        self,
        incoming,
        num_filters,
        filter_size,
        stride=(1, 1),
        pad=0,
        untie_biases=False,
        W=GlorotUniform(),  # noqa: B008
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
        flip_filters=True,
        convolution=T.nnet.conv2d,
        **kwargs,
    ):
        super().__init__(
            incoming, num_filters, filter_size, stride, pad, untie_biases, W, b, nonlinearity,
            flip_filters, n=2, **kwargs,
        )  # fmt: skip
        self.convolution = convolution


class Conv3DLayer(_ConvLayer):
    """A convolution over (batch, channel, depth, row, column). See :class:`BaseConvLayer`.

    `convolution` is a function with the arguments of ``theano.tensor.nnet.conv3d``.
    """

    def __init__(
        self,
        incoming,
        num_filters,
        filter_size,
        stride=(1, 1, 1),
        pad=0,
        untie_biases=False,
        W=GlorotUniform(),  # noqa: B008
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
        flip_filters=True,
        convolution=conv3d,
        **kwargs,
    ):
        super().__init__(
            incoming, num_filters, filter_size, stride, pad, untie_biases, W, b, nonlinearity,
            flip_filters, n=3, **kwargs,
        )  # fmt: skip
        self.convolution = convolution


class DilatedConv2DLayer(BaseConvLayer):
    """A convolution whose filters see places `dilation` apart.

    Yu and Koltun, 2015, https://arxiv.org/abs/1511.07122.

    Parameters
    ----------
    dilation : int or (rows, columns)
    W : initialiser, array or variable
        Shape (channels, num_filters, rows, columns): the first two axes are the other way round
        than in other convolutions, as Lasagne has it.
    flip_filters : bool
        False unless given.

    The other parameters are those of :class:`BaseConvLayer`, without `stride`.
    """

    def __init__(
        self,
        incoming,
        num_filters,
        filter_size,
        dilation=(1, 1),
        pad=0,
        untie_biases=False,
        W=GlorotUniform(),  # noqa: B008
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
        flip_filters=False,
        **kwargs,
    ):
        self.dilation = as_tuple(dilation, 2, int)
        super().__init__(
            incoming, num_filters, filter_size, 1, pad, untie_biases, W, b, nonlinearity,
            flip_filters, n=2, **kwargs,
        )  # fmt: skip
        if self.pad != (0, 0):
            raise NotImplementedError(
                f"DilatedConv2DLayer takes pad=0; got {pad!r}. Put a PadLayer in front of it"
            )

    def get_W_shape(self):  # noqa: N802
        return (self.input_shape[1], self.num_filters, *self.filter_size)

    def get_output_shape_for(self, input_shape):
        sizes = (
            conv_output_length(n, (size - 1) * dilation + 1, 1, 0)
            for n, size, dilation in zip(input_shape[2:], self.filter_size, self.dilation)
        )
        return (input_shape[0], self.num_filters, *sizes)

    def convolve(self, input, **kwargs):
        shape = self.get_W_shape()
        return T.nnet.conv2d(
            input,
            self.W.dimshuffle(1, 0, 2, 3),
            input_shape=self.input_shape,
            filter_shape=(shape[1], shape[0], *shape[2:]),
            filter_flip=self.flip_filters,
            filter_dilation=self.dilation,
        )
