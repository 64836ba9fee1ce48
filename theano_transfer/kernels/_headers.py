"""The headers of the modules that Aesara compiles, compiled once themselves.

Every module begins with the headers of Python, of NumPy and of C++'s streams and containers. To
read them takes more than half of the time that a small module compiles in, and a first run
compiles dozens. GCC takes ``Python.h.gch``, in a directory that it searches before Python's own,
in the place of ``Python.h`` and all that was compiled with it, and passes over one that was made
with other options or by another compiler.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import sys
import sysconfig
from pathlib import Path

import numpy as np
from aesara.configdefaults import config
from aesara.link.c.cmodule import GCC_compiler, std_include_dirs

from theano_transfer._files import atomic_write
from theano_transfer.kernels._building import in_background
from theano_transfer.kernels._compiling import run

NAME = "theano_transfer_headers"

HEADERS = Path(__file__).parent / "c_code" / "modules.h"

# For modules that include it once more, when it is too late for precompiled headers.
AGAIN = "#include_next <Python.h>\n"

# What Aesara's linker adds to the options of the compiler and GCC compares.
OPTIONS = ("-O3", "-fno-math-errno", "-fvisibility=hidden")

_log = logging.getLogger(__name__)


def install():
    """Let modules be compiled with these headers, and without the tables of a debugger, which
    the options of the user (``gcc.cxxflags``) can ask for again."""
    file = precompiled_headers(Path(config.compiledir))
    if file is not None:
        config.gcc__cxxflags = f"-g0 -I{file.parent} {config.gcc__cxxflags}".strip()


def precompiled_headers(directory):
    """Path of the file in a `directory`, there or not yet; None where the compiler would not use
    it."""
    version = GCC_compiler.version_str()
    is_gcc = sys.platform == "linux" and config.cxx and "clang" not in version
    if not is_gcc or " " in str(directory):  # Aesara splits options at spaces
        return None
    parts = [version, np.__version__, sysconfig.get_paths()["include"]]
    parts += [HEADERS.read_text(), AGAIN]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return directory / NAME / key / "Python.h.gch"


def compiler():
    """The command that compiles the headers, up to what shall become of them."""
    include = [f"-I{directory}" for directory in std_include_dirs()]
    return [config.cxx, *OPTIONS, *GCC_compiler.compile_args(), *include]


def build(file, compiler):
    """Compile the headers into `file` by a :func:`compiler`.

    Raises
    ------
    RuntimeError
        When the compiler fails, or fails to read what it wrote: it wants them at an address that
        some machines do not give. The message has what it said. There is no `file` then.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file.with_suffix("")) as temporary:
        temporary.write_text(AGAIN)
    with atomic_write(file) as temporary:
        run([*compiler, "-x", "c++-header", str(HEADERS), "-o", str(temporary)])
    try:
        run([*compiler, f"-I{file.parent}", "-fsyntax-only", "-x", "c++", str(HEADERS)])
    except RuntimeError:
        file.unlink()
        raise


def build_ahead():
    """Begin to compile them in the background, where that has still to be done. Modules compile
    without, only slower."""
    if config.cxx:
        _begin()


@functools.cache
def _begin():
    file = precompiled_headers(Path(config.compiledir))
    if file is not None and not file.exists():
        _log.info("compiling the headers of modules, once")
        # By the settings of now: others may hold when the thread runs.
        in_background(build, file, compiler())
