"""``lasagne.layers.recurrent``: states that gates let through."""

from __future__ import annotations

import numpy as np
import theano.tensor as T
from lasagne.init import Constant
from lasagne.nonlinearities import identity, tanh

from theano_transfer.legacy.lasagne_0_2._recurrence import Gate, RecurrenceLayer, time_first


class _GatedLayer(RecurrenceLayer):
    """Weights of several gates side by side, so that all take one product."""

    def _add_gates(self, num_units, **gates):
        self.num_units = num_units
        features = self.input_shapes[0][2:]
        if None in features:
            raise ValueError(
                f"{type(self).__name__} needs (batch, time, features...) with known features; "
                f"got shape {self.input_shapes[0]}"
            )
        num_inputs = int(np.prod(features))
        for name, gate in gates.items():
            W_in = self.add_param(gate.W_in, (num_inputs, num_units), name=f"W_in_to_{name}")
            W_hid = self.add_param(gate.W_hid, (num_units, num_units), name=f"W_hid_to_{name}")
            b = self.add_param(gate.b, (num_units,), name=f"b_{name}", regularizable=False)
            setattr(self, f"W_in_to_{name}", W_in)
            setattr(self, f"W_hid_to_{name}", W_hid)
            setattr(self, f"b_{name}", b)

    def features(self):
        return (self.num_units,)

    def _stacked(self, kind, order, axis):
        return T.concatenate([getattr(self, f"{kind}_{name}") for name in order], axis=axis)

    def _slice(self, x, n):
        return x[:, n * self.num_units : (n + 1) * self.num_units]

    def _prepared(self, inputs, order):
        """The input (time, batch, ...) and the weights side by side: in, hidden, bias."""
        input = inputs[0]
        input = time_first(input.flatten(3) if input.ndim > 3 else input)
        W_in = self._stacked("W_in_to", order, 1)
        W_hid = self._stacked("W_hid_to", order, 1)
        b = self._stacked("b", order, 0)
        if self.precompute_input:
            input = T.dot(input, W_in) + b
        return input, W_in, W_hid, b


class LSTMLayer(_GatedLayer):
    """Long short-term memory.

    ``i = s(x W_in_i + h W_hid_i + c * W_cell_i + b_i)``, likewise ``f``;
    ``c = f * c + i * tanh(x W_in_c + h W_hid_c + b_c)``;
    ``o = s(x W_in_o + h W_hid_o + c * W_cell_o + b_o)`` of the new ``c``;
    ``h = o * tanh(c)``, which is the output. Gers, Schmidhuber and Cummins, 2000,
    https://doi.org/10.1162/089976600300015015; Graves, 2013, https://arxiv.org/abs/1308.0850.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, time, features...); features are flattened.
    num_units : int
    ingate, forgetgate, cell, outgate : Gate
    nonlinearity : callable or None
        Of the cell's state on its way out.
    cell_init, hid_init : Layer, initialiser, array or variable
        The states before the first step, shape (1, num_units).
    backwards, gradient_steps, grad_clipping, unroll_scan, mask_input, only_return_final
        As for every recurrent layer of Lasagne.
    learn_init : bool
        Whether the first states are trained.
    peepholes : bool
        Whether gates see the cell's state.
    precompute_input : bool
        Whether the input's products are computed for all steps at once, before the loop.
    """

    _ORDER = ("ingate", "forgetgate", "cell", "outgate")

    def __init__(
        self,
        incoming,
        num_units,
        ingate=Gate(),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
        forgetgate=Gate(),  # noqa: B008
        cell=Gate(W_cell=None, nonlinearity=tanh),  # noqa: B008
        outgate=Gate(),  # noqa: B008
        nonlinearity=tanh,
        cell_init=Constant(0.0),  # noqa: B008
        hid_init=Constant(0.0),  # noqa: B008
        backwards=False,
        learn_init=False,
        peepholes=True,
        gradient_steps=-1,
        grad_clipping=0,
        unroll_scan=False,
        precompute_input=True,
        mask_input=None,
        only_return_final=False,
        **kwargs,
    ):
        super().__init__(
            incoming, {"hid_init": hid_init, "cell_init": cell_init}, backwards, gradient_steps,
            grad_clipping, unroll_scan, precompute_input, mask_input, only_return_final, **kwargs,
        )  # fmt: skip
        self.nonlinearity = identity if nonlinearity is None else nonlinearity
        self.learn_init = learn_init
        self.peepholes = peepholes
        self._add_gates(num_units, ingate=ingate, forgetgate=forgetgate, cell=cell, outgate=outgate)
        self.nonlinearity_ingate = ingate.nonlinearity
        self.nonlinearity_forgetgate = forgetgate.nonlinearity
        self.nonlinearity_cell = cell.nonlinearity
        self.nonlinearity_outgate = outgate.nonlinearity
        if peepholes:
            units = (num_units,)
            self.W_cell_to_ingate = self.add_param(ingate.W_cell, units, name="W_cell_to_ingate")
            self.W_cell_to_forgetgate = self.add_param(
                forgetgate.W_cell, units, name="W_cell_to_forgetgate"
            )
            self.W_cell_to_outgate = self.add_param(outgate.W_cell, units, name="W_cell_to_outgate")
        row = (1, num_units)
        self.cell_init = self.add_state("cell_init", cell_init, row, learn_init)
        self.hid_init = self.add_state("hid_init", hid_init, row, learn_init)

    def get_output_for(self, inputs, **kwargs):
        input, W_in, W_hid, b = self._prepared(inputs, self._ORDER)
        non_sequences = [W_hid]
        if self.peepholes:
            non_sequences += [
                self.W_cell_to_ingate,
                self.W_cell_to_forgetgate,
                self.W_cell_to_outgate,
            ]
        if not self.precompute_input:
            non_sequences += [W_in, b]

        def step(now, hid, cell, W_hid, *weights):
            others = iter(weights)
            peepholes = [next(others) for _ in range(3)] if self.peepholes else None
            if not self.precompute_input:
                now = T.dot(now, next(others)) + next(others)
            gates = self.clipped(now + T.dot(hid, W_hid))
            ingate, forgetgate, candidate, outgate = (self._slice(gates, n) for n in range(4))
            if peepholes:
                ingate = ingate + cell * peepholes[0]
                forgetgate = forgetgate + cell * peepholes[1]
            ingate = self.nonlinearity_ingate(ingate)
            forgetgate = self.nonlinearity_forgetgate(forgetgate)
            cell = forgetgate * cell + ingate * self.nonlinearity_cell(candidate)
            if peepholes:
                outgate = outgate + cell * peepholes[2]
            return [self.nonlinearity_outgate(outgate) * self.nonlinearity(cell), cell]

        states = [
            self.first_state(name, inputs, input.shape[1]) for name in ("hid_init", "cell_init")
        ]
        return self.iterate(step, input, inputs, states, non_sequences)


