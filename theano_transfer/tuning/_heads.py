"""Heads: the new layers on top of a pretrained base, from a short list.

A head is a list of steps: ``['avg', 'dropout']`` or ``['flatten', 256, 'dropout']``. The layer
that predicts is added by itself.
"""

from __future__ import annotations

import contextlib
import math
from collections import OrderedDict
from collections.abc import Iterable

import lasagne
import numpy as np
import theano.tensor as T
from lasagne.layers import (
    ConcatLayer,
    DenseLayer,
    DropoutLayer,
    FlattenLayer,
    GlobalPoolLayer,
    Layer,
    get_all_layers,
)

from theano_transfer._suggest import nearest
from theano_transfer.tuning._scores import linear, sigmoid, softmax

DEFAULT_HEAD = ("avg", "dropout")
DROPOUT = 0.5
PREDICTIONS = "head_predictions"
WORDS = ("avg", "max", "avgmax", "flatten", "dropout", "batchnorm")

# Task -> the nonlinearity of the last layer.
ACTIVATIONS = {
    "classification": softmax,
    "binary": sigmoid,
    "multilabel": sigmoid,
    "ordinal": sigmoid,
    "regression": linear,
}


def parse_head(head) -> tuple:
    """Check a head and bring it into one form.

    Parameters
    ----------
    head : None or iterable
        Its steps: a number n (dense layer of n units, relu), 'avg' or 'max' (global pooling over
        rows and columns), 'avgmax' (both, side by side), 'flatten', 'batchnorm', 'dropout' (0.5)
        or ('dropout', 0.2), or a function from layer to layer. None is ``['avg', 'dropout']``.

    Returns
    -------
    tuple
        Steps: int, str, ('dropout', float) or callable.

    Raises
    ------
    ValueError, TypeError
        That name the step.
    """
    if head is None:
        head = DEFAULT_HEAD
    if isinstance(head, (str, bytes, int)) or not isinstance(head, Iterable):
        raise TypeError(f"a head is a list such as ['flatten', 256, 'dropout']; got {head!r}")
    return tuple(_parse_step(step) for step in head)


def _parse_step(step):
    if isinstance(step, (int, np.integer)) and not isinstance(step, bool):
        if step < 1:
            raise ValueError(f"a dense layer needs at least one unit; the head asks for {step}")
        return int(step)
    if isinstance(step, str):
        if step not in WORDS:
            raise ValueError(
                f"a head knows {', '.join(WORDS)}, numbers and functions; got {step!r}"
                + nearest(step, WORDS)
            )
        return ("dropout", DROPOUT) if step == "dropout" else step
    if isinstance(step, (tuple, list)) and len(step) == 2 and step[0] == "dropout":
        share = float(step[1])
        if not (math.isfinite(share) and 0 <= share < 1):
            raise ValueError(f"dropout takes a share from 0 to below 1; got {step[1]!r}")
        return ("dropout", share)
    if callable(step):
        return step
    raise TypeError(
        f"a step of a head is one of {', '.join(WORDS)}, ('dropout', share), a number of units "
        f"or a function from layer to layer; got {step!r}"
    )


def build_head(incoming: Layer, steps, *, outputs: int, task: str, seed: int = 0) -> OrderedDict:
    """Put a head on a layer.

    Parameters
    ----------
    incoming : Layer
        Usually (batch, channels, rows, columns) or (batch, channels).
    steps : tuple
        From :func:`parse_head`.
    outputs : int
        Units of the last layer.
    task : {'classification', 'binary', 'multilabel', 'ordinal', 'regression'}
        Gives the last layer softmax, sigmoid, sigmoid, sigmoid or nothing.
    seed : int
        Of the initial weights (Glorot uniform) and of dropout.

    Returns
    -------
    OrderedDict
        Layer name -> layer: ``head_dense1``, ``head_dropout1`` and so on, and last
        ``head_predictions``.
    """
    layers: OrderedDict[str, Layer] = OrderedDict()
    top = incoming
    with seeded(seed):
        for step in steps:
            top = _add_step(layers, top, step)
        layers[PREDICTIONS] = DenseLayer(
            _with_known_size(top, "its last layer"),
            outputs,
            W=lasagne.init.GlorotUniform(),
            nonlinearity=ACTIVATIONS[task],
            name=PREDICTIONS,
        )
    return layers


def _add_step(layers, top, step) -> Layer:
    if callable(step):
        return _add_own(layers, top, step)
    if isinstance(step, int):
        name = _next_name(layers, "dense")
        new = DenseLayer(_with_known_size(top, name), step, name=name)
    elif isinstance(step, tuple):
        new = DropoutLayer(top, p=step[1], name=_next_name(layers, "dropout"))
    elif step == "flatten":
        name = _next_name(layers, "flatten")
        new = FlattenLayer(_with_known_size(top, name), name=name)
    elif step == "batchnorm":
        from theano_transfer.layers import BatchNormLayer

        new = BatchNormLayer(top, name=_next_name(layers, "batchnorm"))
    elif step == "avgmax":
        name = _next_name(layers, step)
        both = [_global_pool(top, mode, f"{name}_{mode}") for mode in ("avg", "max")]
        layers.update((pool.name, pool) for pool in both)
        new = ConcatLayer(both, name=name)
    else:
        new = _global_pool(top, step, _next_name(layers, step))
    layers[new.name] = new
    return new


def _global_pool(top, mode, name) -> Layer:
    if len(top.output_shape) != 4:
        raise ValueError(
            f"{mode!r} pools over rows and columns, but the layer below {name!r} gives shape "
            f"{top.output_shape}; leave {mode!r} out or put it first"
        )
    return GlobalPoolLayer(top, pool_function=T.mean if mode == "avg" else T.max, name=name)


def _add_own(layers, top, function) -> Layer:
    """Layers that a function of the user's stacks on `top`, named where they have no name."""
    new = function(top)
    if not isinstance(new, Layer):
        raise TypeError(f"a function in a head takes a layer and returns a layer; got {new!r}")
    below = set(get_all_layers(top))
    for layer in get_all_layers(new):
        if layer in below:
            continue
        if layer.name is None:
            layer.name = _next_name(layers, "layer")
        if layer.name in layers:
            raise ValueError(f"two layers of the head are called {layer.name!r}")
        layers[layer.name] = layer
    return new


def _with_known_size(layer, name) -> Layer:
    """A dense layer needs to know how many numbers come in; say what to do where it cannot."""
    if any(size is None for size in layer.output_shape[1:]):
        raise ValueError(
            f"{name!r} needs a known size, but what comes in has shape {layer.output_shape}; "
            "give input_shape with rows and columns, or put 'avg' or 'max' before it"
        )
    return layer


def _next_name(layers, kind: str) -> str:
    count = sum(name.startswith(f"head_{kind}") for name in layers) + 1
    return f"head_{kind}{count}"


@contextlib.contextmanager
def seeded(seed: int):
    """Lasagne's initialisers draw from a generator seeded with `seed` inside this block."""
    before = lasagne.random.get_rng()
    lasagne.random.set_rng(np.random.RandomState(seed))
    try:
        yield
    finally:
        lasagne.random.set_rng(before)
