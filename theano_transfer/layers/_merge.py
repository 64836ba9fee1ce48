"""Several inputs element by element, and their products."""

from __future__ import annotations

import functools

import theano.tensor as T
from aesara.tensor.shape import specify_broadcastable
from lasagne.layers import MergeLayer


class BroadcastMergeLayer(MergeLayer):
    """Inputs merged two by two, element by element; where one has length 1, it serves for all.

    Parameters
    ----------
    incomings : list of Layer or tuple
        Of equally many axes. Lengths of an axis agree or are 1.
    function : callable
        Of two expressions, as ``T.mul`` or ``T.maximum``.
    name : str, optional

    Raises
    ------
    ValueError
        If lengths do not agree, or the one is known to be 1 and the other unknown.
    """

    def __init__(self, incomings, function, *, name: str | None = None):
        super().__init__(incomings, name=name)
        self.function = function
        if len({len(shape) for shape in self.input_shapes}) != 1:
            raise ValueError(f"inputs of equally many axes were expected; got {self.input_shapes}")
        for lengths in list(zip(*self.input_shapes))[1:]:
            if len({n for n in lengths if n not in (1, None)}) > 1:
                raise ValueError(
                    f"lengths that agree or are 1 were expected; got shapes {self.input_shapes}"
                )

    def get_output_shape_for(self, input_shapes):
        batch, *others = zip(*input_shapes)
        shape = [next((n for n in batch if n is not None), None)]
        for lengths in others:
            longer = [n for n in lengths if n != 1]
            shape.append(next((n for n in longer if n is not None), None) if longer else 1)
        return tuple(shape)

    def get_output_for(self, inputs, **kwargs):
        spread = [
            specify_broadcastable(x, *ones) if ones else x
            for x, ones in (
                (x, [axis for axis, n in enumerate(shape) if axis and n == 1])
                for x, shape in zip(inputs, self.input_shapes)
            )
        ]
        return functools.reduce(self.function, spread)


class DotLayer(MergeLayer):
    """For each picture, the sums of products of two inputs along an axis of each.

    Parameters
    ----------
    incomings : pair of Layer or tuple
        Of 2 or more axes each.
    axes : pair of int
        Of equal length; not the batch's.
    normalised : bool
        Whether both are divided by their length along that axis first.
    name : str, optional

    Notes
    -----
    The output has the first input's axes, then the second's, both without the one summed along;
    (batch, 1) where none are left.
    """

    def __init__(self, incomings, axes, *, normalised: bool = False, name: str | None = None):
        super().__init__(incomings, name=name)
        first, second = self.input_shapes
        lengths = {first[axes[0]], second[axes[1]]} - {None}
        if 0 in axes or len(lengths) > 1:
            raise ValueError(
                f"axes of equal length, not the batch's, were expected; got {tuple(axes)} of "
                f"{first} and {second}"
            )
        self.axes, self.normalised = tuple(axes), normalised

    def get_output_shape_for(self, input_shapes):
        first, second = (list(shape) for shape in input_shapes)
        del first[self.axes[0]], second[self.axes[1]]
        shape = (*first, *second[1:])
        return shape if len(shape) > 1 else (*shape, 1)

    def get_output_for(self, inputs, **kwargs):
        first, second = inputs
        if self.normalised:
            first, second = (unit(x, axis) for x, axis in zip(inputs, self.axes))
        ours, theirs = ([a for a in range(x.ndim) if a not in (0, axis)]
                        for x, axis in zip(inputs, self.axes))  # fmt: skip
        lengths = [first.shape[a] for a in ours] + [second.shape[a] for a in theirs]
        first = first.dimshuffle(0, *ours, self.axes[0])
        second = second.dimshuffle(0, self.axes[1], *theirs)
        batch, summed = first.shape[0], second.shape[1]
        product = T.batched_dot(
            first.reshape((batch, -1, summed)), second.reshape((batch, summed, -1))
        )
        return product.reshape((batch, *(lengths or [1])))


def unit(x, axis):
    """`x` divided by its Euclidean length along an axis, or several."""
    square = T.sqr(x).sum(axis=axis, keepdims=True)
    return x / T.maximum(T.sqrt(square), 1e-12)
