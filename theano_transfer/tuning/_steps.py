"""The steps of an epoch, one started while the device still computes the one before."""

from __future__ import annotations

from theano_transfer.backends import Ahead


class Step:
    """A training step that was started.

    Attributes
    ----------
    number : int
        In its epoch, from 1 on.
    count : int
        Pictures in its batch.
    sums : list
        What it returned.
    is_last : bool
        Whether no later step was started: parameters are those that it left.
    """

    def __init__(self, number, count, function, started):
        self.number, self.count = number, count
        self._function, self._started = function, started

    def read(self, *, is_last):
        """Itself, when its results are there."""
        self.sums, self.is_last = self._function.results(self._started), is_last
        return self


def steps(function, batches, first, begin, is_watched, interrupt):
    """Train, and yield each step when its results are there.

    The next batch is read and transferred while a device computes, and the next step is started
    before the results of this one are read. With the C backend one follows the other.

    Parameters
    ----------
    function : compiled function of features, targets and weights
    batches : iterable of such arrays
    first : int
        The number of the first of them.
    begin : callable
        Called with the number of each step before it starts.
    is_watched : callable
        Whether somebody may look at the parameters after the step of that number, or change
        something: none is started then before it was yielded.
    interrupt : Interrupt
        After a request no further step is started.

    Yields
    ------
    Step
    """
    function = Ahead(function)
    running: Step | None = None
    try:
        for number, batch in enumerate(batches, start=first):
            placed = function.placed(*batch)
            if running is not None and (is_watched(running.number) or interrupt.requested):
                yield running.read(is_last=True)
                running = None
            begin(number)
            before, started = running, function.start(placed)
            running = Step(number, len(batch[1]), function, started)
            if before is not None:
                yield before.read(is_last=False)
            if function.waits or interrupt.requested:
                yield running.read(is_last=True)
                running = None
    except Exception:
        # What was trained until then counts, whatever became of the next batch.
        if running is not None:
            yield running.read(is_last=True)
        raise
    if running is not None:
        yield running.read(is_last=True)
