"""The graph of a Keras model, layer by layer."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

import theano
import theano.tensor as T
from lasagne.layers import InputLayer, Layer, get_all_layers

from ..layers import SharedLayer
from ._keras import KerasFile, Roles, layer_of
from ._keras_arguments import Arguments, modernised
from ._keras_calls import calls_of, first_calls
from ._keras_config import ConfigError, LayerConfig, ModelConfig, Tensor, numbered, placed
from ._keras_layers import build
from ._keras_stored import Stored

MAX_LAYERS = 10_000
MAX_NAME = 200
FORMATS = {"channels_first": True, "channels_last": False}
# Where a layer is: names of the models around it and its own, and their numbers in Keras 3's files.
Place = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass
class Built:
    """What was built: layers by name, and where and how the file has the arrays of each.

    ``outputs`` are names of layers.
    """

    layers: OrderedDict[str, Layer] = field(default_factory=OrderedDict)
    places: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()


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
    outputs = builder.model(model, [], ((), ()))
    builder.built.outputs = tuple(layer.name for layer in outputs)
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
        self._used = 0
        self._uses: Counter[str] = Counter()  # of names, beyond the first
        self._first: dict[tuple[str, ...], Layer] = {}  # of layers that are called, by their names

    def model(self, model: ModelConfig, inputs: list[Layer], outer: Place) -> list[Layer]:
        """Build a model on its inputs, and hand back its outputs; the outermost has no inputs and
        makes its own."""
        if not model.layers:
            raise ConfigError(f"model {model.name!r} has no layers")
        if model.sequential:
            return [self._sequential(model, inputs, outer)]
        return self._functional(model, inputs, outer)

    def _functional(self, model: ModelConfig, inputs: list[Layer], outer: Place) -> list[Layer]:
        layers = {layer.name: (layer, _inner(outer, layer, number))
                  for layer, number in zip(model.layers, numbered(model))}  # fmt: skip
        if inputs and len(inputs) != len(model.inputs):
            raise ConfigError(
                f"model {model.name!r} has {len(model.inputs)} inputs, and is called with "
                f"{len(inputs)} layers"
            )
        made: dict[Tensor, Layer] = {}
        for position, tensor in enumerate(model.inputs):
            if tensor.layer not in layers:
                raise ConfigError(f"input {tensor.layer!r} of {model.name!r} does not exist")
            layer, place = layers[tensor.layer]
            made[tensor] = inputs[position] if inputs else self._entrance(layer, place)
        first = first_calls(model)
        pending = deque(
            (Tensor(name, first.get(name, 0) + number), call, layer, place)
            for name, (layer, place) in layers.items()
            if layer.kind != "InputLayer"
            for number, call in enumerate(calls_of(layer))
        )
        waiting = 0
        while pending:
            tensor, call, layer, place = pending.popleft()
            if any(t not in made for t in call.inputs if isinstance(t, Tensor)):
                pending.append((tensor, call, layer, place))
                waiting += 1
                if waiting > len(pending):
                    raise ConfigError(f"layer {layer.name!r} is fed by layers that do not exist")
                continue
            waiting = 0
            fed = [made[t] if isinstance(t, Tensor) else t for t in call.inputs]
            for number, output in enumerate(self._layer(layer, fed, place)):
                made[Tensor(tensor.layer, tensor.call, number)] = output
        missing = [tensor.layer for tensor in model.outputs if tensor not in made]
        if missing or not model.outputs:
            raise ConfigError(f"model {model.name!r} has no output {', '.join(missing)}")
        return [made[tensor] for tensor in model.outputs]

    def _sequential(self, model: ModelConfig, inputs: list[Layer], outer: Place) -> Layer:
        last = self._entrance_of_sequential(model, inputs)
        for layer, number in zip(model.layers, numbered(model)):
            place = _inner(outer, layer, number)
            if layer.kind != "InputLayer":
                outputs = self._layer(layer, [last], place)
                if len(outputs) != 1:
                    raise ConfigError(f"model {layer.name!r} has {len(outputs)} outputs, not one")
                (last,) = outputs
            elif last is None:
                last = self._entrance(layer, place)
        return last

    def _layer(self, layer: LayerConfig, fed: list[Any], place: Place) -> list[Layer]:
        self._used += 1
        if self._used > MAX_LAYERS:
            raise ConfigError(f"more than {MAX_LAYERS:,} layers, counted as often as they are used")
        if layer.model is not None:
            if not fed or not all(isinstance(value, Layer) for value in fed):
                raise ConfigError(f"model {layer.name!r} should be called with layers")
            return self.model(layer.model, fed, place)
        first = self._first.get(place[0])
        name = self._free_name(place[0])
        if first is not None and first.params:
            built = self._again(layer, first, fed, name)
        else:
            where = {"names": place[0], "numbers": place[1]}
            arguments = Arguments(layer, self._version, self._channels_first)
            roles: Roles = layer_of(self._file, where) or OrderedDict()
            stored = Stored(arguments, [array.shape for array in roles.values()])
            built = build(fed, arguments, stored, name)
            if first is None:
                self._first[place[0]] = built
                order = ("channels_first" if self._channels_first else "channels_last",)
                self.built.places[name] = {**where, "data_format": order}
        known = [value for value in fed if isinstance(value, Layer)]
        for helper in get_all_layers(built, treat_as_input=[*known, first] if first else known):
            if helper.name is None:
                helper.name = self._free_name((*place[0][:-1], f"{name}_input"))
                self.built.layers[helper.name] = helper
        self.built.layers[name] = built
        return [built]

    def _again(self, layer: LayerConfig, first: Layer, fed: list[Any], name: str) -> Layer:
        """A layer called once more: the parameters of the first call serve."""
        before = getattr(first, "input_shapes", None) or [first.input_shape]
        shapes = [value.output_shape for value in fed if isinstance(value, Layer)]
        same = [len(shape) for shape in shapes] == [len(shape) for shape in before]
        if not same or any(old[1] != new[1] for old, new in zip(before, shapes)):
            raise ConfigError(
                f"layer {layer.name!r} ({layer.kind}) is called with inputs of {before} and of "
                f"{shapes}"
            )
        return SharedLayer(fed, first, name=name)

    def _entrance_of_sequential(self, model: ModelConfig, inputs: list[Layer]) -> Any:
        """What goes into a Sequential; None where it has an input layer of its own."""
        if len(inputs) > 1:
            raise ConfigError(f"model {model.name!r} is called with {len(inputs)} layers, not one")
        if inputs:
            return inputs[0]
        first = model.layers[0]
        if first.kind == "InputLayer":
            return None
        shape = _shape_of(first.config) or model.shape
        while shape is None and first.model is not None and first.model.layers:
            first = first.model.layers[0]
            shape = _shape_of(first.config)
        return self._images(shape, "input", model.name)

    def _entrance(self, layer: LayerConfig, place: Place) -> Layer:
        return self._images(_shape_of(layer.config), self._free_name(place[0]), layer.name)

    def _images(self, shape: Any, name: str, called: str) -> Layer:
        sound = isinstance(shape, list) and 2 <= len(shape) <= 4
        if not sound or not all(n is None or (type(n) is int and n > 0) for n in shape[1:]):
            raise ConfigError(f"the input of {called!r} has no known shape: {shape!r:.80}")
        _, *sizes = shape
        if len(sizes) > 1 and not self._channels_first:
            sizes = [sizes[-1], *sizes[:-1]]
        several = any(isinstance(layer, InputLayer) for layer in self.built.layers.values())
        kind = T.TensorType(theano.config.floatX, (None, *sizes))
        layer = InputLayer((None, *sizes), kind(name if several else "images"), name=name)
        self.built.layers[name] = layer
        return layer

    def _free_name(self, names: tuple[str, ...]) -> str:
        """The layer's own name, with those of models in front where it is taken."""
        if not all(name.isprintable() and 0 < len(name) <= MAX_NAME for name in names):
            raise ConfigError(f"not a valid name of a layer: {names[-1][:MAX_NAME]!r}")
        name = names[-1].replace("/", "_")
        reserved = self._reserved if len(names) > 1 else ()
        for outer in reversed(names[:-1]):
            if name not in self.built.layers and name not in reserved:
                break
            name = f"{outer}_{name}"
        own = name
        while name in self.built.layers or name in reserved:
            times = self._uses[own] = self._uses[own] + 1
            name = f"again_{own}" if times == 1 else f"again_{times}_{own}"
        return name


def _inner(outer: Place, layer: LayerConfig, number: str) -> Place:
    return (*outer[0], layer.name), (*outer[1], number)


def _shape_of(config: dict[str, Any]) -> Any:
    """(batch, ...) as an InputLayer, or the first layer of a Sequential, says it."""
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    return list(shape) if isinstance(shape, (list, tuple)) else None
