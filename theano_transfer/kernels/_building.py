"""Which library of kernels applies here: the one that pip compiled, or one that is compiled once
for this machine, and again when its sources or the machine are others.

Aesara compiles a C module for each kind of Op; with the kernels in them, each would take as long
as the whole library.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from pathlib import Path

import numpy as np
from aesara.configdefaults import config

from theano_transfer.kernels._compiling import FILE, INSTALLED, NAME, Recipe
from theano_transfer.kernels._onednn import find_onednn

_log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


def recipe() -> Recipe:
    """What applies to this machine and Aesara's present settings.

    Raises
    ------
    NotImplementedError
        Where oneDNN or a compiler is missing. Aesara takes it as the advice to use an Op's
        ``perform``.
    """
    onednn = find_onednn()
    if onednn is None or not config.cxx:
        raise NotImplementedError("the kernels need oneDNN and a C++ compiler")
    return Recipe(config.cxx, onednn, np.get_include())


def own_directory(what: Recipe) -> Path:
    """Of a :class:`Recipe` in Aesara's cache, for what is compiled or found out here."""
    # Modules that were compiled with a newer NumPy do not work with an older one.
    return Path(config.compiledir) / NAME / f"{what.key}-numpy{np.__version__}"


def directory_of(what: Recipe) -> Path:
    """Where the library of a :class:`Recipe` is, or will be."""
    installed = INSTALLED / what.key
    return installed if (installed / FILE).exists() else own_directory(what)


def build(what: Recipe) -> None:
    """Compile the library of a :class:`Recipe`, unless that is done.

    Raises
    ------
    RuntimeError
        When the compiler fails; the message has what it said.
    """
    with _one_at_a_time:
        directory = directory_of(what)
        if not (directory / FILE).exists():
            _log.info("compiling the kernels for this machine, once")
            what.compile(directory)


@functools.cache
def build_ahead() -> None:
    """Begin to compile in the background, where that has still to be done: meanwhile graphs are
    rewritten, and small modules compiled. Errors are left to those who need the library."""
    with contextlib.suppress(NotImplementedError):
        what = recipe()
        if not (directory_of(what) / FILE).exists():
            in_background(build, what)


def in_background(function, *arguments) -> None:
    """Call `function` in a thread of its own, where a failing compiler is nobody's error."""

    def quietly():
        with contextlib.suppress(RuntimeError, OSError):
            function(*arguments)

    threading.Thread(target=quietly).start()
