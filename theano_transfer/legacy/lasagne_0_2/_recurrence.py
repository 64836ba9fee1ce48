"""What the recurrent layers have in common: incomings, states, the loop over time."""

from __future__ import annotations

import theano
import theano.tensor as T
from aesara.compile.sharedvalue import SharedVariable
from aesara.tensor.shape import unbroadcast
from lasagne.init import Constant, Normal
from lasagne.layers import Layer, MergeLayer
from lasagne.nonlinearities import identity, sigmoid

from theano_transfer.legacy.lasagne_0_2._utils import unroll_scan


class Gate:
    """What a gate of a recurrent layer is made of.

    Parameters
    ----------
    W_in, W_hid : initialiser, array or variable
        Shapes (inputs, units) and (units, units).
    W_cell : initialiser, array, variable or None
        Shape (units,): from the cell's state, where a layer has peepholes.
    b : initialiser, array or variable
        Shape (units,).
    nonlinearity : callable or None
    """

    def __init__(
        self,
        W_in=Normal(0.1),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        W_hid=Normal(0.1),  # noqa: B008
        W_cell=Normal(0.1),  # noqa: B008
        b=Constant(0.0),  # noqa: B008
        nonlinearity=sigmoid,
    ):
        self.W_in = W_in
        self.W_hid = W_hid
        if W_cell is not None:
            self.W_cell = W_cell
        self.b = b
        self.nonlinearity = identity if nonlinearity is None else nonlinearity


class RecurrenceLayer(MergeLayer):
    """A layer that goes through (batch, time, ...) step by step.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, time, features...).
    states : dict of str to Layer, initialiser, array or variable
        The first value of every state by the name of its parameter. A layer's output or an
        expression has a row for each of the batch; everything else is one row for all.
    backwards : bool
        From the last step to the first. The output is in the input's order all the same.
    gradient_steps : int
        How far back gradients go; -1: all the way.
    grad_clipping : float
        Gradients are clipped to ``[-grad_clipping, grad_clipping]`` at every step; 0: not.
    unroll_scan : bool
        Every step a part of the graph: faster to run, slower to compile, for a known length.
    mask_input : Layer, optional
        (batch, time): where it is 0 the state stays as it was.
    only_return_final : bool
        Whether the output is the last state (batch, ...), not all (batch, time, ...).
    """

    def __init__(
        self,
        incoming,
        states,
        backwards=False,
        gradient_steps=-1,
        grad_clipping=0,
        unroll_scan=False,
        precompute_input=True,
        mask_input=None,
        only_return_final=False,
        **kwargs,
    ):
        incomings = [incoming]
        self.mask_incoming_index = -1
        if mask_input is not None:
            self.mask_incoming_index = len(incomings)
            incomings.append(mask_input)
        self._state_indices = {}
        for name, first in states.items():
            if isinstance(first, Layer):
                self._state_indices[name] = len(incomings)
                incomings.append(first)
        super().__init__(incomings, **kwargs)
        self.backwards = backwards
        self.gradient_steps = gradient_steps
        self.grad_clipping = grad_clipping or 0
        self.unroll_scan = unroll_scan
        self.precompute_input = precompute_input
        self.only_return_final = only_return_final
        if unroll_scan and gradient_steps != -1:
            raise ValueError(
                f"gradient_steps must be -1 when unroll_scan is True; got {gradient_steps}"
            )
        if unroll_scan and self.input_shapes[0][1] is None:
            raise ValueError(
                "the length of the sequences must be known when unroll_scan is True; "
                f"got shape {self.input_shapes[0]}"
            )

    def add_state(self, name, first, shape, learn):
        """Keep the first value of a state: (1, ...) as a parameter, or as it is."""
        if isinstance(first, Layer):
            return first
        if isinstance(first, theano.Variable) and not isinstance(first, SharedVariable):
            if first.ndim != len(shape):
                raise ValueError(
                    f"{name} is given as an expression of {len(shape)} axes, one row for each of "
                    f"the batch; got {first.ndim}"
                )
            return first
        return self.add_param(first, shape, name=name, trainable=learn, regularizable=False)

    def get_output_shape_for(self, input_shapes):
        batch, time = input_shapes[0][:2]
        features = self.features()
        return (batch, *features) if self.only_return_final else (batch, time, *features)

    def first_state(self, name, inputs, batch):
        """A row for each of the batch."""
        if name in self._state_indices:
            return inputs[self._state_indices[name]]
        first = getattr(self, name)
        if isinstance(first, SharedVariable):
            row = first[0]
            return T.alloc(row, batch, *(row.shape[axis] for axis in range(row.ndim)))
        return first[T.arange(batch) % first.shape[0]]

    def clipped(self, x):
        if not self.grad_clipping:
            return x
        return theano.gradient.grad_clip(x, -self.grad_clipping, self.grad_clipping)

    def iterate(self, step, input, inputs, states, non_sequences):
        """Run `step` over time and return the first state as the layer's output.

        Parameters
        ----------
        step : callable
            Of a time step's input, the states and the non-sequences; returns the states.
        input : expression
            (time, batch, ...).
        inputs : list of expressions
            What the layer was called with.
        states : list of expressions
            The first values.
        """
        sequences, count = [input], len(states)
        body = step
        if self.mask_incoming_index > 0:
            mask = inputs[self.mask_incoming_index].dimshuffle(1, 0)
            sequences.append(mask)

            def body(now, kept, *others):
                previous = others[:count]
                pattern = (0, *"x" * (previous[0].ndim - 1))
                new = step(now, *others)
                return [T.switch(kept.dimshuffle(pattern), a, b) for a, b in zip(new, previous)]

        if self.unroll_scan:
            outputs = unroll_scan(
                body,
                sequences,
                states,
                non_sequences,
                n_steps=self.input_shapes[0][1],
                go_backwards=self.backwards,
            )
        else:
            # A length of 1 is no part of the states' type: scan wants it to stay the same.
            states = [unbroadcast(state, *range(state.ndim)) for state in states]
            outputs, _ = theano.scan(
                lambda *args: _unbroadcast_all(body(*args)),
                sequences=sequences,
                outputs_info=states,
                non_sequences=non_sequences,
                go_backwards=self.backwards,
                truncate_gradient=self.gradient_steps,
                strict=True,
                return_list=True,
            )
        state = outputs[0]
        if self.only_return_final:
            return state[-1]
        state = state.dimshuffle(1, 0, *range(2, state.ndim))
        return state[:, ::-1] if self.backwards else state


def _unbroadcast_all(states):
    return [unbroadcast(state, *range(state.ndim)) for state in states]


def time_first(input):
    """(batch, time, ...) as (time, batch, ...)."""
    return input.dimshuffle(1, 0, *range(2, input.ndim))
