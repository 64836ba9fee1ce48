"""From a graph of Aesara to a Python function that JAX can trace.

Shapes have to be numbers when JAX traces. Aesara computes them in the graph, by Ops like any other:
here, what depends on shapes and constants alone is computed at once, in NumPy, by the Ops
themselves, and only the rest becomes part of what XLA compiles.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from aesara.graph.basic import Constant, NoParams
from aesara.graph.null_type import NullType
from aesara.ifelse import IfElse
from aesara.link.jax.dispatch import jax_funcify
from aesara.scan.op import Scan
from aesara.tensor.random.op import RandomVariable

from theano_transfer.backends._errors import DataDependentShapeError
from theano_transfer.backends._precision import in_storage_dtype

# Errors of JAX about a number that is asked for while it traces.
UNKNOWN_NUMBER = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)


def as_function(fgraph):
    """A function of the values of `fgraph`'s inputs that returns a list of those of its outputs."""
    steps = [(node, conversion(node)) for node in fgraph.toposort()]

    def run(*values):
        known = dict(zip(fgraph.inputs, values))
        for node, convert in steps:
            inputs = [v.data if isinstance(v, Constant) else known[v] for v in node.inputs]
            known.update(zip(node.outputs, _outputs(node, convert, inputs)))
        return [v.data if isinstance(v, Constant) else known[v] for v in fgraph.outputs]

    return run


def conversion(node):
    """The function that computes the outputs of `node` in JAX.

    Raises
    ------
    NotImplementedError
        If there is none.
    """
    try:
        return jax_funcify(node.op, node=node)
    except (NotImplementedError, AttributeError, TypeError) as error:
        if isinstance(error, NotImplementedError) and "No JAX conversion" not in str(error):
            raise
        raise NotImplementedError(
            f"{node.op} ({type(node.op).__name__}) cannot be computed by JAX: no conversion is "
            "registered for it. Compile this function with mode='FAST_RUN', or register one with "
            "aesara.link.jax.dispatch.jax_funcify"
        ) from error


def _outputs(node, convert, inputs):
    if _is_about_shapes(node, inputs):
        return _computed_now(node, inputs)
    try:
        results = convert(*inputs)
    except UNKNOWN_NUMBER as error:
        raise DataDependentShapeError(
            f"{node.op} makes something whose shape depends on data, not on shapes alone, and XLA "
            "compiles for shapes that are known before: compute it in NumPy and pass it as an "
            "input, or compile this function with mode='FAST_RUN'"
        ) from error
    if len(node.outputs) == 1:
        results = [results]
    return [_as_typed(v, result) for v, result in zip(node.outputs, results)]


def _is_about_shapes(node, inputs):
    """Whether `node` makes numbers or vectors of what is known now."""
    if any(isinstance(v, jax.Array) for v in inputs):
        return False
    if isinstance(node.op, (Scan, IfElse, RandomVariable)):
        return False
    return all(getattr(v.type, "ndim", 2) <= 1 for v in node.outputs)


def _computed_now(node, inputs):
    values = [
        np.asarray(value, v.type.dtype) if hasattr(v.type, "broadcastable") else value
        for v, value in zip(node.inputs, inputs)
    ]
    storage: list = [[None] for _ in node.outputs]
    node.op.prepare_node(node, None, None, "py")
    params = node.run_params()
    node.op.perform(node, values, storage, *([] if params is NoParams else [params]))
    return [cell[0] for cell in storage]


def _as_typed(variable, value):
    """`value` with the dtype that the graph says."""
    dtype = getattr(variable.type, "dtype", None)
    if dtype is None or isinstance(variable.type, NullType):
        return value
    if not isinstance(value, jax.Array):
        return np.asarray(value, dtype)
    wanted = in_storage_dtype(variable, value, dtype)
    return value if value.dtype == wanted else value.astype(wanted)


def numbers(value, what):
    """Whole numbers that have to be known while JAX traces, as a tuple.

    Raises
    ------
    DataDependentShapeError
        If they are computed from data.
    """
    if isinstance(value, jax.Array):
        raise DataDependentShapeError(
            f"{what} depends on data, not on shapes alone, and XLA compiles for shapes that are "
            "known before: make it a constant, or compile this function with mode='FAST_RUN'"
        )
    return tuple(int(n) for n in np.ravel(value))


def number(value, what):
    """The same for one number."""
    (result,) = numbers(value, what)
    return result


def separate(results, inputs):
    """`results`, each an array of its own: neither one of the `inputs` nor another result.

    XLA may give an output the buffer of an input, which is then freed when it is donated.
    """
    seen = {id(v) for v in inputs}
    own = []
    for value in results:
        if id(value) in seen or not isinstance(value, jax.Array):
            value = jnp.array(value, copy=True)
        seen.add(id(value))
        own.append(value)
    return own
