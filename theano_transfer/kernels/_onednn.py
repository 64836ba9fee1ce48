"""Where oneDNN and a C++ compiler are, and what to do without them.

Read by pip, too, when it installs the project: Aesara is not there then.
"""

import ctypes
import functools
import importlib.metadata
import os
import platform
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

# The PyPI distributions that carry the library and its headers; both are requirements of ours.
LIBRARY_DISTRIBUTION = "onednn-cpu-gomp"
HEADERS_DISTRIBUTION = "onednn-devel-cpu-gomp"


# A thread of GNU OpenMP that has to wait for another spins, by default for milliseconds. On a
# machine that does anything else (decode the next pictures, say) it so keeps the one it waits for
# from running: with one busy neighbour on two cores, networks of small layers ran ten times
# slower. To sleep at once takes a twentieth of their time on a quiet machine: waking takes longer
# than Aesara takes from one Op to the next. This is some 0.1 ms. Read by libgomp when it is loaded,
# which is later than this.
if not os.environ.keys() & {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}:
    os.environ["GOMP_SPINCOUNT"] = "10000"


class SlowPathWarning(UserWarning):
    """Convolutions run in NumPy, because oneDNN or a compiler is missing."""


@dataclass(frozen=True)
class OneDNN:
    """An installed oneDNN: version and the directories that hold it."""

    version: str
    path: Path  # of the shared object
    include_dir: Path

    @property
    def lib_dir(self):
        return self.path.parent


@functools.cache
def find_onednn():
    """Return the installed :class:`OneDNN`, or None.

    The wheels put their files under ``sys.prefix`` (or the user's base directory), so their own
    record says where they are; ``THEANO_TRANSFER_ONEDNN`` names another installation, a
    directory with ``lib/`` and ``include/``, or ``none`` to do without.
    """
    chosen = os.environ.get("THEANO_TRANSFER_ONEDNN")
    if chosen == "none":
        return None
    roots = [Path(chosen)] if chosen else [*_recorded_roots(), Path(sys.prefix)]
    for root in roots:
        header = root / "include" / "dnnl.hpp"
        for name in ("lib", "lib64"):
            # The linker wants libdnnl.so; the versioned name is what gets loaded at run time.
            library = root / name / "libdnnl.so"
            if header.exists() and library.exists():
                return OneDNN(_version(library), library, header.parent)
    return None


def _recorded_roots():
    for distribution in (HEADERS_DISTRIBUTION, LIBRARY_DISTRIBUTION):
        try:
            files = importlib.metadata.files(distribution) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name in ("dnnl.hpp", "libdnnl.so"):
                yield Path(file.locate()).resolve().parent.parent


def _version(library):
    class Version(ctypes.Structure):
        _fields_ = [
            ("major", ctypes.c_int),
            ("minor", ctypes.c_int),
            ("patch", ctypes.c_int),
        ]

    function = ctypes.CDLL(str(library)).dnnl_version
    function.restype = ctypes.POINTER(Version)
    version = function().contents
    return f"{version.major}.{version.minor}.{version.patch}"


def missing():
    """What the fast path lacks, as a list of sentences; empty where nothing is missing."""
    from aesara.configdefaults import config

    lacks = []
    if find_onednn() is None:
        where = f"{platform.system()} {platform.machine()}"
        if sys.platform == "linux" and platform.machine() == "x86_64":
            lacks.append(
                "oneDNN is missing: run "
                f"`pip install {LIBRARY_DISTRIBUTION}==2023.2.0 {HEADERS_DISTRIBUTION}==2023.2.0`"
            )
        else:
            lacks.append(
                f"oneDNN has no package for {where} on PyPI: build it and set "
                "THEANO_TRANSFER_ONEDNN to its directory (with lib/ and include/)"
            )
    if not config.cxx:
        lacks.append(
            "no C++ compiler was found: install g++ and Python's headers "
            "(Debian, Ubuntu: `apt install g++ python3-dev`)"
        )
    return lacks


def warn_if_missing():
    """Say once per process that convolutions will be slow, and how to mend it."""
    from aesara.configdefaults import config

    if config.mode != "JAX":  # which has its own
        _warn_once()


@functools.cache
def _warn_once():
    lacks = missing()
    if lacks:
        warnings.warn(
            "convolution, pooling and batch normalisation run in NumPy, many times slower, "
            "because " + "; and ".join(lacks) + ". `theano-transfer doctor` checks again.",
            SlowPathWarning,
            stacklevel=3,
        )
