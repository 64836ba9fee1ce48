"""The table of contestants."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from benchmarks.contestants._base import Contestant


@dataclass(frozen=True)
class Entry:
    """A contestant, as the coordinator knows it.

    Attributes
    ----------
    title : str
        How tables call it.
    target : str
        ``module:class`` of the :class:`~benchmarks.contestants.Contestant`.
    environment : str
        Key of ``ENVIRONMENTS``, or 'ours' for the one that runs the benchmarks.
    variant : str
        Handed to the class.
    cache : str
        Environment variable that says where compiled code is kept, as a format with
        ``{folder}``; empty where nothing is kept between processes.
    """

    title: str
    target: str
    environment: str
    variant: str = ""
    cache: str = ""


def load(target: str) -> type[Contestant]:
    """The class that a target names."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


OURS = "benchmarks.contestants.ours:Ours"
TORCH = "benchmarks.contestants.torch_:Torch"
BOUND = "benchmarks.contestants.bound:Bound"
AESARA_CACHE = "AESARA_FLAGS=base_compiledir={folder}"
INDUCTOR_CACHE = "TORCHINDUCTOR_CACHE_DIR={folder}"

REFERENCE = "ours"

CONTESTANTS = {
    "ours": Entry("theano_transfer", OURS, "ours", cache=AESARA_CACHE),
    "ours-uncached": Entry(
        "theano_transfer, no cached features", OURS, "ours", "uncached", AESARA_CACHE
    ),
    "torch": Entry("PyTorch", TORCH, "torch", "default"),
    "torch-channels-last": Entry("PyTorch channels-last", TORCH, "torch", "channels-last"),
    "torch-compile": Entry("torch.compile", TORCH, "torch", "compile", INDUCTOR_CACHE),
    "keras": Entry("Keras (TensorFlow)", "benchmarks.contestants.keras_:Keras", "keras"),
    "onnxruntime": Entry("ONNX Runtime", "benchmarks.contestants.onnx_:OnnxRuntime", "onnx"),
    "openvino": Entry("OpenVINO", "benchmarks.contestants.onnx_:OpenVino", "onnx"),
    "bound-channels-last": Entry("bare oneDNN, channels-last", BOUND, "ours", "channels-last"),
    "bound-blocked": Entry("bare oneDNN, blocked", BOUND, "ours", "blocked"),
}

# Not peers but what no one who multiplies as oneDNN does can be faster than.
BOUNDS = ("bound-channels-last", "bound-blocked")
