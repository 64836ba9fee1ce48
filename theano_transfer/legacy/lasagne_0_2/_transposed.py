"""``lasagne.layers.conv``: the gradients of convolutions, as layers that enlarge pictures."""

from __future__ import annotations

import theano.tensor as T
from aesara.tensor.nnet.abstract_conv import AbstractConv2d_gradInputs, AbstractConv3d_gradInputs
from lasagne.init import Constant, GlorotUniform
from lasagne.nonlinearities import rectify
from lasagne.utils import as_tuple

from theano_transfer.legacy.lasagne_0_2._conv import BaseConvLayer


def conv_input_length(output_length, filter_size, stride, pad=0):
    """The shortest input from which a convolution makes an output of this length.

    None if that is None. `pad` is an int, 'valid', 'full' or 'same'.
    """
    if output_length is None:
        return None
    named = {"valid": 0, "full": filter_size - 1, "same": filter_size // 2}
    pad = named.get(pad, pad)
    if not isinstance(pad, int):
        raise ValueError(f"a padding is an int, 'valid', 'full' or 'same'; got {pad!r}")
    return (output_length - 1) * stride - 2 * pad + filter_size


class _TransposedConvLayer(BaseConvLayer):
    axes = 2

    def __init__(
        self,
        incoming,
        num_filters,
        filter_size,
        stride=1,
        crop=0,
        untie_biases=False,
        W=GlorotUniform(),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
        flip_filters=False,
        output_size=None,
        **kwargs,
    ):
        # Lasagne's other convolutions call it pad.
        pad = kwargs.pop("pad", crop)
        if output_size is not None and not hasattr(output_size, "ndim"):
            output_size = as_tuple(output_size, self.axes)
        self.output_size = output_size
        super().__init__(
            incoming, num_filters, filter_size, stride, pad, untie_biases, W, b, nonlinearity,
            flip_filters, n=self.axes, **kwargs,
        )  # fmt: skip
        self.crop = self.pad
        del self.pad

    def _crop(self):
        return self.crop if hasattr(self, "crop") else self.pad  # while it is being made: pad

    def get_W_shape(self):  # noqa: N802 (Lasagne's name)
        """Shape (channels, num_filters, *filter_size)."""
        return (self.input_shape[1], self.num_filters // self.num_groups, *self.filter_size)

    def get_output_shape_for(self, input_shape):
        size = self.output_size
        if size is None:
            crop = self._crop()
            crops = crop if isinstance(crop, tuple) else (crop,) * self.n
            size = tuple(
                conv_input_length(*numbers)
                for numbers in zip(input_shape[2:], self.filter_size, self.stride, crops)
            )
        elif hasattr(size, "ndim"):
            size = (None,) * self.n
        return (input_shape[0], self.num_filters, *size)

    def _wanted_size(self, input):
        """The output's places, as numbers or expressions."""
        if hasattr(self.output_size, "ndim"):
            return self.output_size
        known = self.output_shape[2:]
        if None not in known:
            return known
        crop = self._crop()
        crops = crop if isinstance(crop, tuple) else (crop,) * self.n
        return tuple(
            conv_input_length(*numbers)
            for numbers in zip(
                [input.shape[2 + axis] for axis in range(self.n)],
                self.filter_size,
                self.stride,
                crops,
            )
        )

    def _settings(self):
        crop = self._crop()
        return {
            "imshp": self.output_shape,
            "kshp": self.get_W_shape(),
            "subsample": self.stride,
            "border_mode": "half" if crop == "same" else crop,
            # of the convolution that this is the gradient of
            "filter_flip": not self.flip_filters,
            "num_groups": self.num_groups,
        }


class TransposedConv2DLayer(_TransposedConvLayer):
    """What the backward pass of a strided convolution computes, as a layer that enlarges.

    Zeiler, Krishnan, Taylor and Fergus, 2010, and Dumoulin and Visin, 2016,
    https://arxiv.org/abs/1603.07285.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, channel, row, column), the number of channels known.
    num_filters : int
    filter_size, stride : int or (rows, columns)
        The output is about `stride` times as large.
    crop : int, (rows, columns), 'valid', 'full' or 'same'
        What the convolution's padding was: so much is cut from the sides.
    untie_biases : bool
    W : initialiser, array or variable
        Shape (channels, num_filters, rows, columns): that of the convolution's filters.
    b : initialiser, array, variable or None
    nonlinearity : callable or None
    flip_filters : bool
        False: a correlation of the input, spread out by `stride`, so that every pixel paints the
        filter turned round; True: a convolution.
    output_size : int, (rows, columns) or symbolic vector, optional
        Where the convolution's input size does not follow from that of its output.
    """

    def convolve(self, input, **kwargs):
        op = AbstractConv2d_gradInputs(**self._settings())
        return op(self.W, input, self._wanted_size(input))


class TransposedConv1DLayer(_TransposedConvLayer):
    """:class:`TransposedConv2DLayer` over (batch, channel, place)."""

    axes = 1

    def convolve(self, input, **kwargs):
        settings = self._settings()
        batch, channels, length = settings["imshp"]
        settings["imshp"] = (batch, channels, 1, length)
        settings["kshp"] = (*settings["kshp"][:2], 1, settings["kshp"][2])
        settings["subsample"] = (1, *settings["subsample"])
        crop = settings["border_mode"]
        if crop == "full":
            crop = (self.filter_size[0] - 1,)
        elif crop == "half":
            crop = (self.filter_size[0] // 2,)
        settings["border_mode"] = (0, *crop)
        size = self._wanted_size(input)
        result = AbstractConv2d_gradInputs(**settings)(
            self.W.dimshuffle(0, 1, "x", 2), input.dimshuffle(0, 1, "x", 2), T.stack([1, size[0]])
        )
        return result[:, :, 0]


class TransposedConv3DLayer(_TransposedConvLayer):
    """:class:`TransposedConv2DLayer` over (batch, channel, depth, row, column)."""

    axes = 3

    def convolve(self, input, **kwargs):
        op = AbstractConv3d_gradInputs(**self._settings())
        return op(self.W, input, self._wanted_size(input))
