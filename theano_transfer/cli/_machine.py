"""What this machine and this installation have: facts and, where something is wrong, remedies.

Each function returns rows (label, value) for people and a list of problems, each a sentence that
says what to do.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Finding(NamedTuple):
    """Facts about one part, and what is wrong with it."""

    rows: list[tuple[str, str]]
    problems: list[str]


# dnnl_cpu_isa_t, oneDNN 3.2, include/oneapi/dnnl/dnnl_types.h
INSTRUCTION_SETS = {
    0x1: "SSE4.1",
    0x3: "AVX",
    0x7: "AVX2",
    0xF: "AVX2 with VNNI",
    0x1F: "AVX2 with VNNI 2",
    0x27: "AVX-512",
    0x67: "AVX-512 with VNNI",
    0xE7: "AVX-512 with VNNI and bfloat16",
    0x1EF: "AVX-512 with VNNI, bfloat16 and float16",
    0xFEF: "AVX-512 with AMX",
    0x1FEF: "AVX-512 with AMX and AMX-FP16",
}


def software() -> Finding:
    """Versions of Python and of the packages that compute."""
    from theano_transfer._version import __version__

    rows = [
        ("theano_transfer", __version__),
        ("Python", f"{platform.python_version()} ({sys.executable})"),
        ("platform", f"{platform.system()} {platform.machine()}"),
    ]
    for package in ("aesara", "Lasagne", "numpy", "scipy", "h5py", "Pillow"):
        rows.append((package, importlib.metadata.version(package)))
    return Finding(rows, [])


def processor() -> Finding:
    """Which CPU, and how many threads work on a convolution."""
    allowed = allowed_cpus()
    threads = _openmp_threads()
    rows = [("processor", _cpu_name()), ("CPUs for this process", str(allowed))]
    problems = []
    if threads is not None:
        rows.append(("threads of a convolution", str(threads)))
        if threads > allowed:
            problems.append(
                f"{threads} threads share {allowed} CPUs and will wait for each other: "
                f"set OMP_NUM_THREADS={allowed}"
            )
        elif threads < allowed:
            rows.append(("", f"OMP_NUM_THREADS={allowed} would use all CPUs"))
    return Finding(rows, problems)


def allowed_cpus() -> int:
    """CPUs that this process may use, which affinity and containers may limit."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        count = os.cpu_count() or 1
    try:  # version 2 of control groups: microseconds of CPU in microseconds of time
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass
    return count


def blas() -> Finding:
    """Which library multiplies matrices."""
    show_config: Callable = np.show_config
    try:
        known = show_config(mode="dicts")["Build Dependencies"]["blas"]
        described = f"{known['name']} {known['version']}, through NumPy"
    except (TypeError, KeyError):  # NumPy before 1.25 has no such mode
        described = "NumPy's own"
    from aesara.configdefaults import config

    flags = config.blas__ldflags
    return Finding([("BLAS", f"linked with {flags}" if flags else described)], [])


def compiler() -> Finding:
    """The C++ compiler, and the header without which it is of no use."""
    from aesara.configdefaults import config

    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    problems = []
    if config.cxx:
        described = f"{config.cxx} {_compiler_version(config.cxx)}"
    else:
        described = "none"  # theano_transfer.kernels.missing() says what to do
    if not header.is_file():
        problems.append(
            f"{header} is missing: install Python's headers (Debian, Ubuntu: "
            f"`apt install python{sys.version_info[0]}.{sys.version_info[1]}-dev`)"
        )
    return Finding(
        [("C++ compiler", described), ("Python.h", str(header) if not problems else "missing")],
        problems,
    )


def onednn() -> Finding:
    """The library of kernels, and the widest instructions it uses here."""
    from theano_transfer.kernels import find_onednn, missing

    found = find_onednn()
    if found is None:
        return Finding([("oneDNN", "not found")], missing())
    library = ctypes.CDLL(str(found.path))
    isa = library.dnnl_get_effective_cpu_isa()
    rows = [
        ("oneDNN", f"{found.version} ({found.path})"),
        ("instruction set", INSTRUCTION_SETS.get(isa, f"number {isa:#x} of oneDNN")),
    ]
    problems = missing()
    if isa < 0x7:
        problems.append(
            "this processor (or ONEDNN_MAX_CPU_ISA) offers oneDNN nothing newer than "
            f"{INSTRUCTION_SETS.get(isa, 'SSE4.1')}: it will be slow"
        )
    return Finding(rows, problems)


