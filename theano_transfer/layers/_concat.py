"""Images beside each other in the channels."""

from __future__ import annotations

from lasagne.layers import MergeLayer

from theano_transfer.layers._concat_op import ConcatenateChannels


class ConcatChannelsLayer(MergeLayer):
    """The channels of several images (batch, channel, row, column), one after the other.

    Parameters
    ----------
    incomings : list of Layer or tuple
        Of the same rows and columns, each with a known number of channels.
    name : str, optional

    Notes
    -----
    ``lasagne.layers.ConcatLayer`` computes the same; networks that join again and again compile
    sooner with this one.
    """

    def __init__(self, incomings, *, name: str | None = None):
        super().__init__(incomings, name=name)
        called = f"concatenation {name!r}" if name else "this concatenation"
        if any(len(shape) != 4 or shape[1] is None for shape in self.input_shapes):
            raise ValueError(
                f"{called} takes images (batch, channel, row, column) with known numbers of "
                f"channels; got shapes {self.input_shapes}"
            )
        for axis in (2, 3):
            if len({shape[axis] for shape in self.input_shapes} - {None}) > 1:
                raise ValueError(
                    f"{called} takes images of the same rows and columns; "
                    f"got shapes {self.input_shapes}"
                )

    def get_output_shape_for(self, input_shapes):
        batch, _, *sizes = (
            next((n for n in lengths if n is not None), None) for lengths in zip(*input_shapes)
        )
        return (batch, sum(shape[1] for shape in input_shapes), *sizes)

    def get_output_for(self, inputs, **kwargs):
        return ConcatenateChannels([shape[1] for shape in self.input_shapes])(*inputs)
