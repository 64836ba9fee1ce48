"""The parameters of a network by name, and what their order of axes depends on."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..layers import ChannelsLastFlattenLayer, ChannelsLastReshapeLayer, PositionDenseLayer
from ._arrange import Shape
from ._errors import WeightsError


@dataclass(frozen=True)
class Target:
    """A network as the loader sees it.

    Attributes
    ----------
    params
        ``'layer.role' -> shared variable``.
    flattened
        For each dense layer behind a flattening, the flattened (channel, row, column).
    optional
        Layers that a file for this network may have although the network has not: the top.
    created
        Class as Keras 1 wrote it -> layers of that class, in the order in which they were made.
    listed
        Class as Keras 3 writes it in files -> layers of that class, in the network's order.
    layers
        The layers with parameters by name.
    model, arguments
        Name in the zoo and the network's own arguments; None and nothing for other networks.
    made
        Names of the layers in the order in which they were made, those of the top included.
    placed
        Names of the parameters in the order of ``lasagne.layers.get_all_params``.
    """

    params: OrderedDict[str, Any]
    flattened: dict[str, Shape]
    optional: frozenset[str] = frozenset()
    created: dict[str, list[str]] = field(default_factory=dict)
    model: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    placed: tuple[str, ...] = ()
    listed: dict[str, list[str]] = field(default_factory=dict)
    layers: dict[str, Any] = field(default_factory=dict)

    @property
    def epsilon(self) -> dict[str, float]:
        """What each layer of batch normalisation adds to the variance."""
        return {
            name: float(layer.epsilon)
            for name, layer in self.layers.items()
            if keras_class(layer) == "batch_normalization"
        }

    @property
    def shapes(self) -> OrderedDict[str, Shape]:
        """``'layer.role' -> shape``."""
        return OrderedDict((name, shape_of(param)) for name, param in self.params.items())


def shape_of(param: Any) -> Shape:
    """Shape of a shared variable, without copying it."""
    return tuple(param.get_value(borrow=True).shape)


def target_of(net: Any) -> Target:
    """Look at a network of the zoo, a Lasagne layer (with all that feeds it) or several layers.

    Raises
    ------
    WeightsError
        A layer with parameters has no name, or two have the same.
    """
    layers = layers_of(net)
    params = getattr(net, "params", None) if isinstance(net, Mapping) else None
    if params is None:
        params = named_params(layers)
    record = getattr(net, "record", None)
    top = getattr(record, "top_layers", ())
    present = {layer.name for layer in layers}
    made = getattr(net, "built", ()) or tuple(layer.name or "" for layer in layers)
    return Target(
        params=OrderedDict(params),
        flattened=flattened_inputs(layers),
        optional=frozenset(top) - present,
        created={
            kind.replace("_", "").replace("conv2d", "convolution2d"): names
            for kind, names in by_class(net[name] for name in getattr(net, "built", ())).items()
        },
        listed=by_class(layers),
        layers={layer.name: layer for layer in layers if layer.params},
        model=getattr(record, "name", None),
        arguments=dict(getattr(record, "arguments", ())),
        made=(*made, *(name for name in top if name not in present)),
        placed=_placed(net, layers, params),
    )


def layers_of(net: Any) -> list[Any]:
    """All layers of a network of the zoo, of a Lasagne layer or of several."""
    import lasagne

    return list(net.values()) if isinstance(net, Mapping) else lasagne.layers.get_all_layers(net)


def _placed(net: Any, layers: list[Any], params: Mapping[str, Any]) -> tuple[str, ...]:
    import lasagne

    # Of a mapping the last layer is the output; where it feeds from not all, the order is unknown.
    ordered = lasagne.layers.get_all_params(layers[-1] if isinstance(net, Mapping) else net)
    names = {id(param): name for name, param in params.items()}
    return tuple(names[id(param)] for param in ordered if id(param) in names)


def keras_class(layer: Any) -> str | None:
    """The class of a layer with parameters as Keras 3 writes it in files; None for others."""
    import lasagne

    from .. import layers

    if isinstance(layer, layers.SequenceLayer):
        kind = keras_class(layer.layer)
        return None if kind is None else kind.replace("2d", "1d")
    if isinstance(layer, layers.LayerNormLayer):
        return "layer_normalization" if layer.centred else "rms_normalization"
    classes = {
        layers.DepthwiseConv2DLayer: "depthwise_conv2d",  # a Conv2DLayer too
        layers.Conv2DLayer: "conv2d",
        lasagne.layers.Conv2DLayer: "conv2d",
        layers.SeparableConv2DLayer: "separable_conv2d",
        layers.TransposedConv2DLayer: "conv2d_transpose",
        layers.BatchNormLayer: "batch_normalization",
        layers.GroupNormLayer: "group_normalization",
        layers.StandardizeLayer: "normalization",
        lasagne.layers.DenseLayer: "dense",
        layers.PositionDenseLayer: "dense",
        lasagne.layers.ParametricRectifierLayer: "p_re_lu",
    }
    return next((name for cls, name in classes.items() if isinstance(layer, cls)), None)


def by_class(layers: Iterable[Any]) -> dict[str, list[str]]:
    """Names of layers by their class as Keras 3 writes it, in the order given."""
    found: dict[str, list[str]] = {}
    for layer in layers:
        kind = keras_class(layer)
        if kind is not None:
            found.setdefault(kind, []).append(layer.name)
    return found


def named_params(layers: Iterable[Any]) -> OrderedDict[str, Any]:
    """``'layer.role' -> shared variable`` of Lasagne layers, in their order."""
    params: OrderedDict[str, Any] = OrderedDict()
    for layer in layers:
        # By the attribute that holds it, since a shared variable given by the user may have any
        # name; by identity, since variables compare elementwise.
        roles = {id(value): role for role, value in vars(layer).items()}
        for param in layer.params:
            role = roles.get(id(param)) or (param.name or "").rpartition(".")[2]
            if not layer.name or not role:
                msg = (
                    f"a {type(layer).__name__} with parameters has no name, but files name "
                    "parameters after layers; give it one: name='...'"
                )
                raise WeightsError(msg)
            name = f"{layer.name}.{role}"
            if params.get(name, param) is not param:
                msg = f"two parameters are named {name!r}; give the layers different names"
                raise WeightsError(msg)
            params[name] = param
    return params


def flattened_inputs(layers: Iterable[Any]) -> dict[str, Shape]:
    """For each dense layer that a flattened picture feeds: its (channel, row, column)."""
    found = {}
    for layer in layers:
        if isinstance(layer, PositionDenseLayer) or not hasattr(layer, "input_layer"):
            continue
        if any(param.ndim == 2 for param in layer.params):
            shape = _flattened_shape(layer)
            if shape is not None:
                found[layer.name] = shape
    return found


def _flattened_shape(dense: Any) -> Shape | None:
    layer = dense  # Lasagne's DenseLayer flattens a picture by itself
    while len(layer.input_shape) == 2:
        layer = layer.input_layer
        if layer is None or layer.params or not hasattr(layer, "input_layer"):
            return None
    if isinstance(layer, (ChannelsLastFlattenLayer, ChannelsLastReshapeLayer)):
        return None  # the rows are in Keras's order here too
    shape = tuple(layer.input_shape[1:])
    if len(shape) != 3 or None in shape:
        return None
    # Pooling over the whole picture also has a picture below and a vector above.
    flattens = layer is dense or layer.output_shape[1] == math.prod(shape)
    return shape if flattens else None
