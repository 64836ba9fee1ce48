"""Names that people type, and the ones that they may have meant."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import TypeVar

Checked = TypeVar("Checked", bound=Callable)


def nearest(wrong, known: Iterable[str]) -> str:
    """``"; did you mean 'adam' or 'adamax'?"``, or nothing where no known name is near."""
    near = difflib.get_close_matches(str(wrong), list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def checks_options(function: Checked) -> Checked:
    """A function or class that answers an option it does not have with the nearest that it has.

    Raises
    ------
    TypeError
        As Python itself does, but before anything is done, and with what may have been meant.
    """
    if inspect.isclass(function):
        function.__init__ = checks_options(function.__init__)  # type: ignore[method-assign]
        return function
    parameters = inspect.signature(function).parameters.values()
    assert all(p.kind is not p.VAR_KEYWORD for p in parameters), "whom it passes them to can tell"
    known = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    bound = known[:1] in (["self"], ["cls"])

    @functools.wraps(function)
    def checked(*arguments, **options):
        for name in options:
            if name not in known:
                called = _called(function, arguments[0]) if bound else function.__name__
                raise TypeError(
                    f"{called}() has no option {name!r}"
                    + (nearest(name, known) or f"; there are {', '.join(known[bound:])}")
                )
        return function(*arguments, **options)

    return checked  # type: ignore[return-value]


def _called(method: Callable, owner) -> str:
    """What a user wrote: ``Model.fit``, and ``Model`` for its constructor."""
    kind = owner.__name__ if inspect.isclass(owner) else type(owner).__name__
    return kind if method.__name__ == "__init__" else f"{kind}.{method.__name__}"
