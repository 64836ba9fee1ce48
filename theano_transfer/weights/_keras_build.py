"""The graph of a Keras model, layer by layer."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

import theano
import theano.tensor as T
from lasagne.layers import InputLayer, Layer

from ._keras import KerasFile, Roles, layer_of
from ._keras_arguments import Arguments, modernised
from ._keras_calls import Call, Tensor, calls_of
from ._keras_config import ConfigError, LayerConfig, ModelConfig, numbered, placed
from ._keras_layers import Stored, build

MAX_LAYERS = 10_000
MAX_NAME = 200
FORMATS = {"channels_first": True, "channels_last": False}


@dataclass
class Built:
    """What was built: layers by name, and where the file has the arrays of each."""

    layers: OrderedDict[str, Layer] = field(default_factory=OrderedDict)
    places: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)


def build_model(model: ModelConfig, file: KerasFile) -> Built:
    """Build every layer of a model, models in it in their place.

    Raises
    ------
    ConfigError
        A layer is not supported; names it.
    """
    layers = [layer for _, layer in placed(model)]
    if len(layers) > MAX_LAYERS:
        raise ConfigError(f"{len(layers):,} layers, allowed are {MAX_LAYERS:,}")
    version = int(file.version.partition(".")[0] or 0)
    builder = _Builder(file, version, _channels_first(layers, version), model)
    builder.model(model, [], ((), ()))
    return builder.built


def _channels_first(layers: list[LayerConfig], version: int) -> bool:
    """Whether images are (batch, channel, row, column): all layers say the same."""
    configs = [modernised(layer.config) if version == 1 else layer.config for layer in layers]
    found = {config["data_format"] for config in configs if config.get("data_format")}
    unknown = found - set(FORMATS)
    if unknown or len(found) > 1:
        raise ConfigError(f"one data_format of {', '.join(FORMATS)} was expected, found {found}")
    return FORMATS[found.pop()] if found else False


class _Builder:
    def __init__(
        self, file: KerasFile, version: int, channels_first: bool, outermost: ModelConfig
    ) -> None:
        self.built = Built()
        self._reserved = {layer.name for layer in outermost.layers}
        self._file, self._version, self._channels_first = file, version, channels_first

    def model(
        self,
        model: ModelConfig,
        inputs: list[Layer],
        outer: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> Layer:
        """Build a model on its inputs; the outermost has none and makes its own."""
        made: dict[Tensor, Any] = {}
        pending = deque(zip(model.layers, numbered(model)))
        if model.sequential:
            made, pending = self._entrance_of_sequential(model, inputs, pending)
        elif len(model.inputs) != 1 or len(model.outputs) != 1:
            raise ConfigError(
                f"model {model.name!r} has {len(model.inputs)} inputs and {len(model.outputs)} "
                "outputs; one of each is supported"
            )
        last: Layer | None = made.get(_ENTRANCE)
        waiting = 0
        while pending:
            layer, number = pending.popleft()
            calls = [Call((_ENTRANCE,))] if model.sequential else calls_of(layer)
            if any(t not in made for call in calls for t in call.inputs if isinstance(t, Tensor)):
                pending.append((layer, number))
                waiting += 1
                if waiting > len(pending):
                    raise ConfigError(f"layer {layer.name!r} is fed by layers that do not exist")
                continue
            waiting = 0
            place = (*outer[0], layer.name), (*outer[1], number)
            if layer.kind == "InputLayer":
                last = self._entrance(layer, inputs, place)
                made[Tensor(layer.name, 0)] = made[_ENTRANCE] = last
                continue
            if len(calls) != 1:
                raise ConfigError(
                    f"layer {layer.name!r} ({layer.kind}) is called {len(calls)} times; layers "
                    "that are shared are not supported"
                )
            fed = [made[t] if isinstance(t, Tensor) else t for t in calls[0].inputs]
            last = self._layer(layer, fed, place)
            made[Tensor(layer.name, 0)] = made[_ENTRANCE] = last
        if not model.sequential:
            last = made.get(Tensor(model.outputs[0], 0))
        if last is None:
            raise ConfigError(f"model {model.name!r} has no layers")
        return last

    def _layer(self, layer: LayerConfig, fed: list[Any], place: Any) -> Layer:
        if layer.model is not None:
            if len(fed) != 1 or not isinstance(fed[0], Layer):
                raise ConfigError(f"model {layer.name!r} should be called with one layer")
            return self.model(layer.model, fed, place)
        where = {"names": place[0], "numbers": place[1]}
        arguments = Arguments(layer, self._version, self._channels_first)
        roles: Roles = layer_of(self._file, where) or OrderedDict()
        stored = Stored(arguments, [array.shape for array in roles.values()])
        name = self._free_name(place[0])
        built = build(fed, arguments, stored, name)
        self.built.layers[name] = built
        self.built.places[name] = where
        return built

    def _entrance_of_sequential(
        self, model: ModelConfig, inputs: list[Layer], pending: Any
    ) -> tuple[dict[Tensor, Any], Any]:
        """What goes into a Sequential: an input layer, or a shape said by its first layer."""
        if inputs:
            pending = deque(item for item in pending if item[0].kind != "InputLayer")
            return {_ENTRANCE: inputs[0]}, pending
        first = model.layers[0] if model.layers else None
        if first is None or first.kind == "InputLayer":
            return {_ENTRANCE: None}, pending
        shape = _shape_of(first.config) or model.shape
        while shape is None and first.model is not None and first.model.layers:
            first = first.model.layers[0]
            shape = _shape_of(first.config)
        return {_ENTRANCE: self._images(shape, "input", model.name)}, pending

    def _entrance(self, layer: LayerConfig, inputs: list[Layer], place: Any) -> Layer:
        if inputs:
            return inputs[0]
        return self._images(_shape_of(layer.config), self._free_name(place[0]), layer.name)

    def _images(self, shape: Any, name: str, called: str) -> Layer:
        sound = isinstance(shape, list) and len(shape) in (2, 4)
        if not sound or not all(n is None or (type(n) is int and n > 0) for n in shape[1:]):
            raise ConfigError(f"the input of {called!r} has no known shape: {shape!r:.80}")
        _, *sizes = shape
        if len(sizes) == 3 and not self._channels_first:
            rows, columns, channels = sizes
            sizes = [channels, rows, columns]
        kind = T.TensorType(theano.config.floatX, (None, *sizes))
        layer = InputLayer((None, *sizes), kind("images"), name=name)
        self.built.layers[name] = layer
        return layer

    def _free_name(self, names: tuple[str, ...]) -> str:
        """The layer's own name, with those of models in front where it is taken."""
        if not all(name.isprintable() and 0 < len(name) <= MAX_NAME for name in names):
            raise ConfigError(f"not a valid name of a layer: {names[-1][:MAX_NAME]!r}")
        name = names[-1].replace("/", "_")
        reserved = self._reserved if len(names) > 1 else ()
        for outer in (*reversed(names[:-1]), *["again"] * MAX_LAYERS):
            if name not in self.built.layers and name not in reserved:
                break
            name = f"{outer}_{name}"
        return name


# What the next layer of a Sequential is fed with.
_ENTRANCE = Tensor("", -1)


def _shape_of(config: dict[str, Any]) -> Any:
    """(batch, ...) as an InputLayer, or the first layer of a Sequential, says it."""
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    return list(shape) if isinstance(shape, (list, tuple)) else None
