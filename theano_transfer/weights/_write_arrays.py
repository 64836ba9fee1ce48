"""Parameters of networks as named arrays, or just as arrays: safetensors and .npz."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

from ._lasagne import write_npz
from ._load import epsilon_attribute, record_attributes
from ._safetensors import write_safetensors
from ._target import target_of


def write_values(net: Any, path: Path) -> None:
    """``arr_0``, ``arr_1``... in the order of ``lasagne.layers.get_all_param_values``."""
    target = target_of(net)
    write_npz(path, (target.params[name].get_value(borrow=True) for name in target.placed))


def write_tensors(net: Any, path: Path) -> None:
    """``'layer.role'``, in Theano's order of axes, with the network's record as metadata."""
    target = target_of(net)
    arrays = OrderedDict(
        (name, param.get_value(borrow=True)) for name, param in target.params.items()
    )
    write_safetensors(path, arrays, {**record_attributes(net), **epsilon_attribute(target.epsilon)})
