"""``theano.scan``, its shortcuts and ``theano.clone`` with the arguments of Theano 1.0."""

import numpy as np
from aesara.graph import basic
from aesara.scan import utils
from aesara.scan.utils import ScanArgs
from aesara.tensor import get_scalar_constant_value
from aesara.tensor.exceptions import NotScalarConstantError

DEPRECATED_ARG = object()


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
    "hash_listsDictsTuples",
    "isNaN_or_Inf_or_None",
    "scan_args",
    "until",
]
