"""Names of EfficientNet's parameters in PyTorch files, and ours (Keras's).

The PyTorch names are those of the package efficientnet-lite-pytorch, which has them from
efficientnet_pytorch: ``_blocks.3._bn1.running_var``. Blocks are numbered through there, and named
by stage and letter in Keras: ``block3a_bn``.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ._errors import WeightsFileError
from ._stored import StoredArray

REPEATS = (1, 2, 2, 3, 3, 4, 1)  # blocks in each stage of EfficientNet-Lite0 and -B0
_BLOCK_NAMES = tuple(
    f"block{stage}{chr(ord('a') + index)}"
    for stage, repeats in enumerate(REPEATS, start=1)
    for index in range(repeats)
)
_LAYERS = {
    "_conv_stem": "stem_conv",
    "_bn0": "stem_bn",
    "_conv_head": "top_conv",
    "_bn1": "top_bn",
    "_fc": "predictions",
}
_BLOCK_LAYERS = {
    "_expand_conv": "expand_conv",
    "_bn0": "expand_bn",
    "_depthwise_conv": "dwconv",
    "_bn1": "bn",
    "_project_conv": "project_conv",
    "_bn2": "project_bn",
}
_NORMALISATION = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "mean",
    "running_var": "var",
}
_WEIGHTED = {"weight": "W", "bias": "b"}
_NAME = re.compile(r"(?:_blocks\.(\d+)\.)?(\w+)\.(\w+)")


def from_pytorch(arrays: Mapping[str, StoredArray]) -> OrderedDict[str, StoredArray]:
    """Our names, ``'block3a_bn.var'``, and Theano's order of axes.

    Kernels are (out, in, row, column) in PyTorch too; the matrix of the last layer is transposed.
    Counters of batches are left out.

    Raises
    ------
    WeightsFileError
        A name that EfficientNet-Lite0 does not have.
    """
    result: OrderedDict[str, StoredArray] = OrderedDict()
    for name, array in arrays.items():
        if name.endswith(".num_batches_tracked"):
            continue
        ours = _our_name(name)
        if ours is None:
            msg = f"{name!r} is not a parameter of EfficientNet-Lite0, the only PyTorch file read"
            raise WeightsFileError(msg)
        result[ours] = _transposed(array) if len(array.shape) == 2 else array
    return result


def _our_name(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    number, module, parameter = match.groups()
    if number is None:
        layer = _LAYERS.get(module)
    elif int(number) < len(_BLOCK_NAMES) and module in _BLOCK_LAYERS:
        layer = f"{_BLOCK_NAMES[int(number)]}_{_BLOCK_LAYERS[module]}"
    else:
        layer = None
    roles = _NORMALISATION if module.startswith("_bn") else _WEIGHTED
    role = roles.get(parameter)
    return f"{layer}.{role}" if layer and role else None


def _transposed(array: StoredArray) -> StoredArray:
    def read() -> np.ndarray:
        return np.ascontiguousarray(array.read().T)

    return replace(array, shape=array.shape[::-1], read=read)
