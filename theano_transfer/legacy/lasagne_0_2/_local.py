"""``lasagne.layers.local``: filters that differ from place to place."""

from __future__ import annotations

from lasagne.init import Constant, GlorotUniform
from lasagne.nonlinearities import rectify
from lasagne.theano_extensions.padding import pad as pad_with_zeros

from theano_transfer.legacy.lasagne_0_2._conv import BaseConvLayer


class LocallyConnected2DLayer(BaseConvLayer):
    """A convolution whose filter at every place is its own.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, row, column), all known but the batch.
    num_filters : int
        As many as channels if `channelwise`.
    filter_size : int or (rows, columns)
    stride : 1
    pad : 'same'
        As Lasagne has it, no other stride and padding.
    W : initialiser, array or variable
        Shape (num_filters, channels, rows, columns, output rows, output columns), without the
        channels if `channelwise`.
    channelwise : bool
        Whether each channel has a filter of its own and sees no other.

    The other parameters are those of :class:`Conv2DLayer`.
    """

    def __init__(
        self,
        incoming,
        num_filters,
        filter_size,
        stride=(1, 1),
        pad="same",
        untie_biases=False,
        W=GlorotUniform(),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
        flip_filters=True,
        channelwise=False,
        **kwargs,
    ):
        self.channelwise = channelwise
        super().__init__(
            incoming, num_filters, filter_size, stride, pad, untie_biases, W, b, nonlinearity,
            flip_filters, n=2, **kwargs,
        )  # fmt: skip
        if self.stride != (1, 1) or self.pad != "same":
            raise NotImplementedError(
                f"LocallyConnected2DLayer takes stride=1 and pad='same'; got {stride} and {pad!r}"
            )
        if channelwise and num_filters != self.input_shape[1]:
            raise ValueError(
                "channelwise filters are as many as channels; got "
                f"{num_filters} filters for {self.input_shape[1]} channels"
            )

    def get_W_shape(self):  # noqa: N802 (Lasagne's name)
        size = self.input_shape[2:]
        if None in size:
            raise ValueError(
                "LocallyConnected2DLayer needs to know rows and columns; got shape "
                f"{self.input_shape}"
            )
        channels = () if self.channelwise else (self.input_shape[1],)
        return (self.num_filters, *channels, *self.filter_size, *size)

    def convolve(self, input, **kwargs):
        rows, columns = self.input_shape[2:]
        # an even convolution looks one further ahead than back, as 'same' does elsewhere
        pads = [(size // 2, (size - 1) // 2) for size in self.filter_size]
        padded = pad_with_zeros(input, pads, batch_ndim=2)
        result = 0
        for i in range(self.filter_size[0]):
            for j in range(self.filter_size[1]):
                seen = padded[:, :, i : i + rows, j : j + columns]
                at = (-1 - i, -1 - j) if self.flip_filters else (i, j)
                if self.channelwise:
                    result += seen * self.W[:, at[0], at[1]]
                else:
                    weights = self.W[:, :, at[0], at[1]]
                    result += (seen.dimshuffle(0, "x", 1, 2, 3) * weights).sum(axis=2)
        return result
