"""``lasagne.layers.helper``: keywords that no layer knows, parameters that are expressions."""

from __future__ import annotations

import difflib
import warnings

import numpy as np
from lasagne.layers import helper

from theano_transfer.legacy.lasagne_0_2._utils import inspect_kwargs

_propagate = helper.get_output


def get_output(layer_or_layers, inputs=None, **kwargs):
    """The expressions that layers compute. Warns of keywords that no layer takes.

    Parameters
    ----------
    layer_or_layers : Layer or list of Layer
    inputs : expression, array or dict of Layer to these, optional
        What goes in, instead of the input layers' own variables.
    **kwargs
        For every layer's ``get_output_for``, as ``deterministic=True``.
    """
    outputs = _propagate(layer_or_layers, inputs, **kwargs)
    if kwargs:
        replaced = inputs.keys() if isinstance(inputs, dict) else ()
        _warn_of_unused(kwargs, helper.get_all_layers(layer_or_layers, replaced))
    return outputs


def _warn_of_unused(kwargs, layers):
    known = {"deterministic"}  # Lasagne's own, allowed where no layer needs it
    for layer in layers:
        known.update(inspect_kwargs(layer.get_output_for))
        known.update(getattr(layer, "get_output_kwargs", ()))
    unused = [name for name in kwargs if name not in known]
    if unused:
        hints = {name: difflib.get_close_matches(name, known) for name in unused}
        listed = ", ".join(
            f"{name} (perhaps you meant {hints[name][0]})" if hints[name] else name
            for name in unused
        )
        warnings.warn(f"get_output() was called with unused kwargs: {listed}", stacklevel=3)


def get_all_params(layer, unwrap_shared=True, **tags):
    """The parameters of a layer and all that feeds it, each once, as ``Layer.get_params`` says."""
    layers = helper.get_all_layers(layer)
    params = (p for each in layers for p in each.get_params(unwrap_shared=unwrap_shared, **tags))
    return list(dict.fromkeys(params))


def count_params(layer, **tags):
    """How many numbers the parameters have together."""
    params = get_all_params(layer, **tags)
    return int(sum(np.prod(p.get_value(borrow=True).shape, dtype="int64") for p in params))


def get_all_param_values(layer, **tags):
    """The arrays of :func:`get_all_params`, in its order."""
    return [param.get_value() for param in get_all_params(layer, **tags)]


def set_all_param_values(layer, values, **tags):
    """Set the parameters to what :func:`get_all_param_values` gave.

    Raises
    ------
    ValueError
        If number or shapes of the values differ from those of the parameters; nothing is set then.
    """
    params = get_all_params(layer, **tags)
    values = list(values)
    if len(values) != len(params):
        raise ValueError(f"mismatch: got {len(values)} values to set {len(params)} parameters")
    for param, value in zip(params, values):
        if param.get_value(borrow=True).shape != np.shape(value):
            raise ValueError(
                f"mismatch: parameter {param} has shape {param.get_value(borrow=True).shape}; "
                f"its value has {np.shape(value)}"
            )
    for param, value in zip(params, values):
        param.set_value(value)
