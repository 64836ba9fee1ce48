"""How the layers of a Keras model are connected: `inbound_nodes`, in the forms of all versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._keras_config import ConfigError, LayerConfig, ModelConfig, Tensor


@dataclass(frozen=True)
class Call:
    """What a layer was called with: tensors and numbers, in order."""

    inputs: tuple[Tensor | float, ...]


# Arguments of calls that say nothing about what is computed from what.
_SETTINGS = ("training", "mask")


def calls_of(layer: LayerConfig) -> list[Call]:
    """The calls of a layer.

    Raises
    ------
    ConfigError
        They are written in no known way.
    """
    if not isinstance(layer.inbound, list):
        raise _unknown(layer)
    calls = [_call(layer, node) for node in layer.inbound]
    return [call for call in calls if call.inputs]


def first_calls(model: ModelConfig) -> dict[str, int]:
    """Of each layer, the number that its first call has.

    Keras 1 and 2 count from 1 for models used as layers: 0 was the making of the model. As each
    call is there because something uses it, the lowest number used is that of the first.
    """
    used = list(model.outputs)
    for layer in model.layers:
        for call in calls_of(layer):
            used += [tensor for tensor in call.inputs if isinstance(tensor, Tensor)]
    first: dict[str, int] = {}
    for tensor in used:
        first[tensor.layer] = min(first.get(tensor.layer, tensor.call), tensor.call)
    models = {layer.name for layer in model.layers if layer.model is not None}
    return {name: first.get(name, 0) if name in models else 0 for name in first}


def _call(layer: LayerConfig, node: Any) -> Call:
    if isinstance(node, dict):  # Keras 3
        found = _collect(layer, [node.get("args", []), _arguments(node.get("kwargs"))])
    elif isinstance(node, list) and node and isinstance(node[0], str):
        found = _history(layer, node)  # TensorFlow 2, one tensor
    elif isinstance(node, list):  # Keras 1 and 2
        found = [value for entry in node for value in _history(layer, entry)]
    else:
        raise _unknown(layer)
    return Call(tuple(found))


def _history(layer: LayerConfig, entry: Any) -> list[Tensor | float]:
    """['name', call, tensor] or ['name', call, tensor, {arguments}]."""
    named = isinstance(entry, list) and len(entry) in (3, 4) and isinstance(entry[0], str)
    if not named or type(entry[1]) is not int or type(entry[2]) is not int:
        raise _unknown(layer)
    found: list[Tensor | float] = [Tensor(*entry[:3])]
    arguments = _arguments(entry[3] if len(entry) > 3 else None)
    for value in arguments.values():
        found += _history(layer, value) if isinstance(value, list) else _collect(layer, value)
    return found


def _arguments(stored: Any) -> dict[str, Any]:
    if not isinstance(stored, dict):
        return {}
    left_out = {name: value for name, value in stored.items() if name not in _SETTINGS}
    return {name: value for name, value in left_out.items() if value is not None and name != "name"}


def _collect(layer: LayerConfig, value: Any) -> list[Tensor | float]:
    """Tensors and numbers in arguments, in order."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        config = value.get("config")
        return _history(layer, config.get("keras_history") if isinstance(config, dict) else None)
    if isinstance(value, dict) and "class_name" not in value:
        # Keras goes through dictionaries in the order of their keys.
        return [found for key in sorted(value) for found in _collect(layer, value[key])]
    if isinstance(value, list):
        return [found for item in value for found in _collect(layer, item)]
    if type(value) in (int, float):
        return [value]
    if value is None:
        return []
    raise _unknown(layer)


def _unknown(layer: LayerConfig) -> ConfigError:
    return ConfigError(f"what feeds layer {layer.name!r} ({layer.kind}) is written in no known way")
