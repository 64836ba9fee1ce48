"""Parameters that lie on a device, for those who expect NumPy's arrays."""

from __future__ import annotations

import functools

import jax
import numpy as np
from aesara.compile.function.types import Function
from aesara.compile.sharedvalue import SharedVariable


@functools.cache
def install() -> None:
    """Let ``get_value`` give NumPy's arrays, and functions of other backends find them.

    Called when the first function is compiled for JAX: until then nothing lies on a device.
    """
    SharedVariable.get_value = _giving_numpy(SharedVariable.get_value)
    Function.__call__ = _fetching(Function.__call__)


def _giving_numpy(get_value):
    @functools.wraps(get_value)
    def get(self, borrow=False, return_internal_type=False):
        value = self.container.storage[0]
        if isinstance(value, jax.Array) and not return_internal_type:
            return np.array(value)
        return get_value(self, borrow=borrow, return_internal_type=return_internal_type)

    return get


def _fetching(call):
    @functools.wraps(call)
    def fetch(self, *args, **kwargs):
        from theano_transfer.backends._function import DeviceFunction

        if not isinstance(self.vm, DeviceFunction):
            for container in self.input_storage:
                if isinstance(container.storage[0], jax.Array):
                    container.storage[0] = np.array(container.storage[0])
        return call(self, *args, **kwargs)

    return fetch
