"""``TensorType(dtype, broadcastable)``, and types and variables in pickles of Theano's."""

from typing import Any

from aesara.sparse.type import SparseTensorType
from aesara.tensor.type import TensorType as AesaraTensorType

from theano_transfer.legacy.mended._stand_in import standing_for

_StandIn: Any = standing_for(AesaraTensorType)


class _Dense(_StandIn):
    """Aesara makes a sparse matrix's type a kind of tensor type; in Theano it is none."""

    def __instancecheck__(cls, instance):
        sparse = cls._stands_in and isinstance(instance, SparseTensorType)
        return super().__instancecheck__(instance) and not sparse


class TensorType(AesaraTensorType, metaclass=_Dense):
    """``TensorType(dtype, broadcastable)``: makes one of Aesara's.

    Parameters
    ----------
    dtype : str
        ``'floatX'`` is what the configuration says.
    broadcastable : sequence of bool
        For each axis, whether its length is known to be 1; 0 and 1 count as False and True. A
        sequence with None or other numbers is a static shape, as for Aesara, and so is `shape`.
    """

    def __new__(cls, *args, **kwargs):
        if cls is not TensorType or not (args or kwargs):
            # a program's subclass, or a pickle of Theano's, which __setstate__ completes
            return super().__new__(cls)
        return _make(*args, **kwargs)

    def __setstate__(self, state):
        self.__class__ = AesaraTensorType
        self.__init__(  # type: ignore[misc]
            state["dtype"], [bool(b) for b in state["broadcastable"]], name=state.get("name")
        )


def _make(dtype, broadcastable=None, name=None, sparse_grad=False, shape=None):
    if shape is None:
        axes = list(() if broadcastable is None else broadcastable)
        if all(isinstance(axis, bool) or axis in (0, 1) for axis in axes):
            axes = [bool(axis) for axis in axes]
        shape = axes
    return AesaraTensorType(dtype, shape, name=name)


def tensor(*args, **kwargs):
    """A variable of ``TensorType(*args, **kwargs)``; `name` is the variable's."""
    name = kwargs.pop("name", None)
    return TensorType(*args, **kwargs)(name=name)


def Tensor(*args, **kwargs):
    """A tensor type: what :class:`TensorType` was called first."""
    return TensorType(*args, **kwargs)


__all__ = ["Tensor", "TensorType", "tensor"]
