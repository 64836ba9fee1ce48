"""Names that people type, and the ones that they may have meant."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable


def nearest(wrong, known: Iterable[str]) -> str:
    """``"; did you mean 'adam' or 'adamax'?"``, or nothing where no known name is near."""
    near = difflib.get_close_matches(str(wrong), list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def checks_options(function: Callable) -> Callable:
    """A function that answers an option it does not have with the nearest that it has.

    Raises
    ------
    TypeError
        As Python itself does, but before anything is done, and with what may have been meant.
    """
    parameters = inspect.signature(function).parameters.values()
    known = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]

    @functools.wraps(function)
    def checked(*arguments, **options):
        for name in options:
            if name not in known:
                raise TypeError(
                    f"{function.__qualname__}() has no option {name!r}"
                    + (nearest(name, known) or f"; there are {', '.join(known)}")
                )
        return function(*arguments, **options)

    return checked
