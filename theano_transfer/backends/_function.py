"""A compiled function whose parameters stay where they are computed with."""

from __future__ import annotations

import contextlib
import copy

import jax
import jax.numpy as jnp
import numpy as np
from aesara.compile.sharedvalue import SharedVariable
from aesara.tensor.random.type import RandomType
from aesara.tensor.type import TensorType

import theano_transfer.backends.conversions  # noqa: F401 (registers them)
from theano_transfer.backends import _home
from theano_transfer.backends._errors import DataDependentShapeError
from theano_transfer.backends._graph import as_function, separate
from theano_transfer.backends._layout import Layouts
from theano_transfer.backends._memory import compiler_options
from theano_transfer.backends._placement import Placement
from theano_transfer.backends._precision import MATMUL, TRACED
from theano_transfer.backends._processes import check_same, naming_the_lost
from theano_transfer.backends._settings import LAYOUTS
from theano_transfer.backends.conversions._random import key_from

# Newer versions of JAX moved it.
enable_x64 = getattr(jax, "enable_x64", None) or jax.experimental.enable_x64


class DeviceFunction:
    """What Aesara's functions call: computes all outputs and updates of a graph in one go.

    Shared variables hold arrays of JAX after the first call. Those that are updated are donated:
    their memory takes the new values.

    Parameters
    ----------
    fgraph : FunctionGraph
    input_storage : list of lists
        Of each input of `fgraph` the cell that its value is in, shared with other functions.
    storage_map : dict
    settings : Settings
    """

    # What aesara.compile.function.types.Function asks about.
    need_update_inputs = False
    allow_gc = False
    # What theano_transfer.backends.Ahead asks about.
    runs_ahead = True

    def __init__(self, fgraph, input_storage, storage_map, settings):
        self.storage_map = storage_map
        self._settings = settings
        self._cells = input_storage
        self._variables = list(fgraph.inputs)
        updates = fgraph.update_mapping or {}
        self._returned = [i for i in range(len(fgraph.outputs)) if i not in updates]
        self._dtypes = [getattr(v.type, "dtype", None) for v in fgraph.outputs]
        # Generators stay NumPy's: each call takes a key from them.
        self._updated = {
            output: target
            for output, target in updates.items()
            if not isinstance(self._variables[target].type, RandomType)
        }
        self._moving = {
            target for target in updates.values() if target not in self._updated.values()
        }
        self._state = [
            i
            for i, v in enumerate(self._variables)
            if isinstance(v, SharedVariable) and isinstance(v.type, TensorType)
        ]
        self._given = [i for i in range(len(self._variables)) if i not in self._state]
        self._static: tuple = ()
        self._checked = False
        self._reads = True
        self._run = as_function(fgraph)
        with self._context():
            self._placement = Placement(settings)
        self._layouts = Layouts(fgraph, settings.layout, self._placement.device)
        self._compiled = self._jit()
        _home.install()

    def __call__(self, output_subset=None):
        with self._context(), naming_the_lost():
            given = self._arguments()
            if not self._checked:
                self._check(given)
            returned, updated = self._results(given)
            for cell, value in zip(self._updated.values(), updated):
                self._cells[cell][0] = value
            results: list = [None] * len(self._dtypes)
            for i, value in zip(self._returned, returned):
                results[i] = self._placement.fetched(value) if self._reads else value
        return results  # of which the caller takes those that were asked for

    def placed(self, values):
        """Arguments, NumPy's arrays, on their way to the device; numbers stay as they are."""
        with self._context(), naming_the_lost():
            if self._placement.is_shared and not self._checked:
                check_same([self._variables[i] for i in self._given], values)
            arrays = iter(self._placement.arguments([v for v in values if v.ndim]))
            return [next(arrays) if v.ndim else v for v in values]

    def read(self, result):
        """A result of a call that was not read, as an array of NumPy; waits for it."""
        with self._context(), naming_the_lost():
            return self._placement.fetched(result)

    @contextlib.contextmanager
    def unread(self):
        """A block in which calls return arrays of JAX that may still be computed."""
        self._reads = False
        try:
            yield
        finally:
            self._reads = True

    def lowered(self):
        """What JAX would compile for the inputs in their cells; nothing is computed or changed."""
        with self._context():
            arguments = self._on_device(self._arguments(draws=False))
            return self._compiled[LAYOUTS[0]].lower(*arguments)

    def program(self, *given) -> str:
        """The program of XLA for such arguments, as text (HLO): what communicates, for example.

        Parameters
        ----------
        given : arrays
            One for each input of the function that is no parameter.
        """
        with self._context():
            arguments = self._on_device(
                [np.asarray(v, self._variables[i].type.dtype) for i, v in zip(self._given, given)]
            )
            return self._compiled[LAYOUTS[0]].lower(*arguments).compile().as_text()

    def _check(self, given):
        """That all processes begin with the same: replicas that differ would go unnoticed."""
        self._checked = True
        if self._placement.is_shared:
            known = {i: self._cells[i][0] for i in self._state}
            # What lies on the devices already was looked at when it was placed.
            known |= {i: v for i, v in zip(self._given, given) if not isinstance(v, jax.Array)}
            check_same([self._variables[i] for i in known], known.values())

    def _arguments(self, draws=True):
        """What is no parameter, in the order of ``_given``; keys in place of generators.

        Generators that are updated move on if it `draws`.
        """
        values = []
        for i in self._given:
            value = self._cells[i][0]
            if isinstance(self._variables[i].type, RandomType):
                value = key_from(value if draws and i in self._moving else copy.deepcopy(value))
            values.append(value)
        return values

    def _results(self, given):
        try:
            return self._computed(given)
        except DataDependentShapeError:
            whole_numbers = tuple(
                position
                for position, i in enumerate(self._given)
                if self._variables[i].type.ndim == 0
                and self._variables[i].type.dtype.startswith(("int", "uint"))
            )
            if self._static or not whole_numbers:
                raise
        # Shapes may depend on numbers that the function is called with: those are compiled in, and
        # each new number compiles again.
        self._static = whole_numbers
        self._compiled = self._jit()
        return self._computed(given)

    def _computed(self, given):
        arguments = self._on_device(given)
        shapes = tuple(v if isinstance(v, int) else (v.shape, v.dtype) for v in arguments[2:])
        try:
            return self._layouts.call(self._compiled, arguments, shapes)
        except RuntimeError as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                raise MemoryError(f"the device has not enough memory: {error}") from error
            raise

    def _on_device(self, given):
        """What the compiled function takes; parameters are put where they belong."""
        placed = iter(
            self._placement.arguments([v for k, v in enumerate(given) if k not in self._static])
        )
        numbers = [int(v) if k in self._static else next(placed) for k, v in enumerate(given)]
        for i in self._state:
            self._cells[i][0] = self._placement.state(self._cells[i][0])
        donated, kept = ([self._cells[i][0] for i in part] for part in self._parts())
        return donated, kept, *numbers

    def _parts(self):
        """Of the parameters those that are updated, and the others."""
        updated = set(self._updated.values())
        return [i for i in self._state if i in updated], [
            i for i in self._state if i not in updated
        ]

    def _jit(self):
        """The function for JAX, once for each layout: of one function JAX keeps one version."""
        return {layout: self._jit_once() for layout in LAYOUTS}

    def _jit_once(self):
        donated, kept = self._parts()

        def compute(donated_values, kept_values, *given):
            known = dict(zip(donated, donated_values))
            known.update(zip(kept, kept_values))
            for i, value in zip(self._given, self._placement.divided(given)):
                numeric = isinstance(value, int)
                known[i] = np.asarray(value, self._variables[i].type.dtype) if numeric else value
            inputs = [known[i] for i in range(len(self._variables))]
            outputs = self._run(*inputs)
            # What leaves is of the dtypes of the graph, whatever the precision within.
            wanted = [
                jnp.asarray(outputs[i], self._dtypes[i]) for i in (*self._returned, *self._updated)
            ]
            own = separate(wanted, inputs)
            return own[: len(self._returned)], own[len(self._returned) :]

        return jax.jit(
            compute,
            donate_argnums=0,
            static_argnums=tuple(2 + position for position in self._static),
            # Results stay where they are computed: gathering them would be communication.
            out_shardings=(None, self._placement.whole),
            **compiler_options(self._placement.device.platform),
        )

    @contextlib.contextmanager
    def _context(self):
        """JAX as these functions need it, whatever else uses it in this process."""
        precision = self._settings.precision
        token = TRACED.set(precision)
        try:
            # Dtypes are those of the graph: JAX alone would make 32 bits of 64.
            with enable_x64(), jax.default_matmul_precision(MATMUL[precision]):
                yield
        finally:
            TRACED.reset(token)
