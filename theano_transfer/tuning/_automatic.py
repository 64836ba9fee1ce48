"""Which shared variables would be changed by an update dictionary, a function, an expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aesara.compile.function.types import Function
from aesara.compile.sharedvalue import SharedVariable
from aesara.graph.basic import Variable, ancestors


def updated_by(updates) -> dict[int, str]:
    """The containers that `updates` would write to.

    Two shared variables may share a container: Lasagne's way of updating running averages gives
    the update to a copy of the variable. Containers are therefore what is compared.

    Parameters
    ----------
    updates : None, compiled function, mapping, list of pairs, expression, or list of these

    Returns
    -------
    dict of int to str
        ``id(shared.container)`` -> what would change it.
    """
    if updates is None:
        return {}
    if isinstance(updates, Function):
        return {
            id(given.value): "a compiled function"
            for given in updates.maker.inputs
            if given.update is not None
        }
    if isinstance(updates, Variable):
        return _automatic_updates([updates])
    if isinstance(updates, Mapping):
        return _from_pairs(updates.items())
    if isinstance(updates, Iterable) and not isinstance(updates, (str, bytes)):
        updates = list(updates)
        if updates and all(_is_pair(item) for item in updates):
            return _from_pairs(updates)
        moved: dict[int, str] = {}
        for item in updates:
            moved.update(updated_by(item))
        return moved
    raise TypeError(
        "updates must be a compiled function, a dictionary of shared variable -> expression, "
        f"an expression, or a list of these; got {updates!r}"
    )


def _is_pair(item) -> bool:
    return (
        isinstance(item, (tuple, list)) and len(item) == 2 and isinstance(item[0], SharedVariable)
    )


def _from_pairs(pairs) -> dict[int, str]:
    pairs = list(pairs)
    expressions = [new for _, new in pairs if isinstance(new, Variable)]
    moved = _automatic_updates(expressions)
    moved.update((id(shared.container), "an update expression") for shared, _ in pairs)
    return moved


def _automatic_updates(expressions) -> dict[int, str]:
    """What ``theano.function`` would update by itself when it computes `expressions`."""
    return {
        id(variable.container): "an automatic update (running average or random state)"
        for variable in ancestors(expressions)
        if isinstance(variable, SharedVariable)
        and getattr(variable, "default_update", None) is not None
    }
