"""Virtual environments of the peers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# What each needs. The newest versions: results name what they were measured with.
ENVIRONMENTS = {
    "torch": ["torch", "numpy", "setuptools"],
    "keras": ["tensorflow", "keras>=3", "numpy"],
    "onnx": ["onnx", "onnxruntime", "openvino", "numpy"],
}
# PyPI's torch for Linux brings gigabytes of CUDA. PyTorch's own index has the same version with
# '+cpu' behind it, which pip takes for newer; where it cannot be reached, pip goes on without.
PIP_OPTIONS = {
    "torch": ["--extra-index-url", "https://download.pytorch.org/whl/cpu", "--retries", "1"]
}


def default_folder() -> Path:
    """Where environments and compiled helpers are kept unless the user says otherwise."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "theano_transfer" / "benchmarks"


def python_in(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    if os.name == "nt":
        return folder / "Scripts" / "python.exe"
    return folder / "bin" / "python"


def find_python(name: str, root: Path, given: dict[str, Path]) -> Path | None:
    """The interpreter of environment `name`, or None where it is not installed.

    `given` holds folders of environments that lie elsewhere; 'ours' is the running interpreter
    unless it is among them.
    """
    if name == "ours" and name not in given:
        return Path(sys.executable)
    python = python_in(given.get(name, root / name))
    return python if python.exists() else None


def install(name: str, root: Path, python: str = sys.executable, *, cuda: bool = False) -> None:
    """Make environment `name` under `root`, or bring it up to date; with `cuda` for GPUs.

    Raises
    ------
    subprocess.CalledProcessError
        If the environment could not be made or something could not be installed.
    """
    folder = root / name
    if not python_in(folder).exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
    pip = [str(python_in(folder)), "-m", "pip", "install", "--upgrade"]
    pip += ["--disable-pip-version-check", *([] if cuda else PIP_OPTIONS.get(name, []))]
    subprocess.run([*pip, *ENVIRONMENTS[name]], check=True)
