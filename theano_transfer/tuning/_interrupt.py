"""Ctrl-C and SIGTERM while training: the running step is finished, then training ends in order."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any


class Interrupt:
    """Turns the first Ctrl-C, and SIGTERM, inside a ``with`` block into a flag.

    A step that is cut off half-way could leave some parameters updated and others not. The first
    Ctrl-C therefore only sets :attr:`requested`, and :meth:`check`, called between steps, raises
    KeyboardInterrupt. A second Ctrl-C raises it at once.

    Parameters
    ----------
    terminate : bool
        Whether SIGTERM counts too; otherwise it ends the program at once, as it usually does.

    Attributes
    ----------
    requested : bool
        Whether Ctrl-C was pressed, or SIGTERM came.
    terminated : bool
        Whether it was SIGTERM.
    happened : bool
        Whether that ended an :meth:`absorbed` block.

    Notes
    -----
    Python delivers signals to the main thread only; in other threads the block does nothing.
    """

    def __init__(self, *, terminate: bool = False):
        self.requested = False
        self.terminated = False
        self.happened = False
        # A handler is replaced only where it is the one that Python or the system started with:
        # whoever set another wants the signal to do something else.
        self._replaced: dict[int, Any] = {signal.SIGINT: signal.default_int_handler}
        if terminate:
            self._replaced[signal.SIGTERM] = signal.SIG_DFL
        self._before: dict = {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            for number, usual in self._replaced.items():
                if signal.getsignal(number) == usual:
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exception):
        while self._before:
            signal.signal(*self._before.popitem())

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed since the block began."""
        if self.requested:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def absorbed(self):
        """A block that Ctrl-C ends quietly; :attr:`happened` tells.

        A terminal sends Ctrl-C to child processes too, such as a C++ compiler at work. What their
        end makes of it, a failed compilation for example, counts as the interruption it is.
        """
        try:
            yield
        except KeyboardInterrupt:
            self.happened = True
        except Exception:
            if not self.requested:
                raise
            self.happened = True

    def _handle(self, signum, frame):
        if signum == signal.SIGTERM:
            self.terminated = True
        elif self.requested:
            raise KeyboardInterrupt
        self.requested = True
