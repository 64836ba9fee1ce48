"""Theano and Lasagne under their own names, served by Aesara 2.9 and Lasagne 0.1.

:func:`install` prepares the flags, puts Aesara behind ``import theano`` and mends what
Lasagne 0.1 expects of older Theanos. It runs once, when theano_transfer is imported.
:func:`report` lists the legacy names that a program uses and how each is served.
"""

from theano_transfer.legacy._device import register as register_gpu_backend
from theano_transfer.legacy._device import settle as settle_device
from theano_transfer.legacy._flags import prepare_flags as prepare_flags
from theano_transfer.legacy._install import install as install


def __getattr__(name):
    """The report imports what only it needs."""
    if name in ("report", "Report"):
        from theano_transfer.legacy import _report

        return getattr(_report, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


__all__ = [
    "Report",
    "install",
    "prepare_flags",
    "register_gpu_backend",
    "report",
    "settle_device",
]
