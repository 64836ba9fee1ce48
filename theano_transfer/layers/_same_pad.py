"""Zeros in front of a layer, as many as TensorFlow's SAME would add in it."""

from __future__ import annotations

from lasagne.layers import Layer

from theano_transfer.layers._padding import as_pair, pad_images, resolve


class SamePad2DLayer(Layer):
    """Zeros around images (batch, channel, row, column) for a window that then needs none.

    Behind it, a convolution or pooling with ``pad='valid'`` sees what it would see with
    ``pad='same'`` in front of it.

    Parameters
    ----------
    incoming : Layer or tuple
    filter_size, stride : int or (rows, columns)
        Of the window that is to pass over the images.
    name : str, optional

    Notes
    -----
    Keras pads its mobile networks so (``correct_pad`` in
    ``keras/src/applications/imagenet_utils.py``), but for images of unknown size always as if
    rows and columns were even. Here the padding follows from the size the images have.
    """

    def __init__(self, incoming, filter_size, stride=1, *, name: str | None = None):
        super().__init__(incoming, name=name)
        self.filter_size = as_pair(filter_size, "filter_size")
        self.stride = as_pair(stride, "stride")
        if len(self.input_shape) != 4:
            raise ValueError(
                f"padding takes images (batch, channel, row, column); got shape {self.input_shape}"
            )

    def get_output_shape_for(self, input_shape):
        pad = self._pad(None, [0 if n is None else n for n in input_shape[2:]])
        sizes = (
            None if size is None else size + sum(pair) for size, pair in zip(input_shape[2:], pad)
        )
        return (*input_shape[:2], *sizes)

    def get_output_for(self, input, **kwargs):
        return pad_images(input, self._pad(input, self.input_shape[2:]))

    def _pad(self, images, sizes):
        return resolve("same", images, sizes, self.filter_size, self.stride)
