"""Reading pictures so that each one that is left out is named."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from theano_transfer.cli._console import name, warn

Data = TypeVar("Data")


def naming_skipped(make: Callable[[], Data]) -> Data:
    """What `make` returns, a data set or several, after a warning for each file skipped.

    The data set's own warning names the first three only.
    """
    from theano_transfer.images import ImageWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImageWarning)
        made = make()
    parts: Any = made if isinstance(made, tuple) else (made,)
    skipped = dict(item for part in parts for item in part.skipped)
    for path, reason in skipped.items():
        warn(f"left out {name(path)}: {reason}")
    return made
