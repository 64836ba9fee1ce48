"""Loops."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from aesara.link.jax.dispatch import jax_funcify
from aesara.scan.op import Scan
from jax import lax

from theano_transfer.backends._graph import as_function, number


class _Layout:
    """Where in a Scan's lists of variables what is: sequences, recurrent outputs, and so on."""

    def __init__(self, op):
        info = self.info = op.info
        self.mintaps = op.mintaps
        self.recurrent = info.n_mit_mot + info.n_mit_sot + info.n_sit_sot
        self.taps = info.tap_array

    def of_inputs(self, inputs):
        """The outer inputs by what they are for."""
        info, rest = self.info, iter(inputs)

        def take(count):
            return [next(rest) for _ in range(count)]

        return (
            take(info.n_seqs),
            take(self.recurrent),
            take(info.n_shared_outs),
            take(info.n_nit_sot),
            list(rest),
        )


def _rows(buffers, layout, step):
    """What each recurrent output hands to this step."""
    for buffer, taps, least in zip(buffers, layout.taps, layout.mintaps):
        for tap in taps:
            at = (step - least + tap) % buffer.shape[0]
            yield lax.dynamic_index_in_dim(buffer, at, keepdims=False)


def _written(buffers, results, layout, step):
    """The buffers, of recurrent outputs and then of others, after this step."""
    info, results, written = layout.info, iter(results), []
    for index, (buffer, least) in enumerate(zip(buffers, layout.mintaps)):
        length = buffer.shape[0]
        position = (step - least) % length
        offsets = info.mit_mot_out_slices[index] if index < info.n_mit_mot else (0,)
        for offset in offsets:
            row = next(results).astype(buffer.dtype)
            at = (position + offset) % length
            buffer = lax.dynamic_update_index_in_dim(buffer, row, at, 0)
        written.append(buffer)
    return written, list(results)


def _in_order(buffer, least, steps):
    """A buffer that holds the last rows only, oldest first; zeros behind what was computed."""
    length, computed = buffer.shape[0], steps - least
    if length < computed:
        return jnp.roll(buffer, -((steps - least) % length), axis=0)
    if length > computed:
        return buffer.at[computed:].set(0)
    return buffer


@jax_funcify.register(Scan)
def scan(op, **kwargs):
    if op.info.as_while:
        raise NotImplementedError(
            "a loop that ends by a condition (theano.scan_module.until) makes something whose "
            "length depends on data: JAX cannot; compile this function with mode='FAST_RUN'"
        )
    inner, layout = as_function(op.fgraph), _Layout(op)

    def apply(steps, *inputs):
        steps = number(steps, "the number of steps of a scan")
        sequences, buffers, shared, lengths, others = layout.of_inputs(inputs)
        sequences = [jnp.asarray(x) for x in sequences]
        for x in sequences:
            if x.shape[0] < steps:
                raise ValueError(f"a sequence of {x.shape[0]} is too short for {steps} steps")

        def compute(step, buffers, shared):
            at_step = [lax.dynamic_index_in_dim(x, step, keepdims=False) for x in sequences]
            return inner(*at_step, *_rows(buffers, layout, step), *shared, *others)

        def body(step, carried):
            buffers, shared = carried
            results = compute(step, buffers, shared)
            written, rest = _written(buffers, results, layout, step)
            return written, [jnp.asarray(new, old.dtype) for new, old in zip(rest, shared)]

        buffers = [jnp.asarray(x) for x in buffers]
        shared = [jnp.asarray(x) for x in shared]
        if lengths:
            shapes = jax.eval_shape(lambda: compute(jnp.zeros((), "int64"), buffers, shared))
            first = len(shapes) - len(lengths) - len(shared)
            buffers += [
                jnp.zeros((number(n, "the length of a scan"), *shape.shape), shape.dtype)
                for n, shape in zip(lengths, shapes[first:])
            ]
        buffers, shared = lax.fori_loop(0, steps, body, (buffers, shared))
        count = op.info.n_mit_mot
        ordered = [_in_order(b, m, steps) for b, m in zip(buffers[count:], layout.mintaps[count:])]
        results = [*buffers[:count], *ordered, *shared]
        return results if len(results) > 1 else results[0]

    return apply
