"""A restricted Boltzmann machine, trained by contrastive divergence, then a deep belief net."""

import numpy
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams as RandomStreams


class RBM:
    def __init__(self, input, n_visible, n_hidden, numpy_rng, theano_rng):
        floatX = theano.config.floatX
        weights = 0.1 * numpy_rng.normal(size=(n_visible, n_hidden))
        self.W = theano.shared(numpy.asarray(weights, dtype=floatX), name="W", borrow=True)
        self.hbias = theano.shared(numpy.zeros(n_hidden, dtype=floatX), name="hbias")
        self.vbias = theano.shared(numpy.zeros(n_visible, dtype=floatX), name="vbias")
        self.input, self.theano_rng = input, theano_rng
        self.params = [self.W, self.hbias, self.vbias]

    def free_energy(self, v):
        wx_b = T.dot(v, self.W) + self.hbias
        return -T.sum(T.log(1 + T.exp(wx_b)), axis=1) - T.dot(v, self.vbias)

    def sample(self, pre):
        mean = T.nnet.sigmoid(pre)
        drawn = self.theano_rng.binomial(size=mean.shape, n=1, p=mean, dtype=theano.config.floatX)
        return [pre, mean, drawn]

    def h_given_v(self, v):
        return self.sample(T.dot(v, self.W) + self.hbias)

    def v_given_h(self, h):
        return self.sample(T.dot(h, self.W.T) + self.vbias)

    def gibbs_hvh(self, h0):
        pre_v, v_mean, v = self.v_given_h(h0)
        pre_h, h_mean, h = self.h_given_v(v)
        return [pre_v, v_mean, v, pre_h, h_mean, h]

    def cost_updates(self, lr=0.1, persistent=None, k=1):
        _, _, ph_sample = self.h_given_v(self.input)
        chain_start = ph_sample if persistent is None else persistent
        outputs, updates = theano.scan(
            self.gibbs_hvh,
            outputs_info=[None, None, None, None, None, chain_start],
            n_steps=k,
            name="gibbs_hvh",
        )
        chain_end = outputs[2][-1]
        cost = T.mean(self.free_energy(self.input)) - T.mean(self.free_energy(chain_end))
        gparams = T.grad(cost, self.params, consider_constant=[chain_end])
        for gparam, param in zip(gparams, self.params):
            updates[param] = param - gparam * T.cast(lr, dtype=theano.config.floatX)
        if persistent:
            updates[persistent] = outputs[-1][-1]
            return self.pseudo_likelihood(updates), updates
        pre_v = outputs[0][-1]
        cross_entropy = T.mean(
            T.sum(
                self.input * T.log(T.nnet.sigmoid(pre_v))
                + (1 - self.input) * T.log(1 - T.nnet.sigmoid(pre_v)),
                axis=1,
            )
        )
        return cross_entropy, updates

    def pseudo_likelihood(self, updates):
        n_visible = self.vbias.get_value().size
        bit = theano.shared(value=0, name="bit")
        xi = T.round(self.input)
        flipped = T.set_subtensor(xi[:, bit], 1 - xi[:, bit])
        difference = self.free_energy(flipped) - self.free_energy(xi)
        updates[bit] = (bit + 1) % n_visible
        return T.mean(n_visible * T.log(T.nnet.sigmoid(difference)))


def bars(rng, count, side=4):
    """Pictures of one whole row or one whole column."""
    pictures = numpy.zeros((count, side, side))
    for picture in pictures:
        line = rng.randint(side)
        picture[(line,) if rng.randint(2) else (slice(None), line)] = 1
    return pictures.reshape(count, -1)


def trainer(rbm, x, data, index, batch_size, **settings):
    cost, updates = rbm.cost_updates(**settings)
    rows = data[index * batch_size : (index + 1) * batch_size]
    return theano.function([index], cost, updates=updates, givens={x: rows})


def main():
    rng = numpy.random.RandomState(123)
    theano_rng = RandomStreams(rng.randint(2**30))
    data = theano.shared(numpy.asarray(bars(rng, 200), dtype=theano.config.floatX))
    x, index, batch_size = T.matrix("x"), T.lscalar(), 20

    chain = theano.shared(numpy.zeros((batch_size, 12), dtype=theano.config.floatX))
    rbm = RBM(x, 16, 12, rng, theano_rng)
    persistent = trainer(rbm, x, data, index, batch_size, persistent=chain, k=3)
    likelihood = [numpy.mean([persistent(i) for i in range(10)]) for _ in range(25)]

    first = RBM(x, 16, 12, rng, theano_rng)
    hidden = T.nnet.sigmoid(T.dot(x, first.W) + first.hbias)
    second = RBM(hidden, 12, 6, rng, theano_rng)
    entropies = []
    for layer in (first, second):
        step = trainer(layer, x, data, index, batch_size, lr=0.2, k=1)
        history = [numpy.mean([step(i) for i in range(10)]) for _ in range(15)]
        entropies.append((float(history[0]), float(history[-1])))
    return {
        "pseudo_likelihood": (float(likelihood[0]), float(likelihood[-1])),
        "belief_net": entropies,
        "chain": chain.get_value(),
    }


if __name__ == "__main__":
    print(main())
