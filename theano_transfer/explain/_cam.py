"""Grad-CAM: where the maps of a convolution speak for a class."""

from __future__ import annotations

import lasagne
import numpy as np
import theano
import theano.tensor as T
from aesara.gradient import DisconnectedInputError
from lasagne.layers import get_all_layers

from theano_transfer._suggest import checks_options
from theano_transfer.explain._gradients import questions
from theano_transfer.explain._resize import enlarged
from theano_transfer.explain._subject import Subject, subject
from theano_transfer.layers import Crop2DLayer, Pool2DLayer, SamePad2DLayer, ZeroPad2DLayer

# What follows maps without saying more about them. Padding, moreover, becomes part of the
# convolution after it, so that nothing in the graph hangs on the padded maps.
PASSED_OVER = (
    Pool2DLayer, lasagne.layers.Pool2DLayer, ZeroPad2DLayer, SamePad2DLayer, Crop2DLayer,
)  # fmt: skip


@checks_options
def grad_cam(
    model, pictures, target=None, *, layer=None, resize=True, of="score", batch_size=16
) -> np.ndarray:
    """Where in a picture the network sees a class.

    Selvaraju et al., "Grad-CAM", 2017, https://arxiv.org/abs/1610.02391: maps ``A_k`` of a layer
    are weighted by the means over all places of the gradients of the class's score by them, and
    ``max(0, sum_k w_k A_k)`` is left.

    Parameters
    ----------
    model : Model, or mapping of str to Layer
    pictures : data set, paths, folder, or array (n, 3, rows, columns) of RGB values 0..255
    target : int, str, or one for each picture, optional
        Number or name of the class; what is predicted, if None.
    layer : str, optional
        A layer of maps (n, channels, rows, columns); if None, the last one in front of the
        pooling that ends the maps.
    resize : bool
        Bring the result to the size of the network's input, bilinearly. False leaves it at the
        size of the layer's maps.
    of : {'score', 'probability'}
        What is differentiated: what goes into the last softmax or sigmoid, or what comes out.
    batch_size : int

    Returns
    -------
    float32 array (n, rows, columns)
        From 0 on, not scaled: maps of one class can be compared.

    Raises
    ------
    UnknownLayerError, ValueError
        If there is no such layer or class, or the layer has no maps.
    """
    looked_at = subject(model)
    name = layer or last_maps(looked_at)
    function = _function(looked_at, name, of)
    found = []
    for pixels, numbers in questions(looked_at, pictures, target, batch_size):
        maps = function(pixels, numbers)
        found.append(enlarged(maps, looked_at.size) if resize else maps)
    if not found:
        shape = looked_at.size if resize else looked_at.layer(name).output_shape[2:]
        return np.empty((0, *shape), np.float32)
    return np.concatenate(found)


def last_maps(looked_at: Subject) -> str:
    """Name of the last layer of maps in front of the pooling that ends them."""
    names = {one: name for name, one in looked_at.net.items()}
    for one in reversed(get_all_layers(looked_at.output)):
        shape = one.output_shape
        is_maps = len(shape) == 4 and shape[2:] != (1, 1) and one is not looked_at.entry
        if is_maps and one in names and not isinstance(one, PASSED_OVER):
            return names[one]
    raise ValueError("this network has no layer of maps (n, channels, rows, columns)")


def _function(looked_at: Subject, name: str, of: str):
    """Compiled: pixels, class numbers (n,) -> (n, rows, columns) of the layer."""
    chosen = looked_at.layer(name)
    if len(chosen.output_shape) != 4:
        raise ValueError(
            f"Grad-CAM takes a layer of maps (n, channels, rows, columns); {name!r} gives "
            f"{chosen.output_shape}. {last_maps(looked_at)!r} is the last that has some"
        )

    def make():
        pixels, (maps, prediction) = looked_at.expressions([chosen, looked_at.output])
        target = T.ivector("target")
        total = looked_at.quantity(prediction, target, of).sum()
        try:
            slopes = T.grad(total, maps)
        except DisconnectedInputError as error:
            raise ValueError(
                f"what is predicted does not hang on the output of {name!r} (padding, for example, "
                "becomes part of the convolution after it)"
            ) from error
        weights = slopes.mean(axis=(2, 3), keepdims=True)
        summed = T.maximum((weights * maps).sum(axis=1), 0)
        return theano.function([pixels, target], summed, name="grad_cam")

    return looked_at.compiled(("grad_cam", name, of), make)
