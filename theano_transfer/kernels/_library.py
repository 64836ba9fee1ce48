"""The library of kernels: compiled once for this machine, then loaded by every function.

Aesara compiles a C module for each kind of Op; with the kernels in them, each would take as long
as the whole library.
"""

import contextlib
import ctypes
import functools
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sysconfig
import tempfile
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


@functools.cache
def library():
    """Directory of the compiled library, which is loaded and ready.

    Raises
    ------
    NotImplementedError
        Where oneDNN or a compiler is missing. Aesara takes it as the advice to use an Op's
        ``perform``.
    RuntimeError
        When the compiler fails; the message has what it said.
    """
    onednn = find_onednn()
    if onednn is None or not config.cxx:
        raise NotImplementedError("the kernels need oneDNN and a C++ compiler")
    directory = Path(config.compiledir) / NAME / _fingerprint(onednn)
    if not _file_in(directory).exists():
        _build(directory, _file_in(directory).name, onednn)
    loaded = ctypes.PyDLL(str(_file_in(directory)))
    if loaded.tt_initialise() != 0:  # pragma: no cover - PyDLL raises the error that was set
        raise RuntimeError(f"could not initialise the library in {directory}")
    loaded.tt_remember_in(os.fsencode(directory / "fastest.txt"))
    for name in _switched_off():
        loaded.tt_switch(name.encode(), 0)
    return directory


def _file_in(directory):
    return directory / f"lib{NAME}.so"


@functools.cache
def has_bfloat16():
    """Whether this machine convolves in bfloat16."""
    try:
        return bool(ctypes.PyDLL(str(_file_in(library()))).tt_has_bfloat16())
    except NotImplementedError:
        return False


def _switched_off():
    """Names of kernels that ``THEANO_TRANSFER_WITHOUT`` (comma-separated) rules out."""
    names = os.environ.get("THEANO_TRANSFER_WITHOUT", "").split(",")
    return [name.strip() for name in names if name.strip()]


@contextlib.contextmanager
def without(kernel):
    """Inside, `kernel` (such as ``'winograd'``) is not chosen, whatever was measured."""
    loaded = ctypes.PyDLL(str(_file_in(library())))
    loaded.tt_switch(kernel.encode(), 0)
    try:
        yield
    finally:
        loaded.tt_switch(kernel.encode(), 1)


def _architecture():
    chosen = os.environ.get("THEANO_TRANSFER_ISA", "native")
    if chosen not in ARCHITECTURES:
        raise ValueError(
            f"THEANO_TRANSFER_ISA={chosen}: expected one of {', '.join(ARCHITECTURES)}"
        )
    return ARCHITECTURES[chosen]


def _command(onednn):
    python = sysconfig.get_paths()
    include = [NATIVE, onednn.include_dir, np.get_include()]
    include += [python["include"], python["platinclude"]]
    return [
        config.cxx, "-std=c++17", "-O3", f"-march={_architecture()}", "-fopenmp", "-fPIC",
        "-fno-math-errno", "-fvisibility-inlines-hidden", *(f"-I{path}" for path in include),
    ]  # fmt: skip


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
    return "".join(path.read_text() for path in sorted(NATIVE.glob("*.[hc]*")))


def _fingerprint(onednn):
    parts = [sources_text(), *map(str, _command(onednn)), onednn.version, _processor()]
    parts.append(np.__version__)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _build(directory, name, onednn):
    """Compile into a temporary directory beside `directory` and move it there."""
    _log.info("compiling the kernels for this machine, once")
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=directory.parent, prefix="building-"))
    try:
        command = _command(onednn)
        sources = sorted(NATIVE.glob("*.cpp"))
        objects = [temporary / f"{source.stem}.o" for source in sources]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [
                pool.submit(_run, [*command, "-c", str(source), "-o", str(target)])
                for source, target in zip(sources, objects)
            ]
            for job in jobs:
                job.result()
        _run([
            config.cxx, "-shared", "-fopenmp", "-o", str(temporary / name), *map(str, objects),
            f"-L{onednn.lib_dir}", f"-Wl,-rpath,{onednn.lib_dir}", "-ldnnl",
        ])  # fmt: skip
        for path in objects:
            path.unlink()
        try:
            temporary.rename(directory)
        except OSError:
            if not (directory / name).exists():  # another process was not faster
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(
            "compiling the kernels failed.\n" + " ".join(command) + "\n" + done.stderr[-4000:]
        )
