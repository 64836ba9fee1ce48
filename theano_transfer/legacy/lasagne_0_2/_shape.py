"""``lasagne.layers.shape``."""

from __future__ import annotations

from lasagne.layers import Layer


class SliceLayer(Layer):
    """A part of an axis.

    Parameters
    ----------
    incoming : Layer or tuple
    indices : int or slice
        An int takes the axis away. Negative numbers count from the end.
    axis : int
    """

    def __init__(self, incoming, indices, axis=-1, **kwargs):
        super().__init__(incoming, **kwargs)
        self.slice = indices
        self.axis = axis

    def get_output_shape_for(self, input_shape):
        axis = self.axis % len(input_shape)
        length = input_shape[axis]
        before, after = input_shape[:axis], input_shape[axis + 1 :]
        if not isinstance(self.slice, slice):
            return (*before, *after)
        kept = None if length is None else len(range(*self.slice.indices(length)))
        return (*before, kept, *after)

    def get_output_for(self, input, **kwargs):
        axis = self.axis % input.ndim
        return input[(*(slice(None),) * axis, self.slice)]
