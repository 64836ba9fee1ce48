"""What layers hold and give: filters of the first convolution, and maps."""

from __future__ import annotations

import lasagne
import numpy as np
import theano
from lasagne.layers import get_all_layers

from theano_transfer._suggest import checks_options
from theano_transfer.explain._subject import subject


@checks_options
def filters(model, layer=None) -> np.ndarray:
    """The filters of a convolution, as it correlates them with its input.

    Parameters
    ----------
    model : Model, or mapping of str to Layer
    layer : str, optional
        The first convolution, if None.

    Returns
    -------
    float32 array (filters, channels, rows, columns)
        A copy. Of the first convolution, channels are RGB whatever order the network takes them
        in, so that they can be shown.

    Raises
    ------
    UnknownLayerError, ValueError
        If there is no such layer, or it has no filters.
    """
    looked_at = subject(model)
    order = [one for one in get_all_layers(looked_at.output) if _filters_of(one) is not None]
    if layer is None and not order:
        raise ValueError("this network has no convolution")
    chosen = order[0] if layer is None else looked_at.layer(layer)
    W = _filters_of(chosen)
    if W is None:
        raise ValueError(
            f"{layer!r} has no filters (filters, channels, rows, columns); convolutions are "
            f"{', '.join(repr(one.name) for one in order[:6])} and so on"
        )
    # Lasagne 0.1's own layer has no such setting and always flips.
    if getattr(chosen, "flip_filters", isinstance(chosen, lasagne.layers.Conv2DLayer)):
        W = W[:, :, ::-1, ::-1]
    preprocessing = looked_at.preprocessing
    if chosen is order[0] and W.shape[1] == 3 and preprocessing is not None and preprocessing.bgr:
        W = W[:, ::-1]
    return W.copy()


@checks_options
def feature_maps(model, pictures, layers=None, *, batch_size=16) -> dict[str, np.ndarray]:
    """What layers make of pictures.

    Parameters
    ----------
    model : Model, or mapping of str to Layer
    pictures : data set, paths, folder, or array (n, 3, rows, columns) of RGB values 0..255
    layers : str or list of str, optional
        The last maps of each stride (``net.feature_info``), if None.
    batch_size : int

    Returns
    -------
    dict of str to float32 array (n, channels, rows, columns)
        All of them are in memory: a few pictures will do.
    """
    looked_at = subject(model)
    if layers is None:
        names = [info.layer for info in looked_at.net.feature_info]
    else:
        names = [layers] if isinstance(layers, str) else list(layers)
    chosen = [looked_at.layer(name) for name in names]

    def make():
        pixels, maps = looked_at.expressions(chosen)
        return theano.function([pixels], maps, name="feature_maps")

    function = looked_at.compiled(("feature_maps", *names), make)
    parts = [function(pixels) for pixels in looked_at.batches(pictures, batch_size)]
    if not parts:
        raise ValueError("there are no pictures")
    return {name: np.concatenate(found) for name, found in zip(names, zip(*parts))}


def _filters_of(layer):
    """The filters (filters, channels, rows, columns) of a convolution, or None."""
    W = getattr(layer, "W", None)
    if W is None or not hasattr(W, "get_value") or W.ndim != 4:
        return None
    return W.get_value()