def jax() -> Finding:
    """JAX, the devices that it finds, and whether those that were asked for are among them."""
    from theano_transfer.backends import (
        MissingJaxError,
        backend,
        require_devices,
        require_jax,
    )

    try:
        require_jax()
        import jax
    except MissingJaxError as error:
        return Finding([("JAX", "not installed")], [str(error)] if backend() == "jax" else [])
    except Exception as error:  # installed, and broken in whatever way
        return Finding([("JAX", f"does not import ({error})")], [])
    found = [f"{device.platform} {device.device_kind}".strip() for device in jax.devices()]
    kinds = dict.fromkeys(found)
    rows = [("JAX", jax.__version__)]
    rows += [("", f"{found.count(kind)} x {kind}") for kind in kinds]
    if backend() == "jax":
        try:
            require_devices()
        except (RuntimeError, ValueError) as error:
            return Finding(rows, [str(error)])
    return Finding(rows, [])


def compile_directory() -> Finding:
    """Where compiled modules are kept. They are loaded into the process, so nobody else may
    write there.
    """
    from aesara.configdefaults import config

    try:
        path = Path(config.compiledir)
    except ValueError as error:
        return Finding([("compile directory", "none")], [_directory_advice(str(error))])
    rows = [("compile directory", str(path))]
    problems = []
    if not _is_writable(path):
        problems.append(_directory_advice(f"{path} cannot be written to"))
    for folder in (path, Path(config.base_compiledir)):
        fault = not_private(folder)
        if fault:
            problems.append(
                f"{folder} {fault}, and what is in it gets executed: `chmod go-w {folder}`, or "
                "name a directory of your own with AESARA_FLAGS=base_compiledir=DIRECTORY"
            )
    rows.append(("", "writable, private" if not problems else "see below"))
    return Finding(rows, problems)


def cache_directory() -> Finding:
    """Where downloaded weights are kept."""
    from theano_transfer.weights import WeightsUnavailableError, cache_dir

    try:
        path = cache_dir()
    except WeightsUnavailableError as error:
        return Finding([("weights cache", "none")], [str(error)])
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if existing.is_dir() and _is_writable(existing):
        return Finding([("weights cache", str(path))], [])
    return Finding(
        [("weights cache", str(path))],
        [f"{existing} cannot be written to: set THEANO_TRANSFER_HOME to a directory of your own"],
    )


def not_private(folder: Path) -> str | None:
    """What of `folder` lets others than its user write into it, in words."""
    if not hasattr(os, "getuid"):
        return None
    status = folder.stat()
    if status.st_uid not in (os.getuid(), 0):
        return "belongs to another user"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written to by others"
    return None


def _is_writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _directory_advice(fault: str) -> str:
    return f"{fault}: set AESARA_FLAGS=base_compiledir=DIRECTORY to one that you can write to"


def _compiler_version(cxx: str) -> str:
    try:
        shown = subprocess.run(
            [cxx, "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return f"(does not say its version: {error})"
    return shown.splitlines()[0] if shown else ""


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [
                line.partition(":")[2].strip() for line in lines if line.startswith("model name")
            ]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or "unknown"


def _openmp_threads() -> int | None:
    """Threads that oneDNN's OpenMP would start; None without it."""
    from theano_transfer.kernels import find_onednn

    found = find_onednn()
    if found is None:
        return None
    library = ctypes.CDLL(str(found.path))
    try:  # the symbol comes with what the library was linked with
        return int(library.omp_get_max_threads())
    except AttributeError:
        return None


CHECKS: tuple[Callable[[], Finding], ...] = (
    software,
    processor,
    blas,
    compiler,
    onednn,
    jax,
    compile_directory,
    cache_directory,
)
