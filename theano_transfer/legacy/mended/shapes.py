"""Which axes count as broadcastable."""

from aesara.tensor import as_tensor_variable
from aesara.tensor.shape import specify_broadcastable
from aesara.tensor.shape import unbroadcast as aesara_unbroadcast


class Rebroadcast:
    """``Rebroadcast((axis, broadcastable), ...)(x)``

    An axis that becomes broadcastable must have length 1 when the function runs.
    """

    def __init__(self, *axes):
        for axis, broadcastable in axes:
            if not isinstance(axis, int) or not isinstance(broadcastable, bool):
                raise TypeError(
                    f"Rebroadcast takes pairs of an axis and a boolean, not {(axis, broadcastable)}"
                )
        self.axis = dict(axes)

    def __call__(self, x):
        x = as_tensor_variable(x)
        missing = [axis for axis in self.axis if not -x.ndim <= axis < x.ndim]
        if missing:
            raise ValueError(f"axes {missing} of a variable that has {x.ndim} axes")
        known = x.broadcastable
        add = [axis for axis, single in self.axis.items() if single and not known[axis]]
        remove = [axis for axis, single in self.axis.items() if not single and known[axis]]
        if add:
            x = specify_broadcastable(x, *add)
        return aesara_unbroadcast(x, *remove) if remove else x


def addbroadcast(x, *axes):
    """`x` with `axes` broadcastable; their length is checked to be 1 when the function runs."""
    return Rebroadcast(*((axis, True) for axis in axes))(x)


def unbroadcast(x, *axes):
    """`x` with `axes` not broadcastable."""
    return Rebroadcast(*((axis, False) for axis in axes))(x)


def patternbroadcast(x, broadcastable):
    """`x` with each axis broadcastable or not as `broadcastable`, booleans, says."""
    return Rebroadcast(*((axis, bool(single)) for axis, single in enumerate(broadcastable)))(x)


__all__ = ["Rebroadcast", "addbroadcast", "patternbroadcast", "unbroadcast"]
