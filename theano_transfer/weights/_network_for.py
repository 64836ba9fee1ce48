"""Which network of the zoo a file's weights are for, with which arguments, and building it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._errors import WeightsMismatchError
from ._from_torch import named_for, style_of
from ._keras import UNNAMED
from ._positions import BY_PLACE
from ._sources import Source
from ._target import target_of

# Published networks are at most 1.4 times as wide as they were described.
_WIDEST = 4


def check_arguments(model: Any, arguments: Mapping[str, Any]) -> None:
    """Raise ValueError unless `model` names a network that takes the `arguments`."""
    from .. import zoo

    if not isinstance(model, str):
        given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        raise ValueError(f"{given}: of which network? Say its name by model= (--model)")
    known = dict(zoo.record(model).arguments)
    for name in arguments:
        if name not in known:
            has = f"of its own it has {', '.join(known)}" if known else "it has none of its own"
            raise ValueError(f"{model} takes no argument {name!r}; {has}")


def said_by(source: Source) -> tuple[str | None, dict[str, Any]]:
    """The network that a file of ours names, and the arguments it was built with."""
    from .. import zoo

    model, stored = source.attributes.get("model"), source.attributes.get("arguments")
    if not isinstance(model, str):
        return None, {}
    if not isinstance(stored, dict) or model not in zoo.models():
        return model, {}
    own = {}
    for name, default in zoo.record(model).arguments:
        value = stored.get(name)
        kinds = (int, float) if type(default) in (int, float) else type(default)
        # A file cannot ask for a network of any size.
        if isinstance(value, kinds) and (isinstance(value, str) or 0 <= value <= _WIDEST):
            own[name] = value
    return model, own


def named_with(model: str, own: Mapping[str, Any]) -> str:
    """A network and its own arguments, for messages."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in own.items())
    return f"{model}({arguments})" if own else model


def network_for(model: str, source: Source, own: Mapping[str, Any]) -> Any:
    """The zoo's network with the top, or without, and the number of classes the file has."""
    from ..zoo._options import undrawn

    with undrawn():  # all that is asked of it is which parameters it has
        return _built_for(model, source, own)


def _built_for(model: str, source: Source, arguments: Mapping[str, Any]) -> Any:
    from .. import zoo

    own = dict(arguments)
    if source.axes in BY_PLACE:
        return _network_by_place(model, source, own)
    if source.axes == "torch":
        net = zoo.build(model, weights=None, include_top=False, **own)
        made = target_of(net).made
        style = style_of(source, model, made)
        if style is not None and "style" in dict(zoo.record(model).arguments):
            own.setdefault("style", style)
        source = named_for(source, model, made, own)
    top = zoo.record(model).top_layers
    renamed = {
        f"{source.naming.rename(layer) if source.naming else layer}.{role}": array
        for (layer, _, role), array in (
            (name.rpartition("."), array) for name, array in source.arrays.items()
        )
    }
    # A Keras file may only number the arrays of a layer, or the layers too. A classifier is a
    # dense layer; where it is a convolution, files without names are taken to have no top.
    kernels = [renamed.get(f"{name}.{role}") for name in top for role in ("W", "0")]
    dense = source.ranked.get("dense", [])
    if dense and dense[-1].startswith(UNNAMED):
        kernels.append(source.arrays[f"{dense[-1]}.0"])
    kernel = next((kernel for kernel in reversed(kernels) if kernel is not None), None)
    if kernel is None:
        return zoo.build(model, weights=None, include_top=False, **own)
    if len(kernel.shape) not in (2, 4):
        msg = (
            f"{source.path!r}: {kernel.location!r} should be a matrix or a kernel, "
            f"is {kernel.shape}"
        )
        raise WeightsMismatchError(msg, misshapen=(kernel.location,))
    # A classifier may be a 1x1 convolution.
    first = source.axes == "torch" or (len(kernel.shape) == 4 and source.axes == "theano")
    classes = kernel.shape[0 if first else -1]
    return zoo.build(model, weights=None, include_top=True, classes=classes, **own)


def _network_by_place(model: str, source: Source, own: Mapping[str, Any]) -> Any:
    """The zoo's network of as many parameters as there are arrays; a classifier's bias is last."""
    from .. import zoo

    last = next(reversed(source.arrays.values()), None)
    if last is not None and len(last.shape) == 1:
        net = zoo.build(model, weights=None, classes=last.shape[0], **own)
        if len(target_of(net).placed) == len(source.arrays):
            return net
    return zoo.build(model, weights=None, include_top=False, **own)
