"""Parameters that are shared over axes, as biases over pictures and pixels."""

from __future__ import annotations


def resolve_shared(shared_axes, ndim):
    """``'auto'`` (all but the second), ``'all'``, an int or a sequence, as a tuple of axes."""
    if isinstance(shared_axes, str):
        if shared_axes == "auto":
            return (0, *range(2, ndim))
        if shared_axes == "all":
            return tuple(range(ndim))
        raise ValueError(f"shared_axes is 'auto', 'all' or axes; got {shared_axes!r}")
    axes = (shared_axes,) if isinstance(shared_axes, int) else tuple(shared_axes)
    return tuple(axis % ndim for axis in axes)


def parameter_shape(layer, shared_axes):
    """The lengths of the axes that are not shared."""
    shape = tuple(n for axis, n in enumerate(layer.input_shape) if axis not in shared_axes)
    if None in shape:
        raise ValueError(
            f"{type(layer).__name__} needs to know the length of each axis that its parameters "
            f"are not shared over; got shape {layer.input_shape}, shared over {shared_axes}"
        )
    return shape


def spread(parameter, shared_axes, ndim):
    """`parameter` with an axis to broadcast wherever it is shared."""
    own = iter(range(parameter.ndim))
    return parameter.dimshuffle(["x" if a in shared_axes else next(own) for a in range(ndim)])
