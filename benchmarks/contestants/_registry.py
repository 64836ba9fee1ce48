"""The table of contestants."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from benchmarks.contestants._base import Contestant
from benchmarks.tasks import GPU_KINDS, KINDS, TRAINED


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
    kinds : tuple of str
        The kinds of task that it takes part in.
    variant : str
        Handed to the class.
    cache : str
        Environment variable that says where compiled code is kept, as a format with
        ``{folder}``; empty where nothing is kept between processes.
    """

    title: str
    target: str
    environment: str
    kinds: tuple[str, ...] = KINDS
    variant: str = ""
    cache: str = ""


def load(target: str) -> type[Contestant]:
    """The class that a target names."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


OURS = "benchmarks.contestants.ours:Ours"
TORCH = "benchmarks.contestants.torch_:Torch"
BOUND = "benchmarks.contestants.bound:Bound"
ONNX = "benchmarks.contestants.onnx_:"
KERAS = "benchmarks.contestants.keras_:Keras"
AESARA_CACHE = "AESARA_FLAGS=base_compiledir={folder}"
INDUCTOR_CACHE = "TORCHINDUCTOR_CACHE_DIR={folder}"

INFERENCE = ("forward", "bfloat16")
STEPS = (*INFERENCE, *TRAINED)
# Of a step that trains the head, the base is nearly all.
BOUNDED = (*INFERENCE, "head")

REFERENCE, GPU_REFERENCE = "ours", "ours-gpu"

CPU_CONTESTANTS = {
    "ours": Entry("theano_transfer", OURS, "ours", KINDS, cache=AESARA_CACHE),
    "ours-uncached": Entry(
        "theano_transfer, no cached features", OURS, "ours", ("epoch",), "uncached", AESARA_CACHE
    ),
    "ours-jax": Entry("theano_transfer, JAX", OURS, "ours", (*STEPS, "epoch"), "jax"),
    "ours-jax-tf32": Entry(
        "theano_transfer, JAX, TF32", OURS, "ours", ("forward", *TRAINED), "jax-tf32"
    ),
    "torch": Entry("PyTorch", TORCH, "torch", STEPS, "default"),
    "torch-channels-last": Entry("PyTorch channels-last", TORCH, "torch", STEPS, "channels-last"),
    "torch-compile": Entry("torch.compile", TORCH, "torch", STEPS, "compile", INDUCTOR_CACHE),
    "keras": Entry("Keras (TensorFlow)", KERAS, "keras", STEPS),
    # its CPU provider has no bfloat16 convolution
    "onnxruntime": Entry("ONNX Runtime", ONNX + "OnnxRuntime", "onnx", ("forward",)),
    "openvino": Entry("OpenVINO", ONNX + "OpenVino", "onnx", INFERENCE),
    "bound-channels-last": Entry(
        "bare oneDNN, channels-last", BOUND, "ours", BOUNDED, "channels-last"
    ),
    "bound-blocked": Entry("bare oneDNN, blocked", BOUND, "ours", BOUNDED, "blocked"),
}

OURS_GPU = "benchmarks.contestants.ours_gpu:OursGpu"
TORCH_GPU = "benchmarks.contestants.torch_gpu:TorchGpu"

# On a GPU, by other tasks; the first is the reference.
GPU_CONTESTANTS = {
    "ours-gpu": Entry("theano_transfer, JAX", OURS_GPU, "ours", tuple(GPU_KINDS)),
    "torch-gpu": Entry(
        "PyTorch, cuDNN, channels-last", TORCH_GPU, "torch", tuple(GPU_KINDS), "eager"
    ),
    "torch-gpu-compile": Entry(
        "torch.compile", TORCH_GPU, "torch", tuple(GPU_KINDS), "compile", INDUCTOR_CACHE
    ),
}

# What no one who multiplies as oneDNN does can be faster than.
BOUNDS = ("bound-channels-last", "bound-blocked")
CONTESTANTS = {**CPU_CONTESTANTS, **GPU_CONTESTANTS}


def reference_of(kind: str) -> str:
    """Whose time is the denominator of ratios in a task of this kind: ours."""
    return GPU_REFERENCE if kind in GPU_KINDS else REFERENCE


# Who is neither the reference nor of other makers.
NO_PEERS = (*BOUNDS, "ours-uncached", "ours-jax", "ours-jax-tf32")
