"""Whole Keras models as graphs of Lasagne layers, from their configuration."""

from __future__ import annotations

import dataclasses
import os
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._errors import WeightsFileError
from ._formats import open_content
from ._keras import KerasFile, layer_of
from ._keras_build import Built, build_model
from ._keras_config import ConfigError, parse_model
from ._load import arranged, set_all
from ._plan import make_plan
from ._sources import Source
from ._stored import StoredArray
from ._target import target_of

if TYPE_CHECKING:
    from ..zoo import Network


def from_keras(
    path: str | os.PathLike[str],
    *,
    preprocessing: str = "identity",
    classes: Sequence[str] | None = None,
    known_hash: str | None = None,
) -> Network:
    """Rebuild a whole Keras model as a network of Lasagne layers, with its parameters.

    Any functional or sequential model of the usual layers of convolutional networks, models in
    models and layers that are used several times included, from a file that Keras wrote with its
    configuration. That is read as data: it may name the classes on a list, and nothing in it is
    ever executed.

    Parameters
    ----------
    path
        ``model.save('x.keras')`` of Keras 3, ``model.save('x.h5')`` of Keras 1, 2 and 3.
    preprocessing
        Key of ``theano_transfer.images.PREPROCESSING``: what was done to pictures in Keras. The
        file does not say; ``'identity'`` where it is part of the model.
    classes
        Names of the outputs, in order.
    known_hash
        ``'md5:<hex>'`` or ``'sha256:<hex>'`` of the file, checked before it is parsed.

    Returns
    -------
    Network
        Layer name -> Lasagne layer, named and ordered as in Keras; pictures go in as
        (batch, channel, row, column), sequences as (batch, channel, step). ``net.inputs`` and
        ``net.outputs`` are in the order of the model's. Where a layer of a model in the model has
        the name of another, the model's name goes in front, and ``again`` in front of a layer that
        is used once more. All layers are trainable, whatever was frozen in Keras.

    Raises
    ------
    WeightsFileError
        The file holds no configuration, or one that is not supported; names the layer.
    """
    with open_content(path, known_hash=known_hash) as (content, kind):
        if kind.model is None:
            msg = f"{content.path!r} holds no whole Keras model: it is a file of {kind.name}"
            raise WeightsFileError(msg)
        text, file = kind.model(content)
        return rebuilt(text, file, content.path, preprocessing, classes)


def rebuilt(
    text: str, file: KerasFile, path: str, preprocessing: str, classes: Sequence[str] | None
) -> Network:
    """The network of a configuration, with the parameters of a file."""
    from .. import images, zoo

    if preprocessing not in images.PREPROCESSING:
        known = ", ".join(images.PREPROCESSING)
        raise ValueError(f"preprocessing is one of {known}; received {preprocessing!r}")
    try:
        model = parse_model(text)
        built = build_model(model, file)
    except ConfigError as error:
        raise WeightsFileError(f"{path!r} cannot be rebuilt: {error}") from error
    net = zoo.Network(built.layers, classes=None if classes is None else list(classes))
    net.ends = built.outputs
    if classes is not None and len(classes) != net.output.output_shape[-1]:
        msg = f"the model has {net.output.output_shape[-1]} outputs, received {len(classes)} names"
        raise ValueError(msg)
    _fill(net, built, file, path)
    net.places = {name: dict(place) for name, place in built.places.items()}
    net.record = dataclasses.replace(_record(net, model.name), preprocessing=preprocessing)
    return net


def _fill(net: Network, built: Built, file: KerasFile, path: str) -> None:
    target = target_of(net)
    arrays: OrderedDict[str, StoredArray] = OrderedDict()
    for name in target.layers:
        for role, array in (layer_of(file, built.places[name]) or {}).items():
            arrays[f"{name}.{role}"] = array
    source = Source(
        file.kind,
        path,
        arrays,
        axes="keras",
        flipped=file.backend == "theano",
        version=file.version,
        backend=file.backend,
        deviations=False,  # what the configuration makes of them is known
        channels_first=any("channels_first" in p["data_format"] for p in built.places.values()),
    )
    # Flattening layers know in which order they are: see ChannelsLastFlattenLayer.
    plan = make_plan(target.shapes, source)
    set_all(target, arranged(plan, source))


def _record(net: Network, name: str) -> Any:
    """What can be told of a network: where its head begins, and of what size its pictures are."""
    from .. import zoo

    top: list[str] = []
    layer = net.output
    while len(layer.output_shape) != 4 and hasattr(layer, "input_layer"):
        top.append(layer.name)
        layer = layer.input_layer
    if len(layer.output_shape) != 4 or layer.name is None:
        layer, top = net.output, []
    rows = next((n for n in net.inputs[0].output_shape[2:] if n), None)
    return zoo.ModelRecord(
        name=name,
        title=f"{name}, from Keras",
        paper="",
        num_parameters=net.num_parameters,
        feature_layer=layer.name,
        feature_channels=layer.output_shape[1],
        blocks=(),
        top_layers=tuple(reversed(top)),
        preprocessing="identity",
        input_size=rows or 224,
        min_size=1,
    )
