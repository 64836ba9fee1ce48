"""``theano.gpuarray`` and ``theano.sandbox.cuda``, computed on the CPU.

What moves arrays to a GPU and back returns them as they are, types of a GPU's arrays are the CPU's,
and :func:`use` says once where things are computed. Kernels that only a GPU has are refused.
"""

from aesara.sandbox.rng_mrg import MRG_RandomStream
from aesara.tensor import as_tensor_variable
from aesara.tensor.basic import alloc
from aesara.tensor.math import dot
from aesara.tensor.var import TensorConstant, TensorVariable

from theano_transfer.legacy import _device
from theano_transfer.legacy.mended.pickles import (
    CudaNdarray_unpickler,
    CudaNdarraySharedVariable,
    CudaNdarrayType,
    GpuArray_unpickler,
    GpuArraySharedVariable,
    GpuArrayType,
)
from theano_transfer.legacy.mended.shared import shared

cuda_available = cuda_enabled = False
cuda_initialization_error_message = "theano_transfer computes on the CPU"
pygpu_activated = False
default_to_move_computation_to_gpu = False


def use(device, force=False, *args, **kwargs):
    """Ask for `device`; see :mod:`theano_transfer.legacy._device`. `force`: fail without a GPU."""
    _device.asked_for(device, force=force)


def init_dev(dev, name=None, preallocate=None):
    """:func:`use`"""
    _device.asked_for(dev)


def set_gpu_from_theano():
    """Nothing to choose."""


def unuse():
    """Nothing to undo."""


def device_properties(device):
    """What is known of a GPU: nothing."""
    return {}


def active_device_name():
    """``'cpu'``"""
    return "cpu"


active_device_number = active_device_name


def _as_it_is(x, *args, **kwargs):
    return as_tensor_variable(x)


def transfer(x, target=None):
    """`x` itself: there is one memory."""
    return as_tensor_variable(x)


def gpuarray_shared_constructor(
    value,
    name=None,
    strict=False,
    allow_downcast=None,
    borrow=False,
    broadcastable=None,
    target=None,
):
    """A shared variable, on the CPU."""
    return shared(value, name, strict, allow_downcast, broadcastable, borrow=borrow)


def float32_shared_constructor(value, *args, **kwargs):
    """A shared variable of float32, on the CPU."""
    return gpuarray_shared_constructor(value, *args, **kwargs)


def GpuFromHost(context_name=None):
    """The function that returns what it is given."""
    return _as_it_is


HostFromGpu = GpuContiguous = GpuFromHost
gpu_from_host = host_from_gpu = gpu_contiguous = as_gpuarray_variable = _as_it_is
as_cuda_ndarray_variable = as_gpuarray = as_cuda_array = _as_it_is
gpu_alloc, gpu_dot22 = alloc, dot
gpu_shared = gpuarray_shared_constructor
shared_constructor = gpuarray_shared_constructor
GpuArrayVariable = CudaNdarrayVariable = TensorVariable
GpuArrayConstant = CudaNdarrayConstant = TensorConstant
CURAND_RandomStreams = MRG_RandomStream


def infer_context_name(*variables):
    """The device of `variables`: None, the CPU."""
    return None


def get_context(name=None):
    """The GPU called `name`: an error, as there is none."""
    raise ContextNotDefined(f"no GPU is called {name!r}: theano_transfer computes on the CPU")


def list_contexts():
    """The names of the GPUs: none."""
    return []


def gpu_supported(data):
    """Whether a GPU could hold `data`: there is none."""
    return False


move_to_gpu = gpu_supported


class ContextNotDefined(ValueError):  # noqa: N818 - Theano's name
    """Raised when a GPU is asked for by a name that none has."""


__all__ = [
    "CURAND_RandomStreams",
    "ContextNotDefined",
    "CudaNdarrayConstant",
    "CudaNdarraySharedVariable",
    "CudaNdarrayType",
    "CudaNdarrayVariable",
    "CudaNdarray_unpickler",
    "GpuArrayConstant",
    "GpuArraySharedVariable",
    "GpuArrayType",
    "GpuArrayVariable",
    "GpuArray_unpickler",
    "GpuContiguous",
    "GpuFromHost",
    "HostFromGpu",
    "active_device_name",
    "active_device_number",
    "as_cuda_array",
    "as_cuda_ndarray_variable",
    "as_gpuarray",
    "as_gpuarray_variable",
    "cuda_available",
    "cuda_enabled",
    "cuda_initialization_error_message",
    "default_to_move_computation_to_gpu",
    "device_properties",
    "float32_shared_constructor",
    "get_context",
    "gpu_alloc",
    "gpu_contiguous",
    "gpu_dot22",
    "gpu_from_host",
    "gpu_shared",
    "gpu_supported",
    "gpuarray_shared_constructor",
    "host_from_gpu",
    "infer_context_name",
    "init_dev",
    "list_contexts",
    "move_to_gpu",
    "pygpu_activated",
    "set_gpu_from_theano",
    "shared_constructor",
    "transfer",
    "unuse",
    "use",
]
