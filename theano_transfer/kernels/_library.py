"""The library of kernels, loaded: what it knows of this machine, and which kernels take part."""

import contextlib
import ctypes
import functools
import os

from theano_transfer.kernels import _building
from theano_transfer.kernels._compiling import FILE

MEASURED = "fastest.txt"  # the kernel for each shape; in Aesara's cache


@functools.cache
def library():
    """The compiled library, loaded and ready, and its directory.

    Raises
    ------
    NotImplementedError
        Where oneDNN or a compiler is missing. Aesara takes it as the advice to use an Op's
        ``perform``.
    RuntimeError
        When the compiler fails; the message has what it said.
    """
    recipe = _building.recipe()
    _building.build(recipe)
    directory, own = _building.directory_of(recipe), _building.own_directory(recipe)
    ctypes.CDLL(str(recipe.onednn.path))
    loaded = ctypes.PyDLL(str(directory / FILE))
    if loaded.tt_initialise() != 0:  # pragma: no cover - PyDLL raises the error that was set
        raise RuntimeError(f"could not initialise the library in {directory}")
    own.mkdir(parents=True, exist_ok=True)
    loaded.tt_remember_in(os.fsencode(own / MEASURED))
    for name in _switched_off():
        loaded.tt_switch(name.encode(), 0)
    return loaded, directory


def _switched_off():
    """Names of kernels that ``THEANO_TRANSFER_WITHOUT`` (comma-separated) rules out."""
    names = os.environ.get("THEANO_TRANSFER_WITHOUT", "").split(",")
    return [name.strip() for name in names if name.strip()]


@functools.cache
def has_bfloat16():
    """Whether this machine convolves in bfloat16."""
    try:
        loaded, _ = library()
    except NotImplementedError:
        return False
    return bool(loaded.tt_has_bfloat16())


@contextlib.contextmanager
def without(kernel):
    """Inside, `kernel` (such as ``'winograd'``) is not chosen, whatever was measured."""
    loaded, _ = library()
    loaded.tt_switch(kernel.encode(), 0)
    try:
        yield
    finally:
        loaded.tt_switch(kernel.encode(), 1)
