"""Arguments of Keras's layers, checked; those of Keras 1 under the names of Keras 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lasagne.layers import Layer
from lasagne.nonlinearities import LeakyRectify

from ._keras_activations import (
    ACTIVATIONS,
    ALONG_AN_AXIS,
    elu,
    former_hard_sigmoid,
    rectified,
    softmax_along,
)
from ._keras_config import ConfigError, LayerConfig, origin_of

_CLASSES_OF_KERAS_1 = {
    "Convolution2D": "Conv2D",
    "AtrousConvolution2D": "Conv2D",
    "SeparableConvolution2D": "SeparableConv2D",
    "Convolution1D": "Conv1D",
    "AtrousConvolution1D": "Conv1D",
}
_ARGUMENTS_OF_KERAS_1 = {
    "nb_filter": "filters", "output_dim": "units", "border_mode": "padding",
    "subsample": "strides", "bias": "use_bias", "p": "rate", "atrous_rate": "dilation_rate",
    "dim_ordering": "data_format", "concat_axis": "axis", "filter_length": "kernel_size",
    "subsample_length": "strides", "pool_length": "pool_size", "stride": "strides",
    "length": "size", "sigma": "stddev",
}  # fmt: skip
_FORMATS_OF_KERAS_1 = {"th": "channels_first", "tf": "channels_last"}
_MERGES_OF_KERAS_1 = {
    "sum": "Add", "concat": "Concatenate", "mul": "Multiply", "ave": "Average", "max": "Maximum",
}  # fmt: skip


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

    def axis(self, name: str = "axis", default: int = -1) -> int:
        """The axis that a layer works along, counted as in Keras; by default the last."""
        value = self._stored.get(name)
        value = default if value is None else value
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if type(value) is not int:
            raise self.refusal(name, value)
        return value

    def axes(self, name: str = "axis", default: int = -1) -> list[int]:
        """One or several axes, counted as in Keras."""
        value = self._stored.get(name)
        if isinstance(value, list) and value and all(type(axis) is int for axis in value):
            return value
        return [self.axis(name, default)]

    def place(self, axis: int, ndim: int) -> int:
        """Where an axis of Keras's is here, in something of `ndim` axes.

        Of three and more, ours have the channels behind the batch, whatever Keras's have.
        """
        if not -ndim <= axis < ndim:
            raise self.unsupported(f"there is no axis {axis} among {ndim}")
        axis %= ndim
        if self.channels_first or ndim < 3 or axis == 0:
            return axis
        return 1 if axis == ndim - 1 else axis + 1

    def length(self, name: str, default: Any = None) -> int:
        """A whole number, or a list of one."""
        value = self._stored.get(name)
        value = default if value is None else value
        if isinstance(value, (list, tuple)) and len(value) == 1:
            value = value[0]
        if type(value) is not int or value < 0:
            raise self.refusal(name, value)
        return value

    def ends(self, name: str) -> tuple[int, int]:
        """(before, after) out of a number, a list of one or a pair."""
        value = self._stored.get(name)
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        pair: Any = [value, value] if type(value) is int else value
        if not _is_pair(pair):
            raise self.refusal(name, value)
        return pair[0], pair[1]

    def padding(self) -> str:
        """'valid' or 'same'."""
        padding = self.text("padding", "valid")
        if padding not in ("valid", "same"):
            raise self.refusal("padding", padding)
        return padding

    def activation(self, ndim: int) -> Callable[[Any], Any] | None:
        """The function that a layer applies to something of `ndim` axes; None for none."""
        value = self._stored.get("activation")
        if isinstance(value, dict):
            known = self._activation_object(value, ndim)
            if known is not None:
                return known
            config, own = value.get("config"), value.get("class_name") == "function"
            # A function of one's own is serialised too, and may have the name of one of Keras's.
            if own and str(value.get("module")).partition(".")[0] != "keras":
                raise self.refusal("activation", config)
            value = config if isinstance(config, str) else value.get("class_name")
        value = "linear" if value is None else value
        if value == "hard_sigmoid" and self.version < 3:
            return former_hard_sigmoid
        if isinstance(value, str) and value in ALONG_AN_AXIS:
            return ALONG_AN_AXIS[value](self.place(-1, ndim), ndim)
        if not isinstance(value, str) or value not in ACTIVATIONS:
            raise self.refusal("activation", value)
        return ACTIVATIONS[value]

    def _activation_object(self, value: dict[str, Any], ndim: int) -> Callable[[Any], Any] | None:
        """What a layer of activation does that is an argument of another layer."""
        kind, config = value.get("class_name"), value.get("config")
        if not isinstance(config, dict) or origin_of(value):
            return None
        layer = LayerConfig(str(kind), self.layer.name, config, [])
        return Arguments(layer, self.version, self.channels_first).function_of_layer(ndim)

    def function_of_layer(self, ndim: int) -> Callable[[Any], Any] | None:
        """What a layer that only applies a function without parameters does; None for others."""
        if self.kind == "ReLU":
            slope, threshold = (
                self.number(name, 0) if self.has(name) else 0.0
                for name in ("negative_slope", "threshold")
            )
            return rectified(
                slope, threshold, self.number("max_value") if self.has("max_value") else None
            )
        if self.kind == "LeakyReLU":
            known = "negative_slope" if self.has("negative_slope") else "alpha"
            return LeakyRectify(self.number(known, 0.3))
        if self.kind == "ThresholdedReLU":
            theta = self.number("theta", 1)
            return lambda x: x * (x > theta)
        if self.kind == "ELU":
            return elu(self.number("alpha", 1))
        if self.kind == "Softmax":
            return softmax_along(self.place(self.axis(), ndim), ndim)
        return None

    def expect_axes(self, x: Layer, *axes: int) -> None:
        """That a layer gives so many axes."""
        if len(x.output_shape) not in axes:
            kinds = {
                2: "vectors (batch, number)",
                3: "sequences (batch, channel, step)",
                4: "images (batch, channel, row, column)",
            }
            wanted = " or ".join(kinds[number] for number in axes)
            raise self.unsupported(f"{wanted} were expected, it gets shape {x.output_shape}")

    def expect_channels(self, x: Layer) -> None:
        """That the axis a layer works along is that of the channels."""
        if self.place(self.axis(), len(x.output_shape)) != 1:
            raise self.unsupported(f"axis {self.axis()} is not that of the channels")

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
