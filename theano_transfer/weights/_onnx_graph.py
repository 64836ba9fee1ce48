"""An ONNX graph, operator by operator, as Lasagne layers."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import Any, Union

import numpy as np
from lasagne.layers import InputLayer, Layer

from ..zoo import Network
from ._errors import WeightsFileError
from ._onnx import PRODUCER, array_of, open_model, own_attributes, regular_size
from ._untrusted import check_hash, open_regular

Value = Union[Layer, np.ndarray]


def from_onnx(
    path: str | os.PathLike[str], *, output: str | None = None, known_hash: str | None = None
) -> Network:
    """A convolutional network from an ONNX file, as Lasagne layers, ready to freeze and tune.

    Needs the package onnx: ``pip install 'theano-transfer[onnx]'``. The operators that are known
    are those of ``docs/converting.md``; others are refused by name. Nothing of the file is run.

    Parameters
    ----------
    path
        The file, with one input of images and its constants inside.
    output
        Which of the graph's outputs, or results of its operators, the network ends in; by
        default the only output.
    known_hash
        ``'md5:<hex>'`` or ``'sha256:<hex>'`` of the file, checked before it is parsed.

    Returns
    -------
    Network
        Layer name -> Lasagne layer, in the order of the graph. Layers have the names of the
        operators, or of what they make.

    Raises
    ------
    WeightsFileError
        The file is damaged, unsafe, or has operators or settings that are not known.
    WeightsError
        The package onnx is missing.
    """
    with open_regular(path) as file:
        if known_hash is not None:
            check_hash(file, known_hash, path)
        model = open_model(file, os.fspath(path), regular_size(file))
    graph = Graph(model, os.fspath(path))
    return graph.build(output)


class Graph:
    """A graph that is being made layers of.

    Attributes
    ----------
    net : Network
        The layers so far.
    uses : Counter
        How many operators take each value.
    done : set of str
        Results that are in the layer of an operator before.
    """

    def __init__(self, model: Any, path: str):
        self.model, self.path = model, path
        self.graph = model.graph
        self.net = Network()
        self.uses = Counter(name for node in self.graph.node for name in node.input)
        self.uses.update(value.name for value in self.graph.output)
        self._tensors = {tensor.name: tensor for tensor in self.graph.initializer}
        self._takers = {name: node for node in self.graph.node for name in node.input}
        self._values: dict[str, Value] = {}
        self.done: set[str] = set()

    def build(self, output: str | None) -> Network:
        """The network that ends in `output`."""
        from ._onnx_operators import OPERATORS

        wanted = self._output(output)
        needed = self._needed(wanted)
        self._enter_input()
        for node in self.graph.node:
            if not needed.intersection(node.output):
                continue
            if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
                known = ", ".join(sorted(OPERATORS))
                operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
                raise self.refusal(f"operator {operator!r} is not known; known are {known}")
            try:
                OPERATORS[node.op_type](self, node)
            except WeightsFileError:
                raise
            except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
                raise self.problem(node, str(error)) from error
        value = self._values.get(wanted)
        if not isinstance(value, Layer):
            raise self.refusal(f"its output {wanted!r} does not depend on the images")
        if value is not self.net.output:
            self.net.move_to_end(str(value.name))
        self.net.built = tuple(self.net)
        if self.model.producer_name == PRODUCER:
            self.net.classes = own_attributes(self.model, self.path).get("classes")
        return self.net

    def refusal(self, reason: str) -> WeightsFileError:
        """An error about the file."""
        return WeightsFileError(f"{self.path!r} is refused: {reason}")

    def problem(self, node: Any, reason: str) -> WeightsFileError:
        """An error about an operator."""
        return self.refusal(f"{node.op_type} {node.name or node.output[0]!r}: {reason}")

    def value(self, name: str) -> Value:
        """What is called `name`: a layer or a constant."""
        if name in self._tensors and name not in self._values:
            array = array_of(self._tensors[name], self.path)
            self._values[name] = array
        if name not in self._values:
            raise self.refusal(f"nothing before its use makes {name!r}")
        return self._values[name]

    def is_constant(self, name: str) -> bool:
        """Whether `name` is known already, and a constant."""
        return name in self._tensors or isinstance(self._values.get(name), np.ndarray)

    def inputs(self, node: Any) -> list[Value | None]:
        """What an operator takes; None where nothing is given."""
        return [self.value(name) if name else None for name in node.input]

    def layer(self, node: Any, index: int = 0) -> Layer:
        """Input `index` of an operator, which has to be a layer."""
        found = self.value(node.input[index])
        if not isinstance(found, Layer):
            raise self.problem(node, f"its input {index} should depend on the images")
        return found

    def constant(self, node: Any, index: int) -> np.ndarray | None:
        """Input `index` of an operator, which has to be a constant; None where it is not given."""
        if index >= len(node.input) or not node.input[index]:
            return None
        found = self.value(node.input[index])
        if not isinstance(found, np.ndarray):
            raise self.problem(node, f"its input {index} should be a constant")
        return found

    def weights(self, node: Any, index: int) -> np.ndarray:
        """The same, of parameters, in Theano's floatX."""
        import theano

        found = self.constant(node, index)
        if found is None:
            raise self.problem(node, f"it has no input {index}")
        return np.asarray(found, theano.config.floatX)

    def put(self, node: Any, value: Value) -> None:
        """Enter what an operator made."""
        self._values[node.output[0]] = value if isinstance(value, Layer) else np.asarray(value)

    def add(self, node: Any, kind: Any, *arguments: Any, suffix: str = "", **options: Any) -> Layer:
        """Make a layer of an operator, and enter it into the network."""
        return self.net.add(kind(*arguments, name=self.name(node) + suffix, **options))

    def name(self, node: Any) -> str:
        """What the layer of an operator is called."""
        name = clean(node.name or node.output[0])
        number, free = 1, name
        while free in self.net:
            number += 1
            free = f"{name}_{number}"
        return free

    def follower(self, node: Any, operator: str) -> Any:
        """The only operator that takes what `node` makes, if it is an `operator`."""
        taker = self._takers.get(node.output[0])
        if self.uses[node.output[0]] != 1 or taker is None or taker.op_type != operator:
            return None
        return taker

    def _output(self, output: str | None) -> str:
        names = [value.name for value in self.graph.output]
        if output is None:
            if len(names) != 1:
                listed = ", ".join(names)
                raise self.refusal(f"it has {len(names)} outputs; say which: output= {listed}")
            return names[0]
        if not any(output in node.output for node in self.graph.node):
            raise self.refusal(f"no operator makes {output!r}; its outputs are {', '.join(names)}")
        return output

    def _needed(self, output: str) -> set[str]:
        """Values that `output` depends on."""
        needed = {output}
        for node in reversed(self.graph.node):
            if needed.intersection(node.output):
                needed.update(node.input)
        return needed

    def _enter_input(self) -> None:
        images = [value for value in self.graph.input if value.name not in self._tensors]
        if len(images) != 1:
            raise self.refusal(f"it has {len(images)} inputs; one, of images, is expected")
        (image,) = images
        dims = image.type.tensor_type.shape.dim
        shape = [dim.dim_value if dim.dim_value > 0 else None for dim in dims]
        if len(shape) not in (2, 4):
            raise self.refusal(
                f"its input {image.name!r} has {len(shape)} axes; images (batch, channel, row, "
                "column) are expected"
            )
        layer = self.net.add(InputLayer((None, *shape[1:]), name="input"))
        self._values[image.name] = layer


def clean(name: str) -> str:
    """A name for a layer: printable, without slashes, which files take for folders."""
    name = re.sub(r"[^\w.\-]+", "_", name).strip("_")[:200]
    return name or "layer"
