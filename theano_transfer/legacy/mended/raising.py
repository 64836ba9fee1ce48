"""Ops and errors about what must hold."""

from aesara.raise_op import Assert, CheckAndRaise, assert_op


def Raise(msg="", exc=NotImplementedError):
    """The Op that raises ``exc(msg)`` when it runs: ``Raise(msg)(x)``."""
    return lambda x: CheckAndRaise(exc, msg)(x, False)


class AsTensorError(TypeError):
    """Raised when something cannot become a tensor."""


assert_ = assert_op

__all__ = ["AsTensorError", "Assert", "Raise", "assert_"]
