"""In which order of axes XLA is given convolutions: decided by measurement, and remembered.

The arrays of a graph are (batch, channel, ...) whatever is chosen. XLA moves the transpositions
around a convolution together and may leave most of them out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from contextvars import ContextVar

import jax
from aesara.tensor.nnet.abstract_conv import BaseAbstractConv

from theano_transfer._files import atomic_write
from theano_transfer.backends._settings import LAYOUTS
from theano_transfer.kernels import Conv2d, Conv2dGradInputs, Conv2dGradWeights
from theano_transfer.weights import cache_dir

CONVOLUTIONS = (BaseAbstractConv, Conv2d, Conv2dGradInputs, Conv2dGradWeights)
# What is traced now is for this layout; the conversion of convolutions asks for it.
TRACED_LAYOUT = ContextVar("TRACED_LAYOUT", default=LAYOUTS[0])

WARM = 10  # calls with the same shapes before it is worth compiling a second time
TRIALS = 3  # calls that are timed, of each layout
MOST_REMEMBERED = 1000


class Trial:
    """Which layout is better for a function's calls with the same shapes.

    After some calls in the first layout, the next ones, which do what they would have done anyway,
    are timed in the first and in the second. The fastest of each decides.

    Attributes
    ----------
    calls : int
        Made so far.
    decided : str or None
    key : str
        By which the result is remembered.
    """

    def __init__(self):
        self.calls = 0
        self.decided: str | None = None
        self.key = ""
        self._best = dict.fromkeys(LAYOUTS, math.inf)

    @property
    def layout(self):
        """Of the next call."""
        return self.decided or LAYOUTS[self.calls >= WARM + TRIALS]

    @property
    def is_timed(self):
        """Whether the next call counts: not the first ones, and not the one that compiles."""
        return self.calls >= WARM and self.calls != WARM + TRIALS

    def add(self, seconds) -> None:
        """A call was made in :attr:`layout` and took so long, or None if nobody timed it."""
        if seconds is not None:
            self._best[self.layout] = min(self._best[self.layout], seconds)
        self.calls += 1
        if self.calls > WARM + 2 * TRIALS:
            self.decided = min(LAYOUTS, key=self._best.__getitem__)


class Layouts:
    """The layouts of one function.

    Parameters
    ----------
    fgraph : FunctionGraph
    layout : str
        'auto', or the one to be used.
    device : jax.Device
        For its kind the results are remembered.
    """

    def __init__(self, fgraph, layout, device):
        self._device = f"{device.platform} {device.device_kind}"
        self._trials: dict[tuple, Trial] = {}
        self._fixed = None if layout == "auto" else layout
        convolves = any(isinstance(node.op, CONVOLUTIONS) for node in fgraph.apply_nodes)
        # Several processes have to compile the same, and would measure differently.
        if self._fixed is None and (not convolves or jax.process_count() > 1):
            self._fixed = LAYOUTS[0]

    def call(self, compiled, arguments, shapes):
        """The results of what was compiled, in the layout for these shapes.

        Parameters
        ----------
        compiled : mapping of str to jitted function
            One for each layout.
        arguments : tuple
        shapes : tuple
            What tells calls apart that are compiled separately.
        """
        if self._fixed is not None:
            return _traced_in(self._fixed, compiled[self._fixed], arguments)
        trial = self._trials.setdefault(shapes, Trial())
        if trial.decided is None and trial.calls == WARM:
            trial.key = self._key(compiled[LAYOUTS[0]], arguments)
            trial.decided = remembered().get(trial.key)
        layout = trial.layout
        if trial.decided is not None:
            return _traced_in(layout, compiled[layout], arguments)
        seconds = None
        if trial.is_timed:
            jax.block_until_ready(arguments)
            began = time.perf_counter()
            results = jax.block_until_ready(_traced_in(layout, compiled[layout], arguments))
            seconds = time.perf_counter() - began
        else:
            results = _traced_in(layout, compiled[layout], arguments)
        trial.add(seconds)
        if trial.decided is not None:
            _remember(trial.key, trial.decided)
        return results

    def _key(self, jitted, arguments):
        """What is computed, and on which kind of device, in a few characters."""
        program = _traced_in(LAYOUTS[0], jitted.lower, arguments).as_text()
        parts = (jax.__version__, self._device, program)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _traced_in(layout, function, arguments):
    token = TRACED_LAYOUT.set(layout)
    try:
        return function(*arguments)
    finally:
        TRACED_LAYOUT.reset(token)


def _file():
    return cache_dir() / "jax_layouts.json"


def remembered() -> dict[str, str]:
    """What was measured before, by what was computed; empty where nothing can be read."""
    try:
        found = json.loads(_file().read_text())
        return {key: layout for key, layout in found.items() if layout in LAYOUTS}
    except (OSError, ValueError, AttributeError):
        return {}


def _remember(key, layout) -> None:
    """Keep a result for later programs, where that is possible."""
    kept = [*remembered().items()][1 - MOST_REMEMBERED :]
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(_file()) as temporary:
            temporary.write_text(json.dumps({**dict(kept), key: layout}))
