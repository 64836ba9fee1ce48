"""``theano.shared`` and its constructors with the arguments of Theano 1.0."""

import aesara
from aesara.tensor import io
from aesara.tensor.sharedvar import tensor_constructor as aesara_tensor_constructor


def shared(value, name=None, strict=False, allow_downcast=None, broadcastable=None, **kwargs):
    """Return a shared variable holding `value`.

    `broadcastable`, one boolean per axis, is what Aesara now calls a shape with known ones.
    `target`, a GPU in Theano, is where the variable is anyway. Everything else is as in
    :func:`aesara.shared`.
    """
    if broadcastable is not None:
        kwargs["shape"] = _shape(broadcastable)
    kwargs.pop("target", None)
    return aesara.shared(value, name=name, strict=strict, allow_downcast=allow_downcast, **kwargs)


def tensor_constructor(
    value,
    name=None,
    strict=False,
    allow_downcast=None,
    borrow=False,
    broadcastable=None,
    target="cpu",
):
    """The constructor of shared arrays: `value` must be a :class:`numpy.ndarray`."""
    return aesara_tensor_constructor(
        value,
        name=name,
        strict=strict,
        allow_downcast=allow_downcast,
        borrow=borrow,
        shape=None if broadcastable is None else _shape(broadcastable),
    )


def load(path, dtype, broadcastable, mmap_mode=None):
    """A tensor that is read from the ``.npy`` file `path` when a function runs.

    `dtype` and `broadcastable` (one boolean per axis) are the file's.
    """
    return io.load(path, dtype, _shape(broadcastable), mmap_mode)


def _shape(broadcastable):
    return tuple(1 if single else None for single in broadcastable)


_shared = shared

__all__ = ["_shared", "load", "shared", "tensor_constructor"]
