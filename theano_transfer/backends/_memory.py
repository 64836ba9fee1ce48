"""How much memory of the device a call takes, as XLA plans it before it computes anything."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass


@dataclass(frozen=True)
class Memory:
    """Bytes on the device during a call, without what libraries use for convolutions.

    Parameters
    ----------
    arguments : int
        Parameters, what updates remember, and the inputs.
    results : int
        New values of those, and what the function returns.
    reused : int
        How much of the results lies where arguments were.
    temporary : int
        Everything between.
    """

    arguments: int
    results: int
    reused: int
    temporary: int

    @property
    def peak(self) -> int:
        return self.arguments + self.results - self.reused + self.temporary


@functools.cache
def compiler_options(platform) -> dict:
    """Arguments of ``jax.jit`` by which XLA orders steps so that little lies in memory at once.

    For processors it prefers an order in which much can run at the same time, and makes early in
    the forward pass what only gradients need: a second copy of what goes into each convolution.

    Parameters
    ----------
    platform : str
        JAX's name.
    """
    import jax

    options = {"xla_cpu_enable_concurrency_optimized_scheduler": False}
    if platform != "cpu" or "compiler_options" not in inspect.signature(jax.jit).parameters:
        return {}
    try:
        jax.jit(lambda: 0, compiler_options=options).lower().compile()
    except RuntimeError:  # JAX 0.4.34 to 0.7.1 differ in what their XLA knows
        return {}
    return {"compiler_options": options}


def planned_memory(function, *values) -> Memory:
    """What a call of `function` with `values` takes; compiles it for their shapes, calls nothing.

    Parameters
    ----------
    function : function compiled for JAX
    values : arrays
        Its inputs; only shapes count.

    Raises
    ------
    TypeError
        If it was compiled for the C backend, or takes other inputs.
    """
    if not getattr(function.vm, "runs_ahead", False):
        raise TypeError(f"{function} is not compiled for JAX; compile it with mode='JAX'")
    stores = function.input_storage[: len(values)]
    for store, value in zip(stores, values):
        store.storage[0] = store.type.filter(value)
    try:
        found = function.vm.lowered().compile().memory_analysis()
    finally:
        for store in stores:
            store.storage[0] = None
    return Memory(
        found.argument_size_in_bytes,
        found.output_size_in_bytes,
        found.alias_size_in_bytes,
        found.temp_size_in_bytes,
    )
