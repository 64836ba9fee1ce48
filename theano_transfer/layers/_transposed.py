"""The transpose of a convolution, with TensorFlow's padding."""

from __future__ import annotations

import theano.tensor as T
from aesara.tensor.nnet.abstract_conv import AbstractConv2d_gradInputs
from lasagne.init import Constant, GlorotUniform
from lasagne.layers import Layer
from lasagne.nonlinearities import identity

from theano_transfer.layers._padding import as_pair, check_images, extents_of, pad_images


class TransposedConv2DLayer(Layer):
    """Every pixel paints the filters, weighted by its channels, `stride` apart.

    What the backward pass of :class:`Conv2DLayer` computes for its input. Zeiler, Krishnan, Taylor
    and Fergus, 2010; Dumoulin and Visin, 2016, https://arxiv.org/abs/1603.07285.

    Parameters
    ----------
    incoming : Layer or tuple
        Images (batch, channel, row, column), the number of channels known.
    num_filters : int
        Channels of the output.
    filter_size, stride, dilation : int or (rows, columns)
    pad : {'valid', 'same'}
        For a size n, filters that span k and a stride s: ``'valid'`` gives
        ``(n - 1) * s + max(k, s)``, ``'same'`` gives ``n * s``.
    output_padding : int, (rows, columns) or None
        Of another length: ``'valid'`` gives ``(n - 1) * s + k + output_padding``, ``'same'`` gives
        ``(n - 1) * s + k % 2 + output_padding``.
    W : initialiser, array or shared variable
        Shape (channels, num_filters, rows, columns): that of the convolution's filters.
    b : initialiser, array, shared variable or None
        Shape (num_filters,). None: no bias.
    nonlinearity : callable or None
        None: none.
    name : str, optional

    Notes
    -----
    Lengths as Keras has them; what is cut off or left over, it puts at the end where both sides
    cannot have the same: ``keras/src/backend/common/backend_utils.py``.
    """

    flip_filters = False

    def __init__(
        self,
        incoming,
        num_filters: int,
        filter_size,
        stride=1,
        *,
        pad: str = "valid",
        output_padding=None,
        dilation=1,
        W=GlorotUniform(),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        b=Constant(0.0),  # noqa: B008
        nonlinearity=None,
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        check_images(self.input_shape, "a transposed convolution")
        if pad not in ("valid", "same"):
            raise ValueError(f"pad is 'valid' or 'same'; got {pad!r}")
        self.num_filters = num_filters
        self.filter_size = as_pair(filter_size, "filter_size")
        self.stride = as_pair(stride, "stride")
        self.dilation = as_pair(dilation, "dilation")
        self.pad = pad
        self.output_padding: tuple[int | None, int | None] = (None, None)
        if output_padding is not None:
            self.output_padding = as_pair(output_padding, "output_padding", least=0)
        self.nonlinearity = identity if nonlinearity is None else nonlinearity
        shape = (self.input_shape[1], num_filters, *self.filter_size)
        self.W = self.add_param(W, shape, name="W")
        self.b = None
        if b is not None:
            self.b = self.add_param(b, (num_filters,), name="b", regularizable=False)

    def get_output_shape_for(self, input_shape):
        sizes = (
            None if n is None else (n - 1) * stride + extent + sum(added)
            for n, stride, extent, added in zip(
                input_shape[2:], self.stride, self._extents, self._added
            )
        )
        return (input_shape[0], self.num_filters, *sizes)

    def get_output_for(self, input, **kwargs):
        painted = [
            (input.shape[axis + 2] - 1) * self.stride[axis] + self._extents[axis]
            for axis in range(2)
        ]
        images = AbstractConv2d_gradInputs(
            imshp=(None, self.num_filters, None, None),
            kshp=(self.input_shape[1], self.num_filters, *self.filter_size),
            border_mode="valid",
            subsample=self.stride,
            filter_flip=False,
            filter_dilation=self.dilation,
        )(self.W, input, T.stack(painted))
        (top, bottom), (left, right) = self._added
        images = images[
            :, :, max(-top, 0) : -max(-bottom, 0) or None, max(-left, 0) : -max(-right, 0) or None
        ]
        images = pad_images(images, ((max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))))
        if self.b is not None:
            images = images + self.b.dimshuffle("x", 0, "x", "x")
        return self.nonlinearity(images)

    @property
    def _extents(self):
        return extents_of(self.filter_size, self.dilation)

    @property
    def _added(self):
        """Rows and columns to add to what was painted, before and after; below 0: to cut off."""
        return tuple(map(self._added_along, self._extents, self.stride, self.output_padding))

    def _added_along(self, extent, stride, more):
        if self.pad == "valid":
            return 0, max(stride - extent, 0) if more is None else more
        total = stride - extent if more is None else extent % 2 - extent + more
        # As if the output were padded by extent - 1 on both sides, of which `total` is taken.
        both = 2 * (extent - 1) + total
        before = min(both // 2 + both % 2, extent - 1)
        return before - (extent - 1), both - before - (extent - 1)
