"""The bound: the same network as bare oneDNN primitives, run by a small C++ program."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import architectures, fusing
from benchmarks.contestants import Contestant, UnavailableError
from benchmarks.tasks import Task

SOURCE = Path(__file__).parent.parent / "onednn_bound.cpp"
NUMBERS = (
    *("is_pool", "source", "residual", "buffer", "activation"),
    *("in_channels", "in_size", "channels", "size", "kernel", "stride"),
    *("pad_before", "pad_after", "groups"),
)
ACTIVATIONS = {"": 0, "relu": 1, "relu6": 2}


class _Step(ctypes.Structure):
    """As in the C++ program."""

    _fields_ = [
        *((name, ctypes.c_int) for name in NUMBERS),
        ("weights", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
    ]


class Bound(Contestant):
    """Variants: the physical order of maps, 'channels-last' or 'blocked'.

    The pictures lie there in the order and type of the first primitive; converting them is not
    part of a step. No library that computes with these primitives can be faster. Of a training
    step that changes the head only, this is nearly all: the bound runs the base, without a head.
    """

    def versions(self):
        return {"onednn": _onednn().version}

    def prepare(self, task: Task) -> None:
        self._is_comparable = task.kind != "head"
        self._library = ctypes.CDLL(str(_build(_onednn())))
        self._library.bound_error.restype = ctypes.c_char_p
        table = architectures.nodes(task.model)
        values = architectures.parameters(table)
        primitives = fusing.fuse(table)
        known = {node.name: node for node in table}
        kept: list[np.ndarray] = []  # what the steps point at
        steps = (_Step * len(primitives))(
            *(_as_step(primitive, known, values, kept) for primitive in primitives)
        )
        self._network = ctypes.c_void_p()
        self._call(
            "bound_create",
            ctypes.byref(self._network),
            self.threads,
            task.kind == "bfloat16",
            self.variant == "blocked",
            task.batch,
            len(primitives),
            steps,
            1 + max(primitive.buffer for primitive in primitives),
        )
        pictures, _ = architectures.batch_of(task.batch)
        self._call("bound_input", self._network, _pointer(pictures))
        last = table[-1]
        self._maps = np.empty((task.batch, last.channels, last.size, last.size), np.float32)
        self._is_first = True

    def step(self):
        self._call("bound_run", self._network)
        if self._is_first:  # to be compared; not what is timed
            self._call("bound_output", self._network, _pointer(self._maps))
            self._is_first = False
        return self._maps

    def details(self):
        return {"comparable": self._is_comparable}

    def _call(self, name, *arguments):
        if getattr(self._library, name)(*arguments):
            raise RuntimeError(f"{name}: {self._library.bound_error().decode()}")


def _onednn():
    from theano_transfer.kernels import find_onednn

    found = find_onednn()
    if found is None:
        raise UnavailableError("oneDNN is not installed")
    return found


def _build(onednn) -> Path:
    """The compiled program, in a folder of this user; made if it is not there."""
    compiler = os.environ.get("CXX", "g++")
    command = [compiler, "-std=c++17", "-O2", "-shared", "-fPIC", "-fopenmp", str(SOURCE)]
    command += [f"-I{onednn.include_dir}", f"-L{onednn.lib_dir}", "-ldnnl"]
    command += [f"-Wl,-rpath,{onednn.lib_dir}"]
    key = hashlib.sha256(" ".join(command).encode() + SOURCE.read_bytes()).hexdigest()[:16]
    default = Path.home() / ".cache" / "theano_transfer" / "benchmarks"
    folder = Path(os.environ.get("BENCHMARKS_CACHE", default))
    built = folder / f"onednn_bound-{key}.so"
    if not built.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            new = Path(scratch) / built.name
            try:
                subprocess.run(
                    [*command, "-o", str(new)], check=True, capture_output=True, text=True
                )
            except FileNotFoundError:
                raise UnavailableError(f"the compiler {compiler} was not found; set CXX") from None
            except subprocess.CalledProcessError as error:
                raise RuntimeError(f"{compiler} failed:\n{error.stderr}") from error
            os.replace(new, built)
    return built


def _as_step(primitive, known, values, kept) -> _Step:
    node = primitive.node
    below = known[node.inputs[0]]
    step = _Step(
        is_pool=node.op == "max_pool",
        source=primitive.source,
        residual=primitive.residual,
        buffer=primitive.buffer,
        activation=ACTIVATIONS[primitive.activation],
        in_channels=below.channels,
        in_size=below.size,
        channels=node.channels,
        size=node.size,
        kernel=node.kernel,
        stride=node.stride,
        pad_before=node.pads[0],
        pad_after=node.pads[1],
        groups=node.groups,
    )
    if node.op == "conv":
        kernel, bias = fusing.folded(primitive, values)
        kept += [kernel, bias]
        step.weights, step.bias = kernel.ctypes.data, bias.ctypes.data
    return step


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
