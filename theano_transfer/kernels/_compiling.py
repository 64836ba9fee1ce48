"""How the library of kernels is compiled. Needs nothing but a compiler and oneDNN's files: pip
does it, too, when it installs the project.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NATIVE = Path(__file__).parent / "native"
NAME = "theano_transfer_kernels"
FILE = f"lib{NAME}.so"

# Where pip puts the library, each in a directory named after its key.
INSTALLED = Path(__file__).parent / "installed"

# For which instruction sets: those of this machine unless the user names others that it has too.
ARCHITECTURES = {"native": "native", "avx512": "x86-64-v4", "avx2": "x86-64-v3", "sse2": "x86-64"}


@dataclass(frozen=True)
class Recipe:
    """What to compile the sources with.

    Attributes
    ----------
    cxx : str
        The compiler.
    onednn
        Has ``version``, ``include_dir`` and ``lib_dir``.
    numpy_include : str
        The directory of NumPy's headers.
    """

    cxx: str
    onednn: Any
    numpy_include: str

    @property
    def options(self) -> tuple[str, ...]:
        """Of the compiler, but for where headers are."""
        return (
            "-std=c++17", "-O3", f"-march={_architecture()}", "-fopenmp", "-fPIC",
            "-fno-math-errno", "-fvisibility-inlines-hidden",
        )  # fmt: skip

    @property
    def key(self) -> str:
        """The same where a library would do: of the same sources, for the same processor, Python
        and oneDNN."""
        parts = [_sources_text(), *self.options, str(self.onednn.version), _processor()]
        parts += ["{}.{}".format(*sys.version_info[:2])]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def compile(self, directory: Path) -> None:
        """Compile the library into a `directory`, unless there is one: in a temporary one beside
        it, moved there when complete.

        Raises
        ------
        RuntimeError
            When the compiler fails; the message has what it said.
        """
        if (directory / FILE).exists():
            return
        directory.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=directory.parent, prefix="building-"))
        temporary.chmod(0o755)  # an installed one is for all users
        try:
            sources = sorted(NATIVE.glob("*.cpp"))
            objects = [str(temporary / f"{source.stem}.o") for source in sources]
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                jobs = [
                    pool.submit(run, [*self._compiler(), "-c", str(source), "-o", target])
                    for source, target in zip(sources, objects)
                ]
                for job in jobs:
                    job.result()
            run([*self._linker(), "-o", str(temporary / FILE), *objects, *self._libraries()])
            for path in objects:
                os.unlink(path)
            try:
                temporary.rename(directory)
            except OSError:
                if not (directory / FILE).exists():  # another process was not faster
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _compiler(self) -> list[str]:
        python = sysconfig.get_paths()
        include = [NATIVE, self.onednn.include_dir, self.numpy_include]
        include += [python["include"], python["platinclude"]]
        return [self.cxx, *self.options, *(f"-I{path}" for path in include)]

    def _linker(self) -> list[str]:
        return [self.cxx, "-shared", "-fopenmp"]

    def _libraries(self) -> list[str]:
        # Found by its name at run time, because it has been loaded by then.
        return [f"-L{self.onednn.lib_dir}", "-ldnnl"]


def _architecture() -> str:
    chosen = os.environ.get("THEANO_TRANSFER_ISA", "native")
    if chosen not in ARCHITECTURES:
        raise ValueError(
            f"THEANO_TRANSFER_ISA={chosen}: expected one of {', '.join(ARCHITECTURES)}"
        )
    return ARCHITECTURES[chosen]


@functools.cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(sorted({n for n in lines if n.startswith(("model name", "flags"))}))


@functools.cache
def _sources_text() -> str:
    """Everything that the library is made of, to notice that it changed."""
    return "".join(path.read_text() for path in sorted(NATIVE.iterdir()))


def run(command: list[str]) -> None:
    """Run a compiler or linker.

    Raises
    ------
    RuntimeError
        When it fails; the message has what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"compiling failed.\n{' '.join(command)}\n{done.stderr[-4000:]}")
