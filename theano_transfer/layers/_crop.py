"""Images without their outermost rows and columns."""

from __future__ import annotations

from lasagne.layers import Layer

from theano_transfer.layers._pad_op import CropImages
from theano_transfer.layers._padding import as_padding


class Crop2DLayer(Layer):
    """Images (batch, channel, row, column) with rows and columns taken away at the edges.

    Parameters
    ----------
    incoming : Layer or tuple
    cropping : int, (rows, columns) or ((top, bottom), (left, right))
    name : str, optional
    """

    def __init__(self, incoming, cropping, *, name: str | None = None):
        super().__init__(incoming, name=name)
        self.cropping = as_padding(cropping)
        if self.cropping == "same" or len(self.input_shape) != 4:
            raise ValueError(
                "cropping takes images (batch, channel, row, column) and numbers of rows and "
                f"columns; got shape {self.input_shape} and {cropping!r}"
            )

    def get_output_shape_for(self, input_shape):
        sizes = (
            None if size is None else size - sum(pair)
            for size, pair in zip(input_shape[2:], self.cropping)
        )
        return (*input_shape[:2], *sizes)

    def get_output_for(self, input, **kwargs):
        (top, bottom), (left, right) = self.cropping
        return CropImages()(input, top, bottom, left, right)
