"""What to say about a name that is none: the nearest ones that are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name, known: Iterable[str], most: int = 5) -> str:
    """``near it are 'a', 'b'``; if nothing is near, ``there are`` and all (or the first ten).

    Parameters
    ----------
    name : object
        What was given, usually a str.
    known : iterable of str
    most : int
        How many near ones are named.
    """
    names = [str(one) for one in known]
    near = difflib.get_close_matches(str(name), names, n=most, cutoff=0.5)
    if near:
        return "near it are " + ", ".join(map(repr, near))
    more = ", ..." if len(names) > 10 else ""
    return f"there are {', '.join(map(repr, names[:10]))}{more}"


def checked_name(name, known: Iterable[str], what: str) -> str:
    """`name`, if it is one of `known`.

    Raises
    ------
    ValueError
        That says what there is: ``no {what} is called 'x'; near it are ...``.
    """
    known = list(known)
    if name not in known:
        raise ValueError(f"no {what} is called {name!r}; {nearest(name, known)}")
    return name
