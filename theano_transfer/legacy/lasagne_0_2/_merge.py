"""``lasagne.layers.merge``: inputs of different sizes are cropped to the smallest."""

from __future__ import annotations

import functools

import theano.tensor as T
from lasagne.layers import MergeLayer

CROPPINGS = (None, "lower", "center", "upper")


def _per_axis(cropping, ndim):
    """One cropping for each of `ndim` axes; those not named are left alone."""
    cropping = [*cropping] + [None] * (ndim - len(cropping))
    unknown = [c for c in cropping if c not in CROPPINGS]
    if unknown:
        raise ValueError(f"an axis is cropped None, 'lower', 'center' or 'upper'; got {unknown}")
    return cropping


def autocrop(inputs, cropping):
    """Tensors, cropped along each axis to the shortest of them.

    Parameters
    ----------
    inputs : list of tensors
        Of the same number of axes.
    cropping : list of {None, 'lower', 'center', 'upper'}, or None
        For each axis: whether to leave it alone or to keep its first, middle or last part.
        Axes at the end may be left out.
    """
    if cropping is None:
        return inputs
    ndim = inputs[0].ndim
    if any(x.ndim != ndim for x in inputs):
        raise ValueError(
            "cropping takes inputs of as many axes each; got " + str([x.ndim for x in inputs])
        )
    cropping = _per_axis(cropping, ndim)
    shortest = [
        functools.reduce(T.minimum, [x.shape[axis] for x in inputs]) for axis in range(ndim)
    ]
    return [
        x[tuple(_part(x.shape[a], shortest[a], cropping[a]) for a in range(ndim))] for x in inputs
    ]


def _part(length, kept, where):
    if where is None:
        return slice(None)
    start = {"lower": 0, "center": (length - kept) // 2, "upper": length - kept}[where]
    return slice(start, start + kept)


def autocrop_array_shapes(input_shapes, cropping):
    """The shapes that :func:`autocrop` makes of these; None where a length is not known."""
    if cropping is None:
        return input_shapes
    ndim = len(input_shapes[0])
    if any(len(shape) != ndim for shape in input_shapes):
        raise ValueError(f"cropping takes inputs of as many axes each; got shapes {input_shapes}")
    cropped: list = []
    for where, lengths in zip(_per_axis(cropping, ndim), zip(*input_shapes)):
        shortest = None if None in lengths else min(lengths)
        cropped.append(lengths if where is None else [shortest] * len(lengths))
    return [tuple(shape) for shape in zip(*cropped)]


def _agreed(shapes, what, free_axis=None):
    """The shape that shapes have in common where each may leave lengths open."""
    agreed = []
    for axis, lengths in enumerate(zip(*shapes)):
        known = {n for n in lengths if n is not None}
        if len({len(shape) for shape in shapes}) > 1 or (axis != free_axis and len(known) > 1):
            raise ValueError(f"Mismatch: {what}; got {shapes}")
        agreed.append(next(iter(known), None))
    return agreed


class ConcatLayer(MergeLayer):
    """Inputs one after the other along an axis.

    Parameters
    ----------
    incomings : list of Layer or tuple
        Of the same shape except along `axis`, once they are cropped.
    axis : int
    cropping : list of {None, 'lower', 'center', 'upper'}, optional
        As for ``autocrop``; `axis` itself is never cropped.
    """

    def __init__(self, incomings, axis=1, cropping=None, **kwargs):
        super().__init__(incomings, **kwargs)
        self.axis = axis
        ndim = len(self.input_shapes[0])
        if cropping is not None:
            cropping = _per_axis(cropping, ndim)
            cropping[axis % ndim] = None
        self.cropping = cropping

    def get_output_shape_for(self, input_shapes):
        shapes = autocrop_array_shapes(input_shapes, self.cropping)
        axis = self.axis % len(shapes[0])
        what = "input shapes must be the same except in the concatenation axis"
        output = _agreed(shapes, what, free_axis=axis)
        lengths = [shape[axis] for shape in shapes]
        output[axis] = None if None in lengths else sum(lengths)
        return tuple(output)

    def get_output_for(self, inputs, **kwargs):
        return T.concatenate(autocrop(inputs, self.cropping), axis=self.axis)


class ElemwiseMergeLayer(MergeLayer):
    """Inputs merged two by two, element by element.

    Parameters
    ----------
    incomings : list of Layer or tuple
        Of the same shape, once they are cropped.
    merge_function : callable
        Of two expressions, as ``T.mul`` or ``T.maximum``.
    cropping : list of {None, 'lower', 'center', 'upper'}, optional
        As for ``autocrop``.
    """

    def __init__(self, incomings, merge_function, cropping=None, **kwargs):
        super().__init__(incomings, **kwargs)
        self.merge_function = merge_function
        self.cropping = cropping

    def get_output_shape_for(self, input_shapes):
        shapes = autocrop_array_shapes(input_shapes, self.cropping)
        return tuple(_agreed(shapes, "not all input shapes are the same"))

    def get_output_for(self, inputs, **kwargs):
        return functools.reduce(self.merge_function, autocrop(inputs, self.cropping))


class ElemwiseSumLayer(ElemwiseMergeLayer):
    """The sum of inputs, each times its coefficient.

    Parameters
    ----------
    incomings : list of Layer or tuple
    coeffs : number or list of numbers
        One for all or one for each; not trained.
    cropping : list of {None, 'lower', 'center', 'upper'}, optional
    """

    def __init__(self, incomings, coeffs=1, cropping=None, **kwargs):
        super().__init__(incomings, T.add, cropping=cropping, **kwargs)
        if not isinstance(coeffs, (list, tuple)):
            coeffs = [coeffs] * len(incomings)
        elif len(coeffs) != len(incomings):
            raise ValueError(f"Mismatch: got {len(coeffs)} coeffs for {len(incomings)} incomings")
        self.coeffs = coeffs

    def get_output_for(self, inputs, **kwargs):
        inputs = [
            x if isinstance(c, (int, float)) and c == 1 else x * c
            for x, c in zip(inputs, self.coeffs)
        ]
        return super().get_output_for(inputs, **kwargs)
