"""Denoising autoencoders, stacked, trained one by one and then together."""

import numpy
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams as RandomStreams


class Denoiser:
    """Tied weights, cross-entropy of the reconstruction."""

    def __init__(self, numpy_rng, theano_rng, input, n_visible, n_hidden, W=None, bhid=None):
        floatX = theano.config.floatX
        if W is None:
            bound = 4 * numpy.sqrt(6.0 / (n_hidden + n_visible))
            initial = numpy_rng.uniform(-bound, bound, size=(n_visible, n_hidden))
            W = theano.shared(value=numpy.asarray(initial, dtype=floatX), name="W", borrow=True)
        if bhid is None:
            bhid = theano.shared(value=numpy.zeros(n_hidden, dtype=floatX), name="bhid")
        bvis = theano.shared(value=numpy.zeros(n_visible, dtype=floatX), borrow=True)
        self.W, self.b, self.b_prime, self.W_prime = W, bhid, bvis, W.T
        self.theano_rng, self.x = theano_rng, input
        self.params = [self.W, self.b, self.b_prime]

    def corrupted(self, level):
        kept = self.theano_rng.binomial(
            size=self.x.shape, n=1, p=1 - level, dtype=theano.config.floatX
        )
        return kept * self.x

    def cost_updates(self, level, rate):
        y = T.nnet.sigmoid(T.dot(self.corrupted(level), self.W) + self.b)
        z = T.nnet.sigmoid(T.dot(y, self.W_prime) + self.b_prime)
        L = -T.sum(self.x * T.log(z) + (1 - self.x) * T.log(1 - z), axis=1)
        cost = T.mean(L)
        gparams = T.grad(cost, self.params)
        return cost, [(p, p - rate * g) for p, g in zip(self.params, gparams)]


class Stack:
    def __init__(self, numpy_rng, n_ins, hidden_sizes, n_outs):
        theano_rng = RandomStreams(numpy_rng.randint(2**30))
        self.x, self.y = T.matrix("x"), T.ivector("y")
        self.denoisers, self.params, below, size = [], [], self.x, n_ins
        for n_hidden in hidden_sizes:
            denoiser = Denoiser(numpy_rng, theano_rng, below, size, n_hidden)
            self.denoisers.append(denoiser)
            self.params.extend([denoiser.W, denoiser.b])
            below, size = T.nnet.sigmoid(T.dot(below, denoiser.W) + denoiser.b), n_hidden
        floatX = theano.config.floatX
        W = theano.shared(numpy.zeros((size, n_outs), dtype=floatX))
        b = theano.shared(numpy.zeros((n_outs,), dtype=floatX))
        self.params.extend([W, b])
        p = T.nnet.softmax(T.dot(below, W) + b)
        self.finetune_cost = -T.mean(T.log(p)[T.arange(self.y.shape[0]), self.y])
        self.errors = T.mean(T.neq(T.argmax(p, axis=1), self.y))

    def pretraining_functions(self, data, batch_size):
        index = T.lscalar("index")
        level, rate = T.scalar("corruption"), T.scalar("lr")
        begin = index * batch_size
        functions = []
        for denoiser in self.denoisers:
            cost, updates = denoiser.cost_updates(level, rate)
            functions.append(
                theano.function(
                    inputs=[index, theano.In(level, value=0.2), theano.In(rate, value=0.1)],
                    outputs=cost,
                    updates=updates,
                    givens={self.x: data[begin : begin + batch_size]},
                )
            )
        return functions


def patterns(rng, count, size=20):
    """Four prototypes, some of their bits turned."""
    prototypes = rng.randint(2, size=(4, size))
    labels = rng.randint(4, size=count)
    turned = rng.uniform(size=(count, size)) < 0.1
    return numpy.where(turned, 1 - prototypes[labels], prototypes[labels]), labels


def main():
    numpy_rng = numpy.random.RandomState(89677)
    x, labels = patterns(numpy_rng, 200)
    data = theano.shared(numpy.asarray(x, dtype=theano.config.floatX), borrow=True)
    stack = Stack(numpy_rng, 20, [12, 8], 4)
    costs = []
    for pretrain in stack.pretraining_functions(data, 20):
        history = [numpy.mean([pretrain(i, lr=0.2) for i in range(10)]) for _ in range(10)]
        costs.append((float(history[0]), float(history[-1])))
    grads = T.grad(stack.finetune_cost, stack.params)
    finetune = theano.function(
        [stack.y],
        [stack.finetune_cost, stack.errors],
        updates=[(p, p - 0.5 * g) for p, g in zip(stack.params, grads)],
        givens={stack.x: data},
    )
    for _ in range(150):
        _, error = finetune(labels.astype("int32"))
    return {"pretraining": costs, "error": float(error)}


if __name__ == "__main__":
    print(main())
