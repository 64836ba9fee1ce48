"""Digests of a file, counted beside what else is done with it."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor

from ._untrusted import digest, is_beginning, open_regular


class Digests:
    """Digests of a file, each in a thread, beside what else is done with the file."""

    def __init__(self, path: str | os.PathLike[str], known: str | None) -> None:
        kind, _, value = (known or "").lower().partition(":")
        self._path = path
        self._known = {kind: value} if value and not is_beginning(value) else {}
        self._begun: dict[str, Future[str]] = {}
        self._threads = ThreadPoolExecutor()

    def __enter__(self) -> Digests:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def begin(self, kind: str) -> None:
        """Have it made, if it is not known."""
        if kind not in self._known and kind not in self._begun:
            self._begun[kind] = self._threads.submit(self._digest, kind)

    def found(self) -> dict[str, str]:
        """All that are known and begun, when they are made."""
        return {**self._known, **{kind: one.result() for kind, one in self._begun.items()}}

    def _digest(self, kind: str) -> str:
        with open_regular(self._path) as file:
            return digest(file, kind)
