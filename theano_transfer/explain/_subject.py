"""What is explained: a network with its preprocessing, and the number whose causes are sought."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import theano.tensor as T
from lasagne.layers import InputLayer, Layer, get_all_layers, get_output

from theano_transfer import zoo
from theano_transfer._choice import checked_choice
from theano_transfer.images import Preprocessing
from theano_transfer.images._preprocessing import resolve
from theano_transfer.tuning._assemble import picture_size, usual_preprocessing
from theano_transfer.tuning._errors import UnknownLayerError
from theano_transfer.tuning._scores import split_prediction
from theano_transfer.tuning._select import no_such_layer
from theano_transfer.tuning._sources import Reading, as_source, read_batches

OF = ("score", "probability")

# Compiled functions by the layer that predicts: a second call compiles nothing. They read the
# parameters as they are when called, and go when the network does.
_COMPILED: weakref.WeakKeyDictionary[Layer, dict] = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class Subject:
    """A network that answers questions about pictures of RGB values 0..255.

    Attributes
    ----------
    net : Network
    output : Layer
        The layer that predicts, (n, outputs).
    preprocessing : Preprocessing or None
        Part of the graph, so that gradients are those of pixels. None where a function of the
        user's makes the network's input outside the graph.
    reading : str or callable
        What is done with pixels outside the graph.
    size : (rows, columns)
    classes : list of str or None
    task : str
    """

    net: zoo.Network
    output: Layer
    preprocessing: Preprocessing | None
    reading: Any
    size: tuple[int, int]
    classes: list[str] | None
    task: str

    @property
    def entry(self) -> InputLayer:
        return next(x for x in get_all_layers(self.output) if isinstance(x, InputLayer))

    @property
    def outputs(self) -> int:
        return self.output.output_shape[1]

    def layer(self, name: str) -> Layer:
        """The layer called `name`; UnknownLayerError, with the nearest names, if none is."""
        if name not in self.net:
            raise UnknownLayerError(no_such_layer(name, self.net))
        return self.net[name]

    def expressions(self, layers: list[Layer]):
        """A variable for pixels (n, 3, rows, columns), and what `layers` make of it."""
        pixels = T.tensor4("pixels")
        x = pixels if self.preprocessing is None else self.preprocessing(pixels)
        return pixels, get_output(layers, inputs={self.entry: x}, deterministic=True)

    def quantity(self, prediction, target, of: str):
        """(n,) expression: the score or probability of class `target` (n,) for each picture."""
        if of not in OF:
            raise ValueError(f"of is 'score' or 'probability'; got {of!r}")
        values = prediction if of == "probability" else split_prediction(prediction)[0]
        if not self.is_binary:
            return values[T.arange(target.shape[0]), target]
        # One output, that of class 1: the other's score is its negative, the other's probability
        # what is missing to 1.
        ours = values[:, 0] * (2 * target - 1)
        return ours + (1 - target) if of == "probability" else ours

    @property
    def is_binary(self) -> bool:
        return self.task == "binary" and self.outputs == 1

    def compiled(self, key: tuple, make: Callable[[], Any]):
        """What `make` compiles, once for this network and `key`."""
        functions = _COMPILED.setdefault(self.output, {})
        key = (*key, self.preprocessing)
        if key not in functions:
            functions[key] = make()
        return functions[key]

    def questions(
        self, data, target, batch_size: int, predict: Callable[[np.ndarray], np.ndarray]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pictures of `data` in its order, with the number of the output asked about.

        Parameters
        ----------
        data : as for ``Model.predict``
        target : None, int, str, or sequence of int or str
            None asks about what is predicted.
        batch_size : int
        predict : callable
            (b, 3, rows, columns) -> predictions (b, outputs).

        Yields
        ------
        pixels : float32 (b, 3, rows, columns)
        numbers : int32 (b,)
        """
        source = as_source(data)
        count = len(source)
        numbers = None if target is None else self._numbers(target, count)
        done = 0
        for pixels in self.batches(source, batch_size):
            if numbers is None:
                yield pixels, self._most_probable(predict(pixels))
            else:
                yield pixels, numbers[done : done + len(pixels)]
            done += len(pixels)

    def batches(self, data, batch_size: int) -> Iterator[np.ndarray]:
        """Pictures of `data` as float32 (b, 3, rows, columns), in its order."""
        source = as_source(data)
        if not len(source):
            return
        for x, _ in read_batches(source, Reading(self.size, self.reading, batch_size)):
            yield np.ascontiguousarray(x, dtype=np.float32)

    def _most_probable(self, prediction) -> np.ndarray:
        if self.is_binary:
            return (prediction[:, 0] > 0.5).astype(np.int32)
        return prediction.argmax(axis=1).astype(np.int32)

    def _numbers(self, target, count) -> np.ndarray:
        single = isinstance(target, (str, int, np.integer))
        given = [target] * count if single else list(target)
        if len(given) != count:
            raise ValueError(
                f"there are {count} pictures and {len(given)} targets; give one class for all "
                "of them, or one for each"
            )
        return np.array([self._number(one) for one in given], np.int32)

    def _number(self, one) -> int:
        most = 2 if self.is_binary else self.outputs
        if isinstance(one, str):
            if self.classes is None:
                raise ValueError(f"the classes have no names; give a number in place of {one!r}")
            return self.classes.index(checked_choice(one, self.classes, "class"))
        number = int(one)
        if number != one or not 0 <= number < most:
            raise ValueError(f"the network's classes are numbered 0 to {most - 1}; got {one!r}")
        return number


def subject(model) -> Subject:
    """`model` as a Subject.

    Parameters
    ----------
    model : Model, or mapping of str to Layer
        A network has the preprocessing of its record, or none.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(model, Mapping):
        net = model if isinstance(model, zoo.Network) else zoo.Network(model)
        output = net.output
        given, size = usual_preprocessing(net), picture_size(net, output)
        classes, task = net.classes, "classification"
    elif hasattr(model, "net") and hasattr(model, "input_size"):
        net, output = model.net, model.output
        given, size = model.preprocessing, model.input_size
        classes, task = model.classes, model.task
    else:
        raise TypeError(
            f"expected a Model or a network (layer name -> layer); got {type(model).__name__}"
        )
    known = isinstance(given, (str, Preprocessing))
    return Subject(
        net=net,
        output=output,
        preprocessing=resolve(given) if known else None,
        reading="identity" if known else given,
        size=size,
        classes=None if classes is None else list(classes),
        task=task,
    )
