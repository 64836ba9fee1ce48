"""``theano.scan``, its shortcuts and ``theano.clone`` with the arguments of Theano 1.0."""

import numpy as np
from aesara.compile.ops import ViewOp
from aesara.graph import basic
from aesara.scan import basic as scan_basic
from aesara.scan import checkpoints, utils
from aesara.scan.utils import ScanArgs
from aesara.tensor import as_tensor_variable, get_scalar_constant_value
from aesara.tensor.exceptions import NotScalarConstantError
from aesara.tensor.type import TensorType

DEPRECATED_ARG = object()


class _AnyLength(ViewOp):
    """Its input, of whose lengths only those of 1 are known when compiling.

    A state of ``scan`` keeps its type from step to step. Theano knew of an axis only whether it has
    length 1; with Aesara's static shapes, ``T.zeros((n, 100))`` could not become a product.
    """

    def make_node(self, x):
        shape = [1 if length == 1 else None for length in x.type.shape]
        return basic.Apply(self, [x], [TensorType(x.dtype, shape)()])


def _initial(state):
    """`state`, an entry of ``outputs_info``, of any length."""
    if isinstance(state, dict):
        if state.get("initial") is None:
            return state
        return {**state, "initial": _initial(state["initial"])}
    if state is None or not isinstance(
        getattr(as_tensor_variable(state), "type", None), TensorType
    ):
        return state
    state = as_tensor_variable(state)
    if all(length in (None, 1) for length in state.type.shape):
        return state
    return _AnyLength()(state)


def _listed(values):
    """What may be given as one thing or several, as a list."""
    if values is None:
        return []
    return list(values) if isinstance(values, (list, tuple)) else [values]


def scan(
    fn,
    sequences=None,
    outputs_info=None,
    non_sequences=None,
    n_steps=None,
    truncate_gradient=-1,
    go_backwards=False,
    mode=None,
    name=None,
    profile=False,
    allow_gc=None,
    strict=False,
    return_list=False,
):
    """A loop: ``fn`` of the sequences' elements, the states and the non-sequences, step by step.

    See :func:`aesara.scan`, whose arguments these are.

    Returns
    -------
    outputs : variable or list of variables
        Of all steps, along a new first axis.
    updates : OrderedUpdates
        Of the shared variables that the steps change.
    """
    return scan_basic.scan(
        fn,
        sequences=_listed(sequences),
        outputs_info=[_initial(state) for state in _listed(outputs_info)],
        non_sequences=_listed(non_sequences),
        n_steps=n_steps,
        truncate_gradient=truncate_gradient,
        go_backwards=go_backwards,
        mode=mode,
        name=name,
        profile=profile,
        allow_gc=allow_gc,
        strict=strict,
        return_list=return_list,
    )


def map(
    fn,
    sequences,
    non_sequences=None,
    truncate_gradient=-1,
    go_backwards=False,
    mode=None,
    name=None,
):
    """``fn`` of each element of `sequences`: :func:`scan` without states."""
    return scan(
        fn,
        sequences,
        [],
        non_sequences,
        truncate_gradient=truncate_gradient,
        go_backwards=go_backwards,
        mode=mode,
        name=name,
    )


def reduce(
    fn, sequences, outputs_info, non_sequences=None, go_backwards=False, mode=None, name=None
):
    """The last states of :func:`scan`."""
    outputs, updates = scan(
        fn, sequences, outputs_info, non_sequences, go_backwards=go_backwards, mode=mode, name=name
    )
    if isinstance(outputs, (list, tuple)):
        return [output[-1] for output in outputs], updates
    return outputs[-1], updates


def foldl(fn, sequences, outputs_info, non_sequences=None, mode=None, name=None):
    """:func:`reduce` from the first element to the last."""
    return reduce(fn, sequences, outputs_info, non_sequences, mode=mode, name=name)


def foldr(fn, sequences, outputs_info, non_sequences=None, mode=None, name=None):
    """:func:`reduce` from the last element to the first."""
    return reduce(
        fn, sequences, outputs_info, non_sequences, go_backwards=True, mode=mode, name=name
    )


scan_checkpoints = checkpoints.scan_checkpoints


def clone(output, replace=None, strict=True, share_inputs=True, copy_inputs=DEPRECATED_ARG):
    """A copy of the graph of `output` with variables replaced.

    Parameters
    ----------
    output : variable or list of variables
    replace : mapping or pairs, optional
        What to put in the place of what.
    strict : bool
        Whether replacements must have the types of what they replace.
    share_inputs : bool
        Whether the copy has the inputs of the original. Shared variables stay the same in any case.
    copy_inputs : bool
        The first name of `share_inputs`.
    """
    if copy_inputs is not DEPRECATED_ARG:
        share_inputs = copy_inputs
    outputs = [output] if isinstance(output, basic.Variable) else list(output)
    pairs = list(replace.items() if isinstance(replace, dict) else replace or ())
    # Aesara lets a type pass that is only like the replaced one, and calls that rebuilding.
    cloned = basic.clone_replace(
        outputs, pairs or None, rebuild_strict=strict, copy_inputs_over=share_inputs
    )
    return cloned[0] if isinstance(output, basic.Variable) else cloned


def hash_listsDictsTuples(x):
    """A hash of nested lists, dictionaries and tuples that does not depend on their order."""
    if isinstance(x, dict):
        x = [*x, *x.values()]
    if not isinstance(x, (list, tuple)):
        return hash(x)
    value = 0
    for element in x:
        value ^= hash_listsDictsTuples(element)
    return value


def isNaN_or_Inf_or_None(x):
    """Whether `x`, a value or a constant, is no number that a loop could use."""
    if x is None or isinstance(x, str):
        return True
    try:
        value = get_scalar_constant_value(x)
    except (NotScalarConstantError, TypeError):
        return False
    return not np.isfinite(value)


scan_args = ScanArgs
until = utils.until

__all__ = [
    "DEPRECATED_ARG",
    "clone",
    "foldl",
    "foldr",
    "hash_listsDictsTuples",
    "isNaN_or_Inf_or_None",
    "map",
    "reduce",
    "scan",
    "scan_args",
    "scan_checkpoints",
    "until",
]
