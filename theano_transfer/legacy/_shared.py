"""``theano.shared`` with the arguments of Theano 1.0."""

import aesara


def shared(value, name=None, strict=False, allow_downcast=None, broadcastable=None, **kwargs):
    """Return a shared variable holding `value`.

    `broadcastable`, one boolean per axis, is what Aesara now calls a shape with known ones.
    Everything else is as in :func:`aesara.shared`.
    """
    if broadcastable is not None:
        kwargs["shape"] = tuple(1 if single else None for single in broadcastable)
    return aesara.shared(value, name=name, strict=strict, allow_downcast=allow_downcast, **kwargs)
