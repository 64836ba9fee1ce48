"""How the library of kernels is compiled: once for this machine, and again when its sources, the
compiler or the machine are others.

Aesara compiles a C module for each kind of Op; with the kernels in them, each would take as long
as the whole library.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sysconfig
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from aesara.configdefaults import config

from theano_transfer.kernels._onednn import find_onednn

NATIVE = Path(__file__).parent / "native"
NAME = "theano_transfer_kernels"

# For which instruction sets: those of this machine unless the user names others that it has too.
ARCHITECTURES = {"native": "native", "avx512": "x86-64-v4", "avx2": "x86-64-v3", "sse2": "x86-64"}

_log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What to compile, how, and where to."""

    directory: Path
    compiler: tuple[str, ...]  # the command, up to a source
    linker: tuple[str, ...]  # the command, up to the objects
    libraries: tuple[str, ...]  # what follows them

    @property
    def file(self):
        return self.directory / f"lib{NAME}.so"


def recipe():
    """What applies to this machine and Aesara's present settings.

    Raises
    ------
    NotImplementedError
        Where oneDNN or a compiler is missing.
    """
    onednn = find_onednn()
    if onednn is None or not config.cxx:
        raise NotImplementedError("the kernels need oneDNN and a C++ compiler")
    python = sysconfig.get_paths()
    include = [NATIVE, onednn.include_dir, np.get_include()]
    include += [python["include"], python["platinclude"]]
    compiler = (
        config.cxx, "-std=c++17", "-O3", f"-march={_architecture()}", "-fopenmp", "-fPIC",
        "-fno-math-errno", "-fvisibility-inlines-hidden", *(f"-I{path}" for path in include),
    )  # fmt: skip
    parts = [sources_text(), *compiler, onednn.version, _processor(), np.__version__]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return Recipe(
        Path(config.compiledir) / NAME / key,
        compiler,
        (config.cxx, "-shared", "-fopenmp"),
        (f"-L{onednn.lib_dir}", f"-Wl,-rpath,{onednn.lib_dir}", "-ldnnl"),
    )


def build(what):
    """Compile the library of a :class:`Recipe`, unless that is done: into a temporary directory
    beside its own, moved there when complete.

    Raises
    ------
    RuntimeError
        When the compiler fails; the message has what it said.
    """
    with _one_at_a_time:
        if what.file.exists():
            return
        _log.info("compiling the kernels for this machine, once")
        what.directory.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=what.directory.parent, prefix="building-"))
        try:
            sources = sorted(NATIVE.glob("*.cpp"))
            objects = [str(temporary / f"{source.stem}.o") for source in sources]
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                jobs = [
                    pool.submit(run, [*what.compiler, "-c", str(source), "-o", target])
                    for source, target in zip(sources, objects)
                ]
                for job in jobs:
                    job.result()
            run([*what.linker, "-o", str(temporary / what.file.name), *objects, *what.libraries])
            for path in objects:
                os.unlink(path)
            try:
                temporary.rename(what.directory)
            except OSError:
                if not what.file.exists():  # another process was not faster
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@functools.cache
def build_ahead():
    """Begin to compile in the background, where that has still to be done: meanwhile graphs are
    rewritten, and small modules compiled. Errors are left to those who need the library."""
    with contextlib.suppress(NotImplementedError):
        what = recipe()
        if not what.file.exists():
            in_background(build, what)


def in_background(function, *arguments):
    """Call `function` in a thread of its own, where a failing compiler is nobody's error."""

    def quietly():
        with contextlib.suppress(RuntimeError, OSError):
            function(*arguments)

    threading.Thread(target=quietly).start()


def _architecture():
    chosen = os.environ.get("THEANO_TRANSFER_ISA", "native")
    if chosen not in ARCHITECTURES:
        raise ValueError(
            f"THEANO_TRANSFER_ISA={chosen}: expected one of {', '.join(ARCHITECTURES)}"
        )
    return ARCHITECTURES[chosen]


@functools.cache
def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(sorted({n for n in lines if n.startswith(("model name", "flags"))}))


@functools.cache
def sources_text():
    """Everything that the library is made of, to notice that it changed."""
    return "".join(path.read_text() for path in sorted(NATIVE.iterdir()))


def run(command):
    """Run a compiler or linker.

    Raises
    ------
    RuntimeError
        When it fails; the message has what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"compiling failed.\n{' '.join(command)}\n{done.stderr[-4000:]}")
