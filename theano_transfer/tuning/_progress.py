"""Progress on standard error: a moving bar where one can move, else one line at the end."""

from __future__ import annotations

import sys
import time


class Bar:
    """So many of so many pictures, with numbers behind.

    Parameters
    ----------
    title : str
    total : int or None
        None where nobody knows.
    shown : bool
        False makes a bar that does nothing.
    """

    def __init__(self, title: str, total: int | None, *, shown: bool):
        self._title, self._shown = title, shown
        self._count = 0
        self._text = ""
        self._began = time.perf_counter()
        self._bar = None
        # Notebooks are no terminals, but tqdm draws in them.
        if shown and (sys.stderr.isatty() or "ipykernel" in sys.modules):
            from tqdm.auto import tqdm

            self._bar = tqdm(desc=title, total=total, unit="img", file=sys.stderr)

    def update(self, count: int, numbers=None) -> None:
        """Move on by `count` pictures and show `numbers`."""
        self._count += count
        if numbers:
            self.show(numbers, refresh=False)
        if self._bar is not None:
            self._bar.update(count)

    def show(self, numbers, *, refresh: bool = True) -> None:
        """Show `numbers` (name -> number) behind the bar."""
        self._text = ", ".join(f"{name}={number:.4g}" for name, number in numbers.items())
        if self._bar is not None:
            self._bar.set_postfix_str(self._text, refresh=refresh)

    def __enter__(self):
        return self

    def __exit__(self, kind, *exception):
        if self._bar is not None:
            self._bar.close()
        elif self._shown and kind is None:
            seconds = time.perf_counter() - self._began
            behind = f", {self._text}" if self._text else ""
            sys.stderr.write(f"{self._title}: {self._count} img, {seconds:.1f} s{behind}\n")
