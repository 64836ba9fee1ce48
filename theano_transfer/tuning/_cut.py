"""Where a network can be cut: below, training changes nothing; above, it does.

What lies below the cut gives the same features for the same picture in every epoch. It is
computed by a function of its own, whose results may be kept, and no gradient goes through it.
"""

from __future__ import annotations

import theano
import theano.tensor as T
from aesara.graph.basic import equal_computations
from lasagne.layers import InputLayer, Layer, MergeLayer, get_all_layers, get_all_params

from theano_transfer.tuning._freeze import trainable_params


def find_cut(output: Layer) -> Layer:
    """The highest layer that all of `output` rests on and that training leaves alone.

    Parameters
    ----------
    output : Layer
        The last layer of a network with one input.

    Returns
    -------
    Layer
        With a frozen base under ``['avg', 256]``, the average pooling; with layers frozen up to
        ``block4_pool``, that layer; the input layer where no parameter lies below the cut.

    Raises
    ------
    ValueError
        If the network has several inputs, or none.
    """
    layers = get_all_layers(output)
    entries = [layer for layer in layers if isinstance(layer, InputLayer)]
    if len(entries) != 1:
        raise ValueError(f"expected a network with one input layer; this one has {len(entries)}")
    still = still_layers(output)
    for layer in reversed(layers):
        if layer in still and _all_paths_meet(output, layer) and get_all_params(layer):
            return layer
    return entries[0]


def still_layers(output: Layer) -> set[Layer]:
    """Layers whose output depends on nothing but the picture and on what training leaves alone.

    Such a layer has no trainable parameter, rests on such layers only, and computes the same in
    training as in prediction.
    """
    trainable = set(trainable_params(output))
    still: set[Layer] = set()
    for layer in get_all_layers(output):
        if (
            trainable.isdisjoint(layer.params)
            and all(below in still for below in inputs_of(layer))
            and computes_the_same(layer)
        ):
            still.add(layer)
    return still


def inputs_of(layer: Layer) -> list[Layer]:
    """The layers that feed `layer` directly; none for an input layer."""
    if isinstance(layer, MergeLayer):
        return list(layer.input_layers)
    below = getattr(layer, "input_layer", None)
    return [] if below is None else [below]


def computes_the_same(layer: Layer) -> bool:
    """Whether a layer does the same with and without ``deterministic=True``.

    Dropout does not, nor does a batch normalisation that is not frozen: the two expressions
    differ. Comparing expressions finds them whatever library they come from.
    """
    if isinstance(layer, InputLayer):
        return True
    if isinstance(layer, MergeLayer):
        given = [_stand_in(shape) for shape in layer.input_shapes]
    else:
        given = _stand_in(layer.input_shape)
    in_training = layer.get_output_for(given)
    in_prediction = layer.get_output_for(given, deterministic=True)
    return equal_computations([in_training], [in_prediction])


def _stand_in(shape):
    """A variable that may hold an array of `shape`."""
    return T.TensorType(theano.config.floatX, (None,) * len(shape))()


def _all_paths_meet(output, layer) -> bool:
    """Whether `output` rests on no other input once `layer` is taken for one."""
    rest = get_all_layers(output, treat_as_input=[layer])
    return not any(isinstance(other, InputLayer) and other is not layer for other in rest)