class GRULayer(_GatedLayer):
    """Gated recurrent unit.

    ``r = s(x W_in_r + h W_hid_r + b_r)``, likewise ``u``;
    ``c = tanh(x W_in_c + r * (h W_hid_c) + b_c)``; ``h = (1 - u) * h + u * c``. Cho et al., 2014,
    https://arxiv.org/abs/1406.1078, in the form of Chung et al., 2014,
    https://arxiv.org/abs/1412.3555.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, time, features...); features are flattened.
    num_units : int
    resetgate, updategate, hidden_update : Gate
    hid_init : Layer, initialiser, array or variable
        The state before the first step, shape (1, num_units).
    backwards, gradient_steps, grad_clipping, unroll_scan, mask_input, only_return_final
        As for every recurrent layer of Lasagne.
    learn_init : bool
        Whether the first state is trained.
    precompute_input : bool
        Whether the input's products are computed for all steps at once, before the loop.
    """

    _ORDER = ("resetgate", "updategate", "hidden_update")

    def __init__(
        self,
        incoming,
        num_units,
        resetgate=Gate(W_cell=None),  # noqa: B008
        updategate=Gate(W_cell=None),  # noqa: B008
        hidden_update=Gate(W_cell=None, nonlinearity=tanh),  # noqa: B008
        hid_init=Constant(0.0),  # noqa: B008
        backwards=False,
        learn_init=False,
        gradient_steps=-1,
        grad_clipping=0,
        unroll_scan=False,
        precompute_input=True,
        mask_input=None,
        only_return_final=False,
        **kwargs,
    ):
        super().__init__(
            incoming, {"hid_init": hid_init}, backwards, gradient_steps, grad_clipping,
            unroll_scan, precompute_input, mask_input, only_return_final, **kwargs,
        )  # fmt: skip
        self.learn_init = learn_init
        # The order in which Lasagne adds the gates: saved values come in it.
        self._add_gates(
            num_units, updategate=updategate, resetgate=resetgate, hidden_update=hidden_update
        )
        self.nonlinearity_resetgate = resetgate.nonlinearity
        self.nonlinearity_updategate = updategate.nonlinearity
        self.nonlinearity_hid = hidden_update.nonlinearity
        self.hid_init = self.add_state("hid_init", hid_init, (1, num_units), learn_init)

    def get_output_for(self, inputs, **kwargs):
        input, W_in, W_hid, b = self._prepared(inputs, self._ORDER)
        non_sequences = [W_hid] if self.precompute_input else [W_hid, W_in, b]

        def step(now, hid, W_hid, *others):
            if others:
                now = T.dot(now, others[0]) + others[1]
            now, by_hid = self.clipped(now), self.clipped(T.dot(hid, W_hid))
            reset = self.nonlinearity_resetgate(self._slice(now, 0) + self._slice(by_hid, 0))
            update = self.nonlinearity_updategate(self._slice(now, 1) + self._slice(by_hid, 1))
            candidate = self.clipped(self._slice(now, 2) + reset * self._slice(by_hid, 2))
            return [(1 - update) * hid + update * self.nonlinearity_hid(candidate)]

        first = self.first_state("hid_init", inputs, input.shape[1])
        return self.iterate(step, input, inputs, [first], non_sequences)
