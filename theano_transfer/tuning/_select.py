"""Which layers a call means: a layer with all that feeds it, a list, or name patterns."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Mapping

from lasagne.layers import Layer, get_all_layers

from theano_transfer.tuning._errors import UnknownLayerError

_WANTED = (
    "a Lasagne layer (it and all that feeds it), a list of layers (exactly these), "
    "or a network (layer name -> layer) with name patterns"
)


def select_layers(layers, patterns=()) -> list[Layer]:
    """The layers meant, in topological order where there is one.

    Parameters
    ----------
    layers : Layer, iterable of Layer, or mapping of str to Layer
        A layer stands for itself and all that feeds it, a list for exactly its members, a
        mapping for all its values.
    patterns : iterable of str
        Shell patterns (:mod:`fnmatch`, case-sensitive); with them only the layers whose name
        matches at least one are meant.

    Raises
    ------
    TypeError
        If `layers` is none of these.
    UnknownLayerError
        If a pattern matches no layer; it names the nearest names.
    """
    named = named_layers(layers)
    if not patterns:
        return [layer for _, layer in named]
    return match_names(named, patterns)


def named_layers(layers) -> list[tuple[str | None, Layer]]:
    """(name, layer) for every layer meant by `layers`; see :func:`select_layers`."""
    if isinstance(layers, Layer):
        return [(layer.name, layer) for layer in get_all_layers(layers)]
    if isinstance(layers, Mapping):
        pairs = list(layers.items())
    elif isinstance(layers, Iterable) and not isinstance(layers, (str, bytes)):
        pairs = [(getattr(layer, "name", None), layer) for layer in layers]
    else:
        raise TypeError(f"expected {_WANTED}; got {layers!r}")
    for _, layer in pairs:
        if not isinstance(layer, Layer):
            raise TypeError(f"expected {_WANTED}; found {layer!r} among them")
    return pairs


def match_names(named, patterns) -> list[Layer]:
    """The layers of `named`, in their order, whose name matches one of `patterns`."""
    names = [name for name, _ in named if name is not None]
    wanted: set[str] = set()
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise TypeError(f"a name pattern is a string such as 'block[1-4]*'; got {pattern!r}")
        matches = fnmatch.filter(names, pattern)
        if not matches:
            raise UnknownLayerError(no_such_layer(pattern, names))
        wanted.update(matches)
    return [layer for name, layer in named if name in wanted]


def no_such_layer(pattern: str, names: Iterable[str]) -> str:
    """What to say about a name or pattern that matches none of `names`."""
    names = list(names)
    near = difflib.get_close_matches(pattern, names, n=5, cutoff=0.4)
    if near:
        hint = "near it are " + ", ".join(repr(name) for name in near)
    elif names:
        hint = f"the {len(names)} layers run from {names[0]!r} to {names[-1]!r}"
    else:
        hint = "none of the layers has a name"
    return f"no layer is called {pattern!r}; {hint}"


def everything_known(layers) -> list[Layer]:
    """All layers that can be reached from `layers`: themselves and what feeds them."""
    return get_all_layers([layer for _, layer in named_layers(layers)])
