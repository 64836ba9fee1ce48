"""The ``weights`` argument of the zoo's networks."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ._errors import WeightsMismatchError
from ._fetch import fetch
from ._load import LoadReport, load

COLOURS = 3


def load_pretrained(
    net: Any, weights: str | os.PathLike[str] | None, include_top: bool = True
) -> LoadReport | None:
    """Give a newly built network of the zoo its parameters, and the names of its classes.

    Parameters
    ----------
    net
        The network, with its ``.record``.
    weights
        None leaves it as it was initialised. ``'imagenet'`` fetches the published weights. Else
        the path of a weights file, in our own layout or Keras's.
    include_top
        Whether the network was built with its top.

    Returns
    -------
    LoadReport or None

    Raises
    ------
    WeightsError
        The weights cannot be had, or do not fit. The network is unchanged.
    """
    if weights is None:
        return None
    path = _published(net, include_top) if weights == "imagenet" else weights
    report = _load(net, path, include_top)
    classes = report.attributes.get("classes")
    if include_top and isinstance(classes, list) and len(classes) == net.output.output_shape[-1]:
        net.classes = classes
    return report


def _load(net: Any, path: str | os.PathLike[str], include_top: bool) -> LoadReport:
    channels = net["input"].shape[1]
    if channels == COLOURS:
        return load(net, path)
    try:
        return load(net, path)  # it may have been saved from a network of as many channels
    except WeightsMismatchError:
        from .. import zoo

        options = {"classes": net.output.output_shape[-1]} if include_top else {}
        coloured = zoo.build(
            net.record.name,
            include_top=include_top,
            input_shape=(COLOURS, *net["input"].shape[2:]),
            **options,
            **dict(net.record.arguments),
        )
        report = load(coloured, path)
    for name, param in net.params.items():
        values = coloured.params[name].get_value(borrow=True)
        if values.shape != param.get_value(borrow=True).shape:
            values = spread(values, channels)
        param.set_value(values)
    return report


def spread(values: np.ndarray, channels: int) -> np.ndarray:
    """What belongs to red, green and blue, for another number of channels.

    Parameters
    ----------
    values : array
        A kernel (filters, 3, rows, columns), or statistics (3,).
    channels : int

    Returns
    -------
    array
        A kernel of one channel is the sum: it sees in a grey picture what the kernel saw in three
        equal ones. One of more channels repeats the three, scaled by 3 / channels, so that
        what comes out keeps its size. Statistics are averaged.
    """
    if values.ndim == 1:
        return np.full(channels, values.mean(), values.dtype)
    if channels == 1:
        return values.sum(axis=1, keepdims=True)
    repeated = np.tile(values, (1, -(-channels // COLOURS), 1, 1))[:, :channels]
    return repeated * values.dtype.type(COLOURS / channels)


def _published(net: Any, include_top: bool) -> os.PathLike[str]:
    rows, columns = net["input"].shape[2:]
    return fetch(
        net.record.name,
        include_top,
        arguments=dict(net.record.arguments),
        image_size=rows if rows == columns else None,
    )
