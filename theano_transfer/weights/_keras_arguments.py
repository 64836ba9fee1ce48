"""Arguments of Keras's layers, checked; those of Keras 1 under the names of Keras 2."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import theano.tensor as T
from lasagne.nonlinearities import LeakyRectify, rectify, sigmoid, softmax, tanh

from ..layers import hard_sigmoid, hard_swish, relu6, swish
from ._keras_config import ConfigError, LayerConfig

_CLASSES_OF_KERAS_1 = {
    "Convolution2D": "Conv2D",
    "AtrousConvolution2D": "Conv2D",
    "SeparableConvolution2D": "SeparableConv2D",
}
_ARGUMENTS_OF_KERAS_1 = {
    "nb_filter": "filters", "output_dim": "units", "border_mode": "padding",
    "subsample": "strides", "bias": "use_bias", "p": "rate", "atrous_rate": "dilation_rate",
    "dim_ordering": "data_format", "concat_axis": "axis",
}  # fmt: skip
_FORMATS_OF_KERAS_1 = {"th": "channels_first", "tf": "channels_last"}
_MERGES_OF_KERAS_1 = {
    "sum": "Add", "concat": "Concatenate", "mul": "Multiply", "ave": "Average", "max": "Maximum",
}  # fmt: skip
_SELU = 1.6732632423543772, 1.0507009873554805  # alpha, scale


def elu(alpha: float) -> Callable[[Any], Any]:
    """``x`` where positive, else ``alpha * (exp(x) - 1)``."""
    return lambda x: T.switch(x > 0, x, alpha * T.expm1(x))


def softmax_of_maps(x: Any) -> Any:
    """Softmax over the channels of images."""
    powers = T.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _selu(x: Any) -> Any:
    return _SELU[1] * elu(_SELU[0])(x)


def _gelu(x: Any) -> Any:
    return 0.5 * x * (1 + T.erf(x / math.sqrt(2)))


def _former_hard_sigmoid(x: Any) -> Any:
    """That of Keras 1 and 2."""
    return T.clip(0.2 * x + 0.5, 0, 1)


ACTIVATIONS: dict[str, Callable[[Any], Any] | None] = {
    "linear": None,
    "relu": rectify,
    "relu6": relu6,
    "leaky_relu": LeakyRectify(0.2),
    "elu": elu(1.0),
    "selu": _selu,
    "gelu": _gelu,
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "tanh": tanh,
    "softmax": softmax,
    "softplus": T.nnet.softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "exponential": T.exp,
    "swish": swish,
    "silu": swish,
    "hard_swish": hard_swish,
    "hard_silu": hard_swish,
}


class Arguments:
    """The arguments of one layer.

    Parameters
    ----------
    layer
    version
        Major version of the Keras that wrote them.
    channels_first
        Whether the model's images are (batch, channel, row, column).
    """

    def __init__(self, layer: LayerConfig, version: int, channels_first: bool) -> None:
        self.layer = layer
        self.version = version
        self.channels_first = channels_first
        self.kind = _CLASSES_OF_KERAS_1.get(layer.kind, layer.kind)
        self._stored = layer.config
        if version == 1:
            self._stored = modernised(layer.config)
            if layer.kind == "Merge":
                self.kind = _MERGES_OF_KERAS_1.get(str(layer.config.get("mode")), "Merge")

    def has(self, name: str) -> bool:
        """Whether an argument is there and not null."""
        return self._stored.get(name) is not None

    def text(self, name: str, default: str) -> str:
        """A text."""
        return self._checked(name, self._stored.get(name, default), str)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        return self._checked(name, self._stored.get(name, default), bool)

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        value = self._stored.get(name, default)
        if type(value) is not int:
            raise self.refusal(name, value)
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A number."""
        value = self._stored.get(name, default)
        if isinstance(value, (list, tuple)) and len(value) == 1:
            value = value[0]
        if isinstance(value, dict):  # a NumPy scalar, as Keras 2 writes it
            value = value.get("value", value.get("config"))
        if type(value) not in (int, float):
            raise self.refusal(name, value)
        return float(value)  # type: ignore[arg-type]

    def numbers(self, name: str, default: float) -> float | list[float]:
        """A number, or one for each channel."""
        value = self._stored.get(name, default)
        while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
            value = value[0]
        if isinstance(value, list) and all(type(x) in (int, float) for x in value):
            return [float(x) for x in value]
        return self.number(name, default)

    def pair(self, name: str, default: Any = None) -> tuple[int, int]:
        """One number for both axes, or (rows, columns)."""
        value = self._stored.get(name)
        value = default if value is None else value
        values = [value, value] if type(value) is int else value
        if not _is_pair(values):
            raise self.refusal(name, value)
        return values[0], values[1]

    def sides(self, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """((top, bottom), (left, right)) out of a number, a pair or two pairs."""
        value = self._stored.get(name)
        value = [value, value] if type(value) is int else value
        sides = [[x, x] if type(x) is int else x for x in value] if isinstance(value, list) else []
        if len(sides) != 2 or not all(map(_is_pair, sides)):
            raise self.refusal(name, value)
        return tuple(sides[0]), tuple(sides[1])

    def shape(self, name: str) -> list[int | None]:
        """A list of whole numbers and nulls."""
        value = self._stored.get(name)
        whole = isinstance(value, list) and all(x is None or type(x) is int for x in value)
        if not whole:
            raise self.refusal(name, value)
        return value  # type: ignore[return-value]

    def axis(self) -> int:
        """The axis that a layer works along; by default the last."""
        value = self._stored.get("axis")
        value = -1 if value is None else value
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if type(value) is not int:
            raise self.refusal("axis", value)
        return value

    def padding(self) -> str:
        """'valid' or 'same'."""
        padding = self.text("padding", "valid")
        if padding not in ("valid", "same"):
            raise self.refusal("padding", padding)
        return padding

    def activation(self, name: str = "activation") -> Callable[[Any], Any] | None:
        """The function that a layer applies; None for none."""
        value = self._stored.get(name)
        if isinstance(value, dict):  # serialised with its class, and maybe arguments
            config = value.get("config")
            value = config if isinstance(config, str) else value.get("class_name")
        value = "linear" if value is None else value
        if value == "hard_sigmoid" and self.version < 3:
            return _former_hard_sigmoid
        if not isinstance(value, str) or value not in ACTIVATIONS:
            raise self.refusal(name, value)
        return ACTIVATIONS[value]

    def unsupported(self, reason: str) -> ConfigError:
        """An error that names the layer."""
        return ConfigError(f"layer {self.layer.name!r} ({self.layer.kind}): {reason}")

    def refusal(self, name: str, value: Any) -> ConfigError:
        """An error about one argument."""
        return self.unsupported(f"{name}={value!r:.80} is not supported")

    def _checked(self, name: str, value: Any, kind: type) -> Any:
        if type(value) is not kind:
            raise self.refusal(name, value)
        return value


def modernised(config: dict[str, Any]) -> dict[str, Any]:
    """Arguments of Keras 1 under the names of Keras 2."""
    renamed = {_ARGUMENTS_OF_KERAS_1.get(name, name): value for name, value in config.items()}
    if "nb_row" in config:
        renamed["kernel_size"] = [config["nb_row"], config.get("nb_col")]
    if renamed.get("data_format") in _FORMATS_OF_KERAS_1:
        renamed["data_format"] = _FORMATS_OF_KERAS_1[renamed["data_format"]]
    return renamed


def _is_pair(values: Any) -> bool:
    whole = isinstance(values, (list, tuple)) and all(type(x) is int and x >= 0 for x in values)
    return whole and len(values) == 2
