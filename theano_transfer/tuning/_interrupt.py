"""Ctrl-C while training: the running step is finished, then training ends in good order."""

from __future__ import annotations

import contextlib
import signal
import threading


class Interrupt:
    """Turns the first Ctrl-C inside a ``with`` block into a flag.

    A step that is cut off half-way could leave some parameters updated and others not. The first
    Ctrl-C therefore only sets :attr:`requested`, and :meth:`check`, called between steps, raises
    KeyboardInterrupt. A second Ctrl-C raises it at once.

    Attributes
    ----------
    requested : bool
        Whether Ctrl-C was pressed.
    happened : bool
        Whether that ended an :meth:`absorbed` block.

    Notes
    -----
    Python delivers signals to the main thread only; in other threads the block does nothing.
    """

    def __init__(self):
        self.requested = False
        self.happened = False
        self._before = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            # None: a handler that was not set from Python, which could not be put back.
            # Anything but Python's own: whoever set it wants Ctrl-C to do something else.
            if before is signal.default_int_handler:
                self._before = before
                signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

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
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
