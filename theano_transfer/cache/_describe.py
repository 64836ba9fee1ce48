"""What a symbolic graph computes, in bytes that are the same in every process.

The Ops with their properties, how they are connected, constants and the types of the inputs go
in; names do not, and neither do the values of shared variables.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from aesara.compile.sharedvalue import SharedVariable
from aesara.graph.basic import Constant, graph_inputs, io_toposort
from aesara.graph.op import Op
from aesara.graph.type import Type
from aesara.scalar.basic import ScalarOp

# Their versions are part of a feature's key. Code from elsewhere may change under the same name.
KNOWN_PACKAGES = ("aesara", "builtins", "lasagne", "numpy", "theano_transfer")


class UndescribableError(ValueError):
    """Something that another process could not recognise by its content, such as a lambda."""


def describe_graph(inputs, output) -> tuple[bytes, list[SharedVariable]]:
    """A description of ``output`` as a function of ``inputs``, and the shared variables in it.

    Equal descriptions and equal values of the shared variables, in their order, mean the same
    function.

    Parameters
    ----------
    inputs : list of variables
    output : variable

    Raises
    ------
    UndescribableError
        If an Op comes from elsewhere, or has no ``__props__`` by which to know it.
    """
    numbers = {variable: f"input {k}" for k, variable in enumerate(inputs)}
    lines = [f"{name}: {describe(variable.type)}" for variable, name in numbers.items()]
    shared: list[SharedVariable] = []
    for variable in graph_inputs([output], blockers=inputs):
        if variable in numbers:
            continue
        if isinstance(variable, SharedVariable):
            if getattr(variable, "default_update", None) is not None:
                raise UndescribableError(f"{variable} changes whenever it is used")
            text = f"shared {len(shared)}"
            shared.append(variable)
        elif isinstance(variable, Constant):
            text = f"constant {describe(variable.data)}"
        else:
            raise UndescribableError(f"{variable} is an input of the graph that nobody gave")
        numbers[variable] = f"{text} of {describe(variable.type)}"
        lines.append(numbers[variable])
    for count, node in enumerate(io_toposort(list(numbers), [output])):
        given = ", ".join(numbers[variable] for variable in node.inputs)
        lines.append(f"node {count}: {describe(node.op)}({given})")
        for k, variable in enumerate(node.outputs):
            numbers[variable] = f"node {count} output {k}"
    lines.append(numbers[output])
    return "\n".join(lines).encode(), shared


def describe(value) -> str:
    """`value` in words from which it could be made again.

    Raises
    ------
    UndescribableError
    """
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, slice, range)):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, enum.Enum):
        return f"{_name_of(type(value))}.{value.name}"
    if isinstance(value, np.dtype):
        return f"dtype {value.str}"
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise UndescribableError("an array of objects")
        return f"array {array.dtype.str} {array.shape} {array.tobytes().hex()}"
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__}({', '.join(map(describe, value))})"
    if isinstance(value, Mapping):
        pairs = sorted((describe(key), describe(item)) for key, item in value.items())
        return f"mapping {pairs}"
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return _name_of(value)
    return f"{_name_of(type(value))}({_properties(value)})"


def _properties(value) -> str:
    """What tells `value` from others of its class."""
    names = getattr(value, "__props__", None)
    if names is not None:
        return ", ".join(f"{name}={describe(getattr(value, name))}" for name in names)
    if isinstance(value, ScalarOp):
        # they have no __props__; equality goes by this attribute
        return describe(getattr(value, "output_types_preference", None))
    if isinstance(value, (Op, Type)) and not vars(value):
        return ""
    raise UndescribableError(f"{value!r} of class {type(value).__qualname__} has no __props__")


def _name_of(thing) -> str:
    """Where a class or function is found; refuses what is not found there, or is not ours."""
    found: Any = sys.modules.get(thing.__module__)
    for part in thing.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is not thing or thing.__module__.partition(".")[0] not in KNOWN_PACKAGES:
        raise UndescribableError(f"{thing!r} may be something else in another program")
    return f"{thing.__module__}.{thing.__qualname__}"
