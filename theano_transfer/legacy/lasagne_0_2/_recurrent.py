"""``lasagne.layers.recurrent``: a state that is a layer of itself and of the input."""

from __future__ import annotations

import theano.tensor as T
from lasagne.init import Constant, Uniform
from lasagne.layers import InputLayer
from lasagne.nonlinearities import identity, rectify

from theano_transfer.legacy.lasagne_0_2._dense import DenseLayer
from theano_transfer.legacy.lasagne_0_2._network import get_all_params, get_output
from theano_transfer.legacy.lasagne_0_2._recurrence import RecurrenceLayer, time_first


class CustomRecurrentLayer(RecurrenceLayer):
    """``h[t] = nonlinearity(input_to_hidden(x[t]) + hidden_to_hidden(h[t - 1]))``.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, time, features...).
    input_to_hidden, hidden_to_hidden : Layer
        Of one network each, with outputs of one shape.
    nonlinearity : callable or None
    hid_init : Layer, initialiser, array or variable
        The state before the first step: shape (1, ...) of the output of `hidden_to_hidden`.
    backwards, gradient_steps, grad_clipping, unroll_scan, mask_input, only_return_final
        As for every recurrent layer of Lasagne.
    learn_init : bool
        Whether `hid_init` is trained.
    precompute_input : bool
        Whether `input_to_hidden` is computed for all steps at once, before the loop.
    """

    def __init__(
        self,
        incoming,
        input_to_hidden,
        hidden_to_hidden,
        nonlinearity=rectify,
        hid_init=Constant(0.0),  # noqa: B008 (initialisers are values, as everywhere in Lasagne)
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
        self.input_to_hidden = input_to_hidden
        self.hidden_to_hidden = hidden_to_hidden
        self.learn_init = learn_init
        self.nonlinearity = identity if nonlinearity is None else nonlinearity
        _check_sizes(self.input_shapes[0], input_to_hidden, hidden_to_hidden, precompute_input)
        shape = (1, *hidden_to_hidden.output_shape[1:])
        self.hid_init = self.add_state("hid_init", hid_init, shape, learn_init)

    def features(self):
        return self.hidden_to_hidden.output_shape[1:]

    def get_params(self, **tags):
        params = super().get_params(**tags)
        for network in (self.input_to_hidden, self.hidden_to_hidden):
            params += get_all_params(network, **tags)
        return params

    def get_output_for(self, inputs, **kwargs):
        input = time_first(inputs[0])
        time, batch = input.shape[0], input.shape[1]
        non_sequences = get_all_params(self.hidden_to_hidden)
        if self.precompute_input:
            features = [input.shape[axis] for axis in range(2, input.ndim)]
            flat = T.reshape(input, (time * batch, *features), ndim=input.ndim - 1)
            flat = get_output(self.input_to_hidden, flat, **kwargs)
            features = [flat.shape[axis] for axis in range(1, flat.ndim)]
            input = T.reshape(flat, (time, batch, *features), ndim=flat.ndim + 1)
        else:
            non_sequences = non_sequences + get_all_params(self.input_to_hidden)

        def step(now, previous, *_):
            hidden = get_output(self.hidden_to_hidden, previous, **kwargs)
            if not self.precompute_input:
                now = get_output(self.input_to_hidden, now, **kwargs)
            return [self.nonlinearity(self.clipped(hidden + now))]

        first = self.first_state("hid_init", inputs, batch)
        return self.iterate(step, input, inputs, [first], list(dict.fromkeys(non_sequences)))


def _check_sizes(input_shape, input_to_hidden, hidden_to_hidden, precompute_input):
    def agree(*shapes):
        return all(len({n for n in lengths if n is not None}) < 2 for lengths in zip(*shapes))

    into, out = input_to_hidden.output_shape, hidden_to_hidden.output_shape
    back = hidden_to_hidden.input_shape if hasattr(hidden_to_hidden, "input_shape") else into
    if not agree(into[1:], out[1:]):
        raise ValueError(
            "input_to_hidden and hidden_to_hidden must have outputs of one shape after the first "
            f"axis; got {into} and {out}"
        )
    if len(into[1:]) == len(back[1:]) and not agree(into[1:], back[1:]):
        raise ValueError(
            "hidden_to_hidden must take what input_to_hidden puts out; got output shape "
            f"{into} and input shape {back}"
        )
    if precompute_input:
        batch, time = input_shape[:2]
        if None not in (into[0], batch, time) and into[0] != batch * time:
            raise ValueError(
                "with precompute_input=True, input_to_hidden sees all steps at once, "
                f"{batch} * {time} rows; it was made for {into[0]}"
            )
    elif not agree(into[:1], out[:1]):
        raise ValueError(
            "with precompute_input=False, input_to_hidden and hidden_to_hidden must have as many "
            f"rows; got {into[0]} and {out[0]}"
        )


class RecurrentLayer(CustomRecurrentLayer):
    """``h[t] = nonlinearity(x[t] W_in_to_hid + h[t - 1] W_hid_to_hid + b)``.

    Parameters
    ----------
    incoming : Layer or tuple
        (batch, time, features...); features are flattened.
    num_units : int
    W_in_to_hid, W_hid_to_hid : initialiser, array or variable
        Shapes (features, num_units), (num_units, num_units).
    b : initialiser, array, variable or None
        Shape (num_units,).

    The other parameters are those of :class:`CustomRecurrentLayer`.
    """

    def __init__(
        self,
        incoming,
        num_units,
        W_in_to_hid=Uniform(),  # noqa: B008
        W_hid_to_hid=Uniform(),  # noqa: B008
        b=Constant(0.0),  # noqa: B008
        nonlinearity=rectify,
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
        input_shape = incoming if isinstance(incoming, tuple) else incoming.output_shape
        prefix = f"{kwargs['name']}." if kwargs.get("name") else ""
        in_to_hid = DenseLayer(
            InputLayer((None, *input_shape[2:])),
            num_units,
            W=W_in_to_hid,
            b=b,
            nonlinearity=None,
            name=prefix + "input_to_hidden",
        )
        hid_to_hid = DenseLayer(
            InputLayer((None, num_units)),
            num_units,
            W=W_hid_to_hid,
            b=None,
            nonlinearity=None,
            name=prefix + "hidden_to_hidden",
        )
        self.num_units = num_units
        self.W_in_to_hid = in_to_hid.W
        self.W_hid_to_hid = hid_to_hid.W
        self.b = in_to_hid.b
        super().__init__(
            incoming, in_to_hid, hid_to_hid, nonlinearity, hid_init, backwards, learn_init,
            gradient_steps, grad_clipping, unroll_scan, precompute_input, mask_input,
            only_return_final, **kwargs,
        )  # fmt: skip
