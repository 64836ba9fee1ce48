"""The configuration that Keras saves with a model: JSON, read as data.

Nothing in it is ever looked up in Python, imported or called.
Facts: keras/src/models/functional.py, keras/src/saving/serialization_lib.py and, for the older
form of `inbound_nodes`, keras/engine/network.py of Keras 2.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 8  # models in models
MODELS = ("Functional", "Model", "Sequential")


class ConfigError(ValueError):
    """A configuration that makes no sense; says what was expected."""


@dataclass(frozen=True)
class Tensor:
    """What came out of a layer: of which call of it, and which of its outputs."""

    layer: str
    call: int
    output: int = 0


@dataclass(frozen=True)
class LayerConfig:
    """A layer as it was configured.

    Attributes
    ----------
    kind
        Name of its class.
    custom
        What the file says about where the class is from, if that is not Keras.
    name
    config
        Arguments of its constructor.
    inbound
        Its calls, as the file has them.
    model
        Of a model that is used as a layer: its layers.
    operation
        Whether it is an operation of Keras 3, such as ``x / 127.5``, and no layer.
    """

    kind: str
    name: str
    config: dict[str, Any] = field(repr=False)
    inbound: list[Any] = field(repr=False)
    custom: str = ""
    model: ModelConfig | None = field(repr=False, default=None)
    operation: bool = False


@dataclass(frozen=True)
class ModelConfig:
    """A model as it was configured: its layers in Keras's order.

    ``inputs`` and ``outputs`` are outputs of layers; of a Sequential they are empty. ``shape`` is
    what a Sequential says about its input, if anything.
    """

    name: str
    sequential: bool
    layers: tuple[LayerConfig, ...] = field(repr=False)
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    shape: list[Any] | None = None


def parse_config(text: str) -> ModelConfig | None:
    """The model that a configuration describes; None where it makes no sense.

    Weights may be of use without it: who needs it calls :func:`parse_model`.
    """
    try:
        return parse_model(text)
    except ConfigError:
        return None


def parse_model(text: str) -> ModelConfig:
    """The model that a configuration describes.

    Raises
    ------
    ConfigError
        The text is no JSON, or not the configuration of a functional or sequential model.
    """
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the configuration is not JSON ({error})") from error
    return _model(stored, 0)


def numbered_names(model: ModelConfig) -> dict[tuple[str, ...], str]:
    """Keras 3's place of each layer -> its name, models in the model included."""
    return {place["numbers"]: layer.name for place, layer in placed(model)}


def placed(
    model: ModelConfig, outer: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
) -> Iterator[tuple[dict[str, tuple[str, ...]], LayerConfig]]:
    """Every layer, those of models used as layers in their place, with where a file has its
    arrays: under ``'names'`` by names, under ``'numbers'`` by classes with numbers."""
    for layer, number in zip(model.layers, numbered(model)):
        names, numbers = (*outer[0], layer.name), (*outer[1], number)
        if layer.model is None:
            yield {"names": names, "numbers": numbers}, layer
        else:
            yield from placed(layer.model, (names, numbers))


def numbered(model: ModelConfig) -> list[str]:
    """What Keras 3's files call each layer of a model: by class, those of one class numbered.

    Entries that are no layers, operations such as ``x / 127.5``, do not count.
    """
    counter: Counter[str] = Counter()
    names = []
    for layer in model.layers:
        key = _snake_case(layer.kind)
        names.append(f"{key}_{counter[key]}" if counter[key] else key)
        counter[key] += not layer.operation
    return names


def epsilons(model: ModelConfig) -> dict[str, float]:
    """Layer of batch normalisation -> what it adds to the variance."""
    found = {}
    for _, layer in placed(model):
        epsilon = layer.config.get("epsilon")
        if layer.kind.startswith("BatchNormalization") and isinstance(epsilon, (int, float)):
            found[layer.name] = float(epsilon)
    return found


def _model(stored: Any, depth: int) -> ModelConfig:
    if depth > MAX_DEPTH:
        raise ConfigError(f"models in models, more than {MAX_DEPTH} deep")
    kind = _expect(stored, dict, "a model").get("class_name")
    if kind not in MODELS:
        raise ConfigError(f"a {kind!r} is neither a functional nor a sequential model")
    config = stored.get("config")
    if isinstance(config, list):  # a Sequential of Keras 1 and 2.0 has nothing but layers
        config = {"layers": config, "name": "sequential"}
    config = _expect(config, dict, "the configuration of a model")
    layers = [_layer(entry, depth) for entry in _expect(config.get("layers"), list, "'layers'")]
    names = [layer.name for layer in layers]
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise ConfigError(f"two layers are called {doubled[0]!r}")
    name = _expect(config.get("name", "model"), str, "the name of a model")
    if kind == "Sequential":
        return ModelConfig(name, True, tuple(layers), shape=config.get("build_input_shape"))
    inputs, outputs = (_ends(config.get(which)) for which in ("input_layers", "output_layers"))
    return ModelConfig(name, False, tuple(layers), inputs, outputs)


def _layer(stored: Any, depth: int) -> LayerConfig:
    stored = _expect(stored, dict, "a layer")
    kind = _expect(stored.get("class_name"), str, "the class of a layer")
    model = _model(stored, depth + 1) if kind in MODELS else None
    config = stored.get("config")
    config = {} if model is not None else _expect(config, dict, f"the configuration of a {kind}")
    name = model.name if model is not None else config.get("name")
    name = _expect(stored.get("name") or name, str, f"the name of a {kind}")
    return LayerConfig(
        kind,
        name,
        config,
        stored.get("inbound_nodes") or [],
        origin_of(stored),
        model,
        operation=".ops." in f".{stored.get('module')}.",
    )


def origin_of(stored: dict[str, Any]) -> str:
    """Where the class of a serialised object is from, if the file says that it is not Keras's."""
    module, registered = stored.get("module"), stored.get("registered_name")
    if module is not None and str(module).partition(".")[0] != "keras":
        return str(module)
    known = (None, "", stored.get("class_name"))
    return "" if registered in known else str(registered)


def _ends(stored: Any) -> tuple[Tensor, ...]:
    """Out of ['a', 0, 0], [['a', 0, 0], ['b', 0, 0]], or a dictionary or deeper lists of such."""
    if isinstance(stored, dict):  # in which Keras goes by keys
        stored = [stored[key] for key in sorted(stored)]
    stored = _expect(stored, list, "the inputs and outputs of a model")
    if not stored or not isinstance(stored[0], str):
        return tuple(end for entry in stored for end in _ends(entry))
    numbers = [*stored[1:], 0, 0][:2]
    if not all(type(number) is int for number in numbers):
        raise ConfigError(f"an input or output of a model makes no sense: {stored!r:.80}")
    return (Tensor(stored[0], *numbers),)


def _expect(value: Any, kind: type, what: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigError(f"{what} was expected, found {type(value).__name__}")
    return value


def _snake_case(kind: str) -> str:
    """'DepthwiseConv2D' -> 'depthwise_conv2d', as ``keras/src/utils/naming.py`` does."""
    kind = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", kind).lower()
