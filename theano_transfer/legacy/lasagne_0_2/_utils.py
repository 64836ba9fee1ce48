"""``lasagne.utils``: parameters that are expressions, and what a function's keywords are."""

from __future__ import annotations

import inspect

import numpy as np
import theano
from aesara.compile.sharedvalue import SharedVariable
from aesara.graph.basic import Variable, graph_inputs
from lasagne.utils import floatX


def create_param(spec, shape, name=None):
    """A variable with the values of a parameter.

    Parameters
    ----------
    spec : array, number, Theano expression, shared variable or callable
        A callable gets `shape` and returns one of the others. What is not an array yet becomes one
        of dtype floatX.
    shape : iterable of int
        All positive.
    name : str, optional
        Given to the variable unless it has one.

    Returns
    -------
    shared variable, or `spec` itself if it is a variable
        Axes of length 1 broadcast.

    Raises
    ------
    ValueError
        If `shape` is not positive or `spec` has another one.
    TypeError
        If `spec` is none of these, or a callable that returns none of these.
    """
    shape = tuple(shape)
    called = f"parameter {name!r}" if name else "a parameter"
    if any(length <= 0 for length in shape):
        raise ValueError(f"{called} needs positive lengths; got shape {shape}")
    source = "it"
    # Zeros of a callable that says so take no memory as long as nothing is written: no copy then.
    borrow = getattr(spec, "untouched", False)
    if callable(spec) and not isinstance(spec, Variable):
        source = f"the callable {spec!r}"
        spec = spec(shape)
        if not isinstance(spec, Variable):
            spec = _as_array(spec, source, called)
    if isinstance(spec, Variable):
        if spec.ndim != len(shape):
            raise ValueError(
                f"{called} has {len(shape)} axes, shape {shape}; {source} is a variable of "
                f"{spec.ndim}"
            )
        if name and not spec.name:
            spec.name = name
        return spec
    if not isinstance(spec, np.ndarray):
        if not isinstance(spec, (int, float, np.number)):
            raise TypeError(
                f"{called} is given as a number, an array, a Theano variable or a callable; "
                f"got {spec!r}"
            )
        spec = floatX(spec)
    if spec.shape != shape:
        raise ValueError(f"{called} has shape {shape}; {source} has {spec.shape}")
    broadcastable = tuple(n == 1 for n in shape)
    return theano.shared(spec, name=name, broadcastable=broadcastable, borrow=borrow)


def _as_array(value, source, called):
    try:
        return floatX(value)
    except (TypeError, ValueError):
        raise TypeError(f"{called} should come from {source}; it returned {value!r}") from None


def collect_shared_vars(expressions):
    """The shared variables that expressions depend on, each once, in the order they are met.

    Parameters
    ----------
    expressions : expression or list of expressions
    """
    if isinstance(expressions, Variable):
        expressions = [expressions]
    found = (v for expression in expressions for v in graph_inputs([expression]))
    return list(dict.fromkeys(v for v in found if isinstance(v, SharedVariable)))


def inspect_kwargs(function):
    """The names of the parameters of `function` that have a default value."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is not inspect.Parameter.empty]


def unroll_scan(fn, sequences, outputs_info, non_sequences, n_steps, go_backwards=False):
    """What ``theano.scan`` computes, step by step in the graph itself.

    Parameters
    ----------
    fn : callable
        Of one element of each sequence, the previous outputs and the non-sequences; returns the
        next output or a list of them.
    sequences, outputs_info, non_sequences : list of expressions
    n_steps : int
    go_backwards : bool
        From the sequences' last element to the first.

    Returns
    -------
    list of expressions
        Every output at every step, in the order of the steps.
    """
    if not isinstance(sequences, (list, tuple)):
        sequences = [sequences]
    steps = range(n_steps)
    previous, outputs = list(outputs_info), []
    for i in reversed(steps) if go_backwards else steps:
        found = fn(*[s[i] for s in sequences], *previous, *non_sequences)
        previous = list(found) if isinstance(found, (list, tuple)) else [found]
        outputs.append(previous)
    return [theano.tensor.stack(each) for each in zip(*outputs)]
