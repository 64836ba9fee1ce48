"""Lasagne layers for Keras's: the list of classes that a model may be made of.

A builder gets what feeds the layer, its checked arguments, the initialiser that stands for its
arrays, and its name. Whatever is not in ``BUILDERS`` or ``MERGES`` is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lasagne.layers import Layer

from . import _keras_convolutions, _keras_functions, _keras_normalising, _keras_shapes
from ._keras_arguments import Arguments
from ._keras_config import ConfigError
from ._keras_merging import MERGES
from ._keras_stored import Stored

BUILDERS: dict[str, Callable[..., Layer]] = {
    **_keras_convolutions.BUILDERS,
    **_keras_shapes.BUILDERS,
    **_keras_normalising.BUILDERS,
    **_keras_functions.BUILDERS,
}
# What Keras's own applications register as their own class.
ALSO_CUSTOM = ("CustomScaleLayer",)


def build(x: list[Any], a: Arguments, W: Stored, name: str) -> Layer:
    """The Lasagne layer for one of Keras's.

    Parameters
    ----------
    x
        Layers and numbers that it is called with.
    a
        Its arguments.
    W
        Stands for its arrays.
    name

    Raises
    ------
    ConfigError
        The class is not on the list, an argument is not supported, or its input does not fit.
    """
    if a.layer.custom and a.kind not in ALSO_CUSTOM:
        raise a.unsupported(
            f"its class is not Keras's own ({a.layer.custom}); custom layers are not rebuilt"
        )
    several = a.kind in MERGES
    builder = MERGES.get(a.kind) or BUILDERS.get(a.kind)
    if builder is None:
        raise a.unsupported(_why_not(a.kind))
    if not several and (len(x) != 1 or not isinstance(x[0], Layer)):
        raise a.unsupported(f"one input was expected, it has {len(x)}")
    try:
        return builder(x if several else x[0], a, W, name)
    except ConfigError:
        raise
    except (ValueError, TypeError, AssertionError, IndexError) as error:
        raise a.unsupported(str(error)) from error


def _why_not(kind: str) -> str:
    if kind == "Lambda" or kind.endswith("Lambda"):
        return "it holds code of its own, which is never executed; replace it and save again"
    return "no layer of this class is known here"
