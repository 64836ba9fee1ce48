"""The ``weights`` argument of the zoo's networks."""

from __future__ import annotations

import os
from typing import Any

from ._fetch import fetch
from ._load import LoadReport, load


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
    report = load(net, path)
    classes = report.attributes.get("classes")
    if include_top and isinstance(classes, list) and len(classes) == net.output.output_shape[-1]:
        net.classes = classes
    return report


def _published(net: Any, include_top: bool) -> os.PathLike[str]:
    rows, columns = net["input"].shape[2:]
    return fetch(
        net.record.name,
        include_top,
        arguments=dict(net.record.arguments),
        image_size=rows if rows == columns else None,
    )
