"""The adding problem: two marked numbers of a sequence are to be summed, both ways, masked."""

import lasagne
import numpy as np
import theano
import theano.tensor as T

MIN_LENGTH, MAX_LENGTH, N_BATCH, N_HIDDEN = 4, 7, 40, 8


def gen_data(rng):
    X = np.concatenate(
        [
            rng.uniform(size=(N_BATCH, MAX_LENGTH, 1)),
            np.zeros((N_BATCH, MAX_LENGTH, 1)),
        ],
        axis=-1,
    )
    mask = np.zeros((N_BATCH, MAX_LENGTH))
    y = np.zeros((N_BATCH,))
    for n in range(N_BATCH):
        length = rng.randint(MIN_LENGTH, MAX_LENGTH + 1)
        mask[n, :length] = 1
        X[n, length:] = 0
        for place in (rng.randint(length // 2), rng.randint(length // 2, length)):
            X[n, place, 1] = 1
            y[n] += X[n, place, 0]
    floatX = theano.config.floatX
    return X.astype(floatX), y.astype(floatX), mask.astype(floatX)


def build(kind):
    layers = lasagne.layers
    l_in = layers.InputLayer(shape=(N_BATCH, MAX_LENGTH, 2))
    l_mask = layers.InputLayer(shape=(N_BATCH, MAX_LENGTH))
    if kind == "lstm":
        l_hidden = layers.LSTMLayer(
            l_in,
            N_HIDDEN,
            mask_input=l_mask,
            grad_clipping=100.0,
            only_return_final=True,
            forgetgate=layers.Gate(b=lasagne.init.Constant(1.0)),
        )
    else:
        settings = dict(
            mask_input=l_mask,
            grad_clipping=100,
            W_in_to_hid=lasagne.init.HeUniform(),
            W_hid_to_hid=lasagne.init.Orthogonal(),
            nonlinearity=lasagne.nonlinearities.tanh,
            only_return_final=True,
        )
        l_forward = layers.RecurrentLayer(l_in, N_HIDDEN, **settings)
        l_backward = layers.RecurrentLayer(l_in, N_HIDDEN, backwards=True, **settings)
        l_hidden = layers.ConcatLayer([l_forward, l_backward])
    l_out = layers.DenseLayer(l_hidden, num_units=1, nonlinearity=None)
    return l_in, l_mask, l_out


def run(kind, steps=120):
    lasagne.random.set_rng(np.random.RandomState(2))
    rng = np.random.RandomState(3)
    l_in, l_mask, l_out = build(kind)
    target_values = T.vector("target_output")
    predicted_values = lasagne.layers.get_output(l_out).flatten()
    cost = T.mean((predicted_values - target_values) ** 2)
    all_params = lasagne.layers.get_all_params(l_out, trainable=True)
    grads = lasagne.updates.total_norm_constraint(T.grad(cost, all_params), 5)
    updates = lasagne.updates.adam(grads, all_params, 0.02)
    train = theano.function(
        [l_in.input_var, target_values, l_mask.input_var], cost, updates=updates
    )
    losses = []
    for _ in range(steps):
        X, y, mask = gen_data(rng)
        losses.append(float(train(X, y, mask)))
    return float(np.mean(losses[:10])), float(np.mean(losses[-10:]))


def main():
    return {kind: run(kind) for kind in ("lstm", "both ways")}


if __name__ == "__main__":
    print(main())
