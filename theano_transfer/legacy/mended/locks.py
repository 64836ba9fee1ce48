"""The lock of the compile directory, taken and released by two calls."""

from __future__ import annotations

from contextlib import ExitStack
from socket import gethostname

from aesara.compile import compilelock

_held: list[ExitStack] = []
hostname = gethostname()


def get_lock(lock_dir=None, **kwargs):
    """Wait for the lock of `lock_dir` (the compile directory if None) and take it."""
    stack = ExitStack()
    stack.enter_context(compilelock.lock_ctx(lock_dir))
    _held.append(stack)


def release_lock():
    """Release what :func:`get_lock` took last."""
    if _held:
        _held.pop().close()


__all__ = ["get_lock", "hostname", "release_lock"]
