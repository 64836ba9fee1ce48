"""Sequences of different lengths, an LSTM written out in a scan, Adadelta by hand."""

from collections import OrderedDict

import numpy
import theano
import theano.tensor as tensor
from theano import config
from theano.sandbox.rng_mrg import MRG_RandomStreams as RandomStreams


def numpy_floatX(data):
    return numpy.asarray(data, dtype=config.floatX)


def ortho(rng, ndim):
    u, _, _ = numpy.linalg.svd(rng.randn(ndim, ndim))
    return u.astype(config.floatX)


def init_params(rng, words, dim):
    params = OrderedDict()
    params["Wemb"] = 0.1 * rng.randn(words, dim).astype(config.floatX)
    for kind in ("W", "U"):
        params[kind] = numpy.concatenate([ortho(rng, dim) for _ in range(4)], axis=1)
    params["b"] = numpy.zeros(4 * dim).astype(config.floatX)
    params["V"] = 0.1 * rng.randn(dim, 2).astype(config.floatX)
    params["c"] = numpy.zeros(2).astype(config.floatX)
    return OrderedDict((name, theano.shared(value, name=name)) for name, value in params.items())


def lstm_layer(tparams, below, mask, dim):
    n_steps, n_samples = below.shape[0], below.shape[1]

    def _slice(x, n):
        return x[:, n * dim : (n + 1) * dim]

    def _step(m_, x_, h_, c_):
        preact = tensor.dot(h_, tparams["U"]) + x_
        i, f, o = (tensor.nnet.sigmoid(_slice(preact, n)) for n in range(3))
        c = f * c_ + i * tensor.tanh(_slice(preact, 3))
        c = m_[:, None] * c + (1.0 - m_)[:, None] * c_
        h = o * tensor.tanh(c)
        h = m_[:, None] * h + (1.0 - m_)[:, None] * h_
        return h, c

    below = tensor.dot(below, tparams["W"]) + tparams["b"]
    start = tensor.alloc(numpy_floatX(0.0), n_samples, dim)
    rval, _ = theano.scan(
        _step,
        sequences=[mask, below],
        outputs_info=[start, start],
        name="lstm__layers",
        n_steps=n_steps,
    )
    return rval[0]


def adadelta(tparams, grads, inputs, cost):
    def copies(suffix):
        return [
            theano.shared(p.get_value() * numpy_floatX(0.0), name="%s_%s" % (k, suffix))
            for k, p in tparams.items()
        ]

    zipped, up2, grads2 = copies("grad"), copies("rup2"), copies("rgrad2")
    zgup = [(zg, g) for zg, g in zip(zipped, grads)]
    rg2up = [(rg2, 0.95 * rg2 + 0.05 * (g**2)) for rg2, g in zip(grads2, grads)]
    f_grad_shared = theano.function(inputs, cost, updates=zgup + rg2up, name="f_grad_shared")
    updir = [
        -tensor.sqrt(ru2 + 1e-6) / tensor.sqrt(rg2 + 1e-6) * zg
        for zg, ru2, rg2 in zip(zipped, up2, grads2)
    ]
    ru2up = [(ru2, 0.95 * ru2 + 0.05 * (ud**2)) for ru2, ud in zip(up2, updir)]
    param_up = [(p, p + ud) for p, ud in zip(tparams.values(), updir)]
    f_update = theano.function([], [], updates=ru2up + param_up, name="f_update")
    return f_grad_shared, f_update


def prepare(sequences):
    """(time, sample), zeros behind the ends, and where the words are."""
    lengths = [len(s) for s in sequences]
    x = numpy.zeros((max(lengths), len(sequences)), dtype="int64")
    mask = numpy.zeros(x.shape, dtype=config.floatX)
    for n, sequence in enumerate(sequences):
        x[: len(sequence), n] = sequence
        mask[: len(sequence), n] = 1.0
    return x, mask


def main(dim=8, words=6):
    rng = numpy.random.RandomState(123)
    tparams = init_params(rng, words, dim)
    trng = RandomStreams(123)
    use_noise = theano.shared(numpy_floatX(0.0))
    x = tensor.matrix("x", dtype="int64")
    mask = tensor.matrix("mask", dtype=config.floatX)
    y = tensor.vector("y", dtype="int64")
    n_timesteps, n_samples = x.shape[0], x.shape[1]
    emb = tparams["Wemb"][x.flatten()].reshape([n_timesteps, n_samples, dim])
    proj = lstm_layer(tparams, emb, mask, dim)
    proj = (proj * mask[:, :, None]).sum(axis=0) / mask.sum(axis=0)[:, None]
    proj = tensor.switch(
        use_noise, proj * trng.binomial(proj.shape, p=0.5, n=1, dtype=proj.dtype), proj * 0.5
    )
    pred = tensor.nnet.softmax(tensor.dot(proj, tparams["V"]) + tparams["c"])
    cost = -tensor.log(pred[tensor.arange(n_samples), y] + 1e-8).mean()
    grads = tensor.grad(cost, wrt=list(tparams.values()))
    f_grad_shared, f_update = adadelta(tparams, grads, [x, mask, y], cost)
    f_pred = theano.function([x, mask], pred.argmax(axis=1), name="f_pred")

    sequences = [rng.randint(1, words, size=rng.randint(3, 8)) for _ in range(60)]
    labels = numpy.array([int(s[0] > words // 2) for s in sequences])
    x_data, mask_data = prepare(sequences)
    losses = []
    for _ in range(60):
        use_noise.set_value(1.0)
        losses.append(float(f_grad_shared(x_data, mask_data, labels)))
        f_update()
    use_noise.set_value(0.0)
    # What stands behind a sequence's end must not matter.
    longer = numpy.vstack([x_data, numpy.full((2, 60), 5)])
    longer_mask = numpy.vstack([mask_data, numpy.zeros((2, 60), dtype=config.floatX)])
    same = (f_pred(longer, longer_mask) == f_pred(x_data, mask_data)).all()
    return {"first": losses[0], "last": losses[-1], "same": bool(same)}


if __name__ == "__main__":
    print(main())
