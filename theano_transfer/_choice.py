"""Choosing one of several names."""

from __future__ import annotations

from collections.abc import Iterable

from theano_transfer._suggest import nearest


def checked_choice(name, known: Iterable[str], what: str) -> str:
    """`name`, if it is one of `known`.

    Raises
    ------
    ValueError
        That names the nearest, and the first ten that there are.
    """
    names = list(known)
    if name in names:
        return name
    more = ", ..." if len(names) > 10 else ""
    raise ValueError(
        f"no {what} is called {name!r}{nearest(name, names)} (there are "
        f"{', '.join(map(repr, names[:10]))}{more})"
    )
