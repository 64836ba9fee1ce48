"""Calls that do not wait for their results, so that a device is given work while it computes."""

from __future__ import annotations


class Ahead:
    """A compiled function, called in steps: arguments, call, results.

    With JAX the first two return at once: arguments are transferred and calls queued while the
    device still computes what it was given before. With the C backend a call computes.

    Parameters
    ----------
    function : compiled function

    Attributes
    ----------
    waits : bool
        Whether a call returns only when its results are there.
    """

    def __init__(self, function):
        self._function = function
        self.waits = not getattr(function.vm, "runs_ahead", False)

    def placed(self, *values):
        """`values`, checked as the function would, on their way to the device.

        Raises
        ------
        TypeError
            If one is not what the function takes.
        """
        if self.waits:
            return values
        stores = self._function.input_storage
        return self._function.vm.placed(
            [
                store.type.filter(value, strict=store.strict, allow_downcast=store.allow_downcast)
                for store, value in zip(stores, values)
            ]
        )

    def start(self, placed):
        """Call the function; what it returns, for :meth:`results`."""
        if self.waits:
            return self._function(*placed)
        checks = self._function.trust_input
        self._function.trust_input = True  # they were checked when they were placed
        try:
            with self._function.vm.unread():
                return self._function(*placed)
        finally:
            self._function.trust_input = checks

    def results(self, started):
        """The numbers of a call, all of whose outputs are arrays in a list; waits for them."""
        return started if self.waits else [self._function.vm.read(value) for value in started]
