"""Pickles that Theano 1.0 wrote: what its classes' states become.

A shared variable's pickle holds its type, its container and a few helpers, each by the name of
its module in Theano. Aesara's classes have the names but not all of the attributes.
"""

import numpy as np
from aesara.graph.utils import Scratchpad
from aesara.link.basic import Container as AesaraContainer
from aesara.tensor import sharedvar
from aesara.tensor.type import TensorType

from theano_transfer.legacy.mended._stand_in import standing_for


class Container(AesaraContainer, metaclass=standing_for(AesaraContainer)):  # type: ignore[metaclass]
    """``theano.gof.link.Container``, which becomes Aesara's as it is read."""

    def __setstate__(self, state):
        self.__class__ = AesaraContainer
        self.__dict__.update(state)
        if type(self.storage[0]).__module__.startswith("pygpu"):
            self.storage[0] = np.asarray(self.storage[0])


class _Shared:
    """Gives a shared variable of Theano's the class that Aesara has for it."""

    _becomes: type

    def __setstate__(self, state):
        self.__class__ = self._becomes
        self._default_update = None
        for name, value in state.items():
            setattr(self, name, value)


class TensorSharedVariable(
    _Shared,
    sharedvar.TensorSharedVariable,
    metaclass=standing_for(sharedvar.TensorSharedVariable),  # type: ignore[metaclass]
):
    """A shared array, which becomes Aesara's as it is read."""

    _becomes = sharedvar.TensorSharedVariable


class ScalarSharedVariable(
    _Shared,
    sharedvar.ScalarSharedVariable,
    metaclass=standing_for(sharedvar.ScalarSharedVariable),  # type: ignore[metaclass]
):
    """A shared scalar, which becomes Aesara's as it is read."""

    _becomes = sharedvar.ScalarSharedVariable


class GpuArraySharedVariable(_Shared, sharedvar.TensorSharedVariable):
    """A shared array of a GPU, which becomes the CPU's as it is read; none is one otherwise."""

    _becomes = sharedvar.TensorSharedVariable


class CudaNdarraySharedVariable(GpuArraySharedVariable):
    """That of the first GPU backend."""


class GpuArrayType(TensorType):
    """``GpuArrayType(dtype, broadcastable)``: makes the CPU's type; none is one otherwise."""

    def __new__(cls, dtype=None, broadcastable=None, context_name=None, name=None):
        if dtype is None:  # a pickle, which __setstate__ completes
            return super().__new__(cls)
        return TensorType(dtype, [bool(single) for single in broadcastable], name=name)

    def __setstate__(self, state):
        self.__class__ = TensorType
        broadcastable = [bool(single) for single in state["broadcastable"]]
        self.__init__(  # type: ignore[misc]
            state.get("dtype", "float32"), broadcastable, name=state.get("name")
        )


class CudaNdarrayType(GpuArrayType):
    """``CudaNdarrayType(broadcastable)``: that of the first GPU backend, of float32."""

    def __new__(cls, broadcastable=None, name=None, dtype="float32"):
        if broadcastable is None:
            return super().__new__(cls)
        return GpuArrayType(dtype, broadcastable, name=name)


def GpuArray_unpickler(array, context_name=None):
    """The array that a GPU's was pickled as."""
    return np.asarray(array)


def CudaNdarray_unpickler(array):
    """The array that a GPU's was pickled as."""
    return np.asarray(array)


scratchpad = Scratchpad

__all__ = [
    "Container",
    "CudaNdarraySharedVariable",
    "CudaNdarrayType",
    "CudaNdarray_unpickler",
    "GpuArraySharedVariable",
    "GpuArrayType",
    "GpuArray_unpickler",
    "ScalarSharedVariable",
    "TensorSharedVariable",
    "scratchpad",
]
