"""Weight files that Keras loads, of Keras 3 and in the layout of Keras 2.

Both go by the order of layers: the first by that of each class, the second by that of all. A
network of the zoo has Keras's order; another has to be built in the same order there.
Facts: keras/src/saving/saving_lib.py and keras/src/legacy/saving/legacy_h5_format.py.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ._errors import WeightsError
from ._hdf5_write import created_hdf5, require_group
from ._sources import ROLES
from ._target import flattened_inputs, keras_class, layers_of

# HDF5 has 64 KiB for a header; Keras splits lists that are longer than this.
MOST_BYTES = 64512
_NAMES = {
    "W": "kernel", "pointwise": "pointwise_kernel", "b": "bias", "gamma": "gamma", "beta": "beta",
    "mean": "moving_mean", "var": "moving_variance", "alpha": "alpha",
}  # fmt: skip
_NAMES_OF_CLASS = {
    "rms_normalization": {"gamma": "scale"},
    **{
        f"{kind}_conv{axes}d": {"W": "depthwise_kernel"}
        for kind in ("depthwise", "separable")
        for axes in (1, 2)
    },
    "normalization": {"mean": "mean", "var": "variance", "count": "count"},
}
_STATISTICS = ("moving_mean", "moving_variance", "mean", "variance", "count")


def write_keras_3(net: Any, path: Path) -> None:
    """What ``save_weights('x.weights.h5')`` of Keras 3.6 and later writes.

    Raises
    ------
    WeightsError
        A layer has parameters and no counterpart in Keras.
    """
    with created_hdf5(path, {}) as (file, sink):
        counter: Counter[str] = Counter()
        for layer, kind, arrays in keras_layers(net):
            place = _place(net, layer, "numbers")
            if not place:
                place = (f"{kind}_{counter[kind]}" if counter[kind] else kind,)
                counter[kind] += 1
            group = require_group(file, "".join(f"layers/{part}/" for part in place) + "vars")
            group.attrs["name"] = layer.name
            for number, array in enumerate(arrays.values()):
                if sink.error is None:
                    group.create_dataset(str(number), data=array(), track_times=False)


def write_legacy(net: Any, path: Path) -> None:
    """What ``save_weights('x.h5')`` of Keras 2 writes, and Keras 3 reads too.

    Raises
    ------
    WeightsError
        A layer has parameters and no counterpart in Keras.
    """
    groups: OrderedDict[str, list[tuple[str, Any]]] = OrderedDict()
    for layer, _, arrays in keras_layers(net):
        place = _place(net, layer, "names") or (layer.name,)
        groups.setdefault(place[0], []).extend(
            (f"{place[-1]}/{name}", array) for name, array in arrays.items()
        )
    with created_hdf5(path, {}) as (file, sink):
        _set_list(file, "layer_names", list(groups))
        file.attrs["backend"] = np.bytes_(b"tensorflow")
        file.attrs["keras_version"] = np.bytes_(b"2.15.0")
        for name, weights in groups.items():
            group = require_group(file, name)
            # Of a model used as a layer, what is trained comes first.
            weights.sort(key=lambda entry: entry[0].rpartition("/")[2] in _STATISTICS)
            _set_list(group, "weight_names", [f"{weight}:0" for weight, _ in weights])
            for weight, array in weights:
                if sink.error is None:
                    scope, _, last = weight.rpartition("/")
                    inner = require_group(group, scope)
                    inner.create_dataset(f"{last}:0", data=array(), track_times=False)


def keras_layers(net: Any) -> Iterator[tuple[Any, str, OrderedDict[str, Any]]]:
    """Layers with parameters: ``(layer, Keras's class, Keras's name of each array -> function
    that gives it in Keras's order of axes)``, in Keras's order."""
    layers = layers_of(net)
    flattened = flattened_inputs(layers)
    for layer in layers:
        if not layer.params:
            continue
        kind = keras_class(layer)
        if kind is None or not layer.name:
            msg = (
                f"a {type(layer).__name__} ({layer.name or 'without a name'}) has parameters and "
                "no counterpart in Keras; nothing was written"
            )
            raise WeightsError(msg)
        names = {**_NAMES, **_NAMES_OF_CLASS.get(kind, {})}
        channels_first = "channels_first" in _place(net, layer, "data_format")
        arrays: OrderedDict[str, Any] = OrderedDict()
        for role in ROLES:
            param = getattr(layer, role, None)
            if param is not None:
                arrays[names[role]] = _Reordered(
                    layer, kind, role, param, flattened.get(layer.name), channels_first
                )
        yield layer, kind, arrays


class _Reordered:
    """A parameter in Keras's order of axes, made when it is asked for."""

    def __init__(
        self, layer: Any, kind: str, role: str, param: Any, flattened: Any, channels_first: bool
    ) -> None:
        self._layer, self._kind, self._role = layer, kind, role
        self._param, self._flattened = param, flattened
        self._channels_first = channels_first

    def __call__(self) -> np.ndarray:
        array = self._param.get_value(borrow=True)
        if self._role == "count":
            return np.asarray(array, np.int64)
        if self._role == "alpha":
            array = np.expand_dims(array, self._shared_axes())
        if self._role in ("alpha", "gamma", "beta"):
            array = array if self._channels_first or array.ndim < 2 else np.moveaxis(array, 0, -1)
        elif self._role == "W" and self._kind.startswith(("depthwise", "separable")):
            filters, _, rows, columns = array.shape
            channels = self._layer.input_shape[1]
            array = array.reshape(channels, filters // channels, rows, columns)
            array = array.transpose(2, 3, 0, 1)
        elif array.ndim == 4:
            if getattr(self._layer, "flip_filters", self._kind == "conv2d"):
                array = array[:, :, ::-1, ::-1]
            array = array.transpose(2, 3, 1, 0)
        elif self._role == "W" and self._flattened:
            channels, rows, columns = self._flattened
            array = array.reshape(channels, rows, columns, -1).transpose(1, 2, 0, 3)
            array = array.reshape(channels * rows * columns, -1)
        if array.ndim == 4 and "1d" in self._kind:  # of images of one column
            array = array[:, 0]
        return np.ascontiguousarray(array)

    def _shared_axes(self) -> tuple[int, ...]:
        """Axes of slopes, without the batch's, along which one serves for all."""
        return tuple(axis - 1 for axis in sorted(self._layer.shared_axes) if axis)


def _place(net: Any, layer: Any, which: str) -> tuple[str, ...]:
    """Where the Keras model that a network was rebuilt from has a layer's arrays."""
    return getattr(net, "places", {}).get(layer.name, {}).get(which, ())


def _set_list(group: Any, name: str, texts: list[str]) -> None:
    values = np.array([text.encode() for text in texts], "S")
    pieces = 1
    while any(part.nbytes > MOST_BYTES for part in np.array_split(values, pieces)):
        pieces += 1
    if pieces == 1:
        group.attrs[name] = values
        return
    for index, part in enumerate(np.array_split(values, pieces)):
        group.attrs[f"{name}{index}"] = part
