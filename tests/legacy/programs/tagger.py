"""A recurrent tagger: words of a window embedded, one tag for each word of a sentence."""

from collections import OrderedDict

import numpy
import theano
import theano.tensor as T


def windows(sentence, size):
    """Each word with its neighbours; -1, the last row of the embedding, beyond the ends."""
    padded = size // 2 * [-1] + list(sentence) + size // 2 * [-1]
    return [padded[i : i + size] for i in range(len(sentence))]


class Tagger:
    def __init__(self, rng, nh, nc, ne, de, cs):
        def weights(name, *shape):
            values = 0.2 * rng.uniform(-1.0, 1.0, shape)
            return theano.shared(value=values.astype(theano.config.floatX), name=name)

        self.emb = weights("embeddings", ne + 1, de)
        self.wx, self.wh = weights("wx", de * cs, nh), weights("wh", nh, nh)
        self.w, self.bh = weights("w", nh, nc), weights("bh", nh)
        self.b, self.h0 = weights("b", nc), weights("h0", nh)
        self.params = [self.emb, self.wx, self.wh, self.w, self.bh, self.b, self.h0]

        idxs = T.imatrix()
        x = self.emb[idxs].reshape((idxs.shape[0], de * cs))
        y_sentence = T.ivector("y_sentence")

        def recurrence(x_t, h_tm1):
            h_t = T.nnet.sigmoid(T.dot(x_t, self.wx) + T.dot(h_tm1, self.wh) + self.bh)
            s_t = T.nnet.softmax(T.dot(h_t, self.w) + self.b)
            return [h_t, s_t]

        [h, s], _ = theano.scan(
            fn=recurrence, sequences=x, outputs_info=[self.h0, None], n_steps=x.shape[0]
        )
        p = s if s.ndim == 2 else s[:, 0, :]
        lr = T.scalar("lr")
        nll = -T.mean(T.log(p)[T.arange(x.shape[0]), y_sentence])
        grads = T.grad(nll, self.params)
        updates = OrderedDict((p, p - lr * g) for p, g in zip(self.params, grads))
        self.classify = theano.function(inputs=[idxs], outputs=T.argmax(p, axis=1))
        self.train = theano.function([idxs, y_sentence, lr], nll, updates=updates)
        norms = T.sqrt((self.emb**2).sum(axis=1)).dimshuffle(0, "x")
        self.normalize = theano.function([], updates={self.emb: self.emb / norms})


def main():
    """A word is tagged 1 after word 0 was seen: what only a memory tells."""
    rng = numpy.random.RandomState(3)
    sentences = [rng.permutation(6) for _ in range(30)]
    tags = [(numpy.cumsum(s == 0) > 0).astype("int32") for s in sentences]
    tagger = Tagger(rng, nh=8, nc=2, ne=6, de=4, cs=3)
    losses = []
    for _ in range(15):
        history = []
        for sentence, labels in zip(sentences, tags):
            context = numpy.asarray(windows(sentence, 3), dtype="int32")
            history.append(tagger.train(context, labels, 0.7))
            tagger.normalize()
        losses.append(float(numpy.mean(history)))
    found = [tagger.classify(numpy.asarray(windows(s, 3), dtype="int32")) for s in sentences]
    right = numpy.mean([numpy.mean(f == t) for f, t in zip(found, tags)])
    return {"first": losses[0], "last": losses[-1], "right": float(right)}


if __name__ == "__main__":
    print(main())
