"""Putting a model together: a base without its top, and the outputs a task needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from lasagne.layers import InputLayer, Layer, get_all_layers

from theano_transfer import images, weights, zoo
from theano_transfer._suggest import nearest
from theano_transfer.tuning._heads import ACTIVATIONS, seeded

TASKS = tuple(ACTIVATIONS)


@dataclass(frozen=True)
class Outputs:
    """What a model predicts.

    Attributes
    ----------
    task : {'classification', 'binary', 'multilabel', 'ordinal', 'regression'}
    count : int
        Classes told apart, or numbers predicted: 2 for a binary model.
    names : tuple of str or None
        Their names.
    """

    task: str
    count: int
    names: tuple[str, ...] | None

    @property
    def units(self) -> int:
        """Units of the last layer: a binary model has one, the probability of class 1; an ordinal
        one those that the class is above 0, above 1, and so on."""
        return self.count - 1 if self.task in ("binary", "ordinal") else self.count


def plan_outputs(classes, task: str | None) -> Outputs:
    """What `classes` and `task` ask for.

    Parameters
    ----------
    classes : int or list of str
        How many classes (labels, numbers) or their names. 1 and 2 both mean a binary model
        where the task is binary.
    task : str or None
        None is 'binary' for one class and else 'classification'.

    Raises
    ------
    ValueError, TypeError
    """
    names = None
    if isinstance(classes, (int, np.integer)) and not isinstance(classes, bool):
        count = int(classes)
    elif isinstance(classes, Iterable) and not isinstance(classes, (str, bytes)):
        names = tuple(classes)
        count = len(names)
        if not all(isinstance(name, str) for name in names):
            raise TypeError(f"class names are strings; got {classes!r}")
        if len(set(names)) != count:
            raise ValueError(f"two classes have the same name: {classes!r}")
    else:
        raise TypeError(f"classes is a number of classes or a list of names; got {classes!r}")
    if task is None:
        task = "binary" if count == 1 else "classification"
    if task not in TASKS:
        raise ValueError(f"task is one of {', '.join(TASKS)}; got {task!r}" + nearest(task, TASKS))
    least = 2 if task in ("classification", "ordinal") else 1
    if count < least:
        raise ValueError(f"a {task} needs at least {least} classes; got {classes!r}")
    if task == "binary":
        if count > 2 or (names is not None and count != 2):
            raise ValueError(f"a binary model tells two classes apart; got classes={classes!r}")
        count = 2
    return Outputs(task, count, names)


def task_for_loss(loss, outputs: Outputs) -> str:
    """The task that a loss suggests where nobody named one.

    Parameters
    ----------
    loss : Loss
    outputs : Outputs
        As planned before the loss was known.
    """
    if loss.name in ("binary_crossentropy", "binary_focal"):
        return "binary" if outputs.count == 2 else "multilabel"
    if outputs.task == "binary" and loss.tasks[0] == "classification":
        return outputs.task  # one class cannot be told from others: the caller hears of it
    return loss.tasks[0]


def build_base(base, given_weights, input_shape, seed: int) -> tuple[zoo.Network, Layer]:
    """A network without its top, and the layer that a head goes on.

    Parameters
    ----------
    base : str or mapping of str to Layer
        A name of the zoo, or a network. Of a network with a top, what lies below it is used.
    given_weights : None, 'imagenet' or path
        A network keeps its own parameters unless this is a path.
    input_shape : None or (channels, rows, columns)
    seed : int
        Of random weights.
    """
    if isinstance(base, str):
        options = {} if input_shape is None else {"input_shape": tuple(input_shape)}
        with seeded(seed):
            net = zoo.build(base, weights=given_weights, include_top=False, **options)
        return net, net.output
    if not isinstance(base, Mapping):
        raise TypeError(
            "base is a name of the zoo (tt.zoo.models()) or a network (layer name -> layer); "
            f"got {base!r}"
        )
    if input_shape is not None:
        raise ValueError("input_shape goes with a base given by name; a network has its own")
    net = base if isinstance(base, zoo.Network) else zoo.Network(base)
    features = net.output
    if net.record is not None and net.record.feature_layer in net:
        top_is_there = any(name in net for name in net.record.top_layers)
        features = net[net.record.feature_layer] if top_is_there else features
    below = set(get_all_layers(features))
    net = zoo.Network(
        [(name, layer) for name, layer in net.items() if layer in below],
        record=net.record,
    )
    if len(net) != len(below):
        missing = [layer for layer in below if layer not in set(net.values())]
        raise ValueError(
            f"the network leaves out {len(missing)} layers that it rests on: {missing}"
        )
    entries = [layer.name for layer in net.inputs]
    if len(entries) != 1:
        raise ValueError(
            f"a model takes pictures at one place, the network has {len(entries)} inputs: "
            f"{', '.join(map(str, entries))}; train it with functions of your own"
        )
    if given_weights not in (None, "imagenet"):
        weights.load(net, given_weights)
    return net, features


def shape_for(base, input_shape, in_channels):
    """What ``zoo.build`` gets as `input_shape`, or None for the usual.

    Parameters
    ----------
    base : str or mapping of str to Layer
    input_shape : None or (channels, rows, columns)
    in_channels : None or int
    """
    if in_channels is None:
        return input_shape
    if isinstance(in_channels, bool) or not isinstance(in_channels, (int, np.integer)):
        raise TypeError(f"in_channels is a whole number; got {in_channels!r}")
    if not isinstance(base, str):
        raise ValueError("in_channels goes with a base given by name; a network has its own")
    if input_shape is None:
        return (int(in_channels), *zoo.record(base).input_shape[1:])
    if input_shape[0] != in_channels:
        raise ValueError(
            f"input_shape={input_shape!r} has {input_shape[0]} channels, and "
            f"in_channels={in_channels!r}; give one of them"
        )
    return input_shape


def picture_size(net, features: Layer) -> tuple[int, int]:
    """(rows, columns) that pictures are brought to."""
    entry = next(layer for layer in get_all_layers(features) if isinstance(layer, InputLayer))
    if len(entry.shape) != 4 or entry.shape[1] is None:
        raise ValueError(
            "a model takes pictures (batch, channels, rows, columns), of a known number of "
            f"channels; the input layer of this base has shape {entry.shape}"
        )
    usual = None if net.record is None else net.record.input_size
    rows, columns = (usual if n is None else n for n in entry.shape[2:])
    if rows is None or columns is None:
        raise ValueError(
            f"the input layer of this base has shape {entry.shape} and no record says which size "
            "is usual; give the input layer rows and columns"
        )
    return rows, columns


def usual_preprocessing(net) -> str:
    """The key of the preprocessing that the weights of a base expect."""
    return "identity" if net.record is None else net.record.preprocessing


def checked_preprocessing(preprocessing):
    """A key of ``tt.images.PREPROCESSING``, a Preprocessing or another function; checked."""
    if isinstance(preprocessing, str) and preprocessing not in images.PREPROCESSING:
        raise ValueError(
            f"no preprocessing is called {preprocessing!r}; there are "
            f"{', '.join(images.PREPROCESSING)}" + nearest(preprocessing, images.PREPROCESSING)
        )
    if not isinstance(preprocessing, str) and not callable(preprocessing):
        raise TypeError(f"preprocessing is a name or a function; got {preprocessing!r}")
    return preprocessing
