"""Logistic regression and a multilayer perceptron, as classes over shared data."""

import numpy
import theano
import theano.tensor as T


def shared_dataset(x, y, borrow=True):
    """The whole set in shared variables; labels are stored as floats, as for a GPU."""
    floatX = theano.config.floatX
    shared_x = theano.shared(numpy.asarray(x, dtype=floatX), borrow=borrow)
    shared_y = theano.shared(numpy.asarray(y, dtype=floatX), borrow=borrow)
    return shared_x, T.cast(shared_y, "int32")


class SoftmaxRegression:
    def __init__(self, input, n_in, n_out):
        floatX = theano.config.floatX
        self.W = theano.shared(numpy.zeros((n_in, n_out), dtype=floatX), name="W", borrow=True)
        self.b = theano.shared(numpy.zeros((n_out,), dtype=floatX), name="b", borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]

    def nll(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        return T.mean(T.neq(self.y_pred, y))


class Hidden:
    def __init__(self, rng, input, n_in, n_out, activation=T.tanh):
        bound = numpy.sqrt(6.0 / (n_in + n_out))
        values = rng.uniform(low=-bound, high=bound, size=(n_in, n_out))
        self.W = theano.shared(numpy.asarray(values, dtype=theano.config.floatX), name="W")
        self.b = theano.shared(numpy.zeros((n_out,), dtype=theano.config.floatX), name="b")
        self.output = activation(T.dot(input, self.W) + self.b)
        self.params = [self.W, self.b]


class MLP:
    def __init__(self, rng, input, n_in, n_hidden, n_out):
        self.hidden = Hidden(rng, input, n_in, n_hidden)
        self.top = SoftmaxRegression(self.hidden.output, n_hidden, n_out)
        self.L1 = abs(self.hidden.W).sum() + abs(self.top.W).sum()
        self.L2_sqr = (self.hidden.W**2).sum() + (self.top.W**2).sum()
        self.nll, self.errors = self.top.nll, self.top.errors
        self.params = self.hidden.params + self.top.params


def rings(rng, count):
    """Two classes that no line divides."""
    radius = numpy.concatenate([rng.uniform(0, 1, count // 2), rng.uniform(1.5, 2.5, count // 2)])
    angle = rng.uniform(0, 2 * numpy.pi, count)
    x = numpy.stack([radius * numpy.cos(angle), radius * numpy.sin(angle)], axis=1)
    order = rng.permutation(count)
    return x[order], (radius > 1.25)[order]


def train(cost, errors, params, sets, index, x, y, rate, batch_size, patience=400, epochs=60):
    (train_x, train_y), (valid_x, valid_y) = sets
    grads = [T.grad(cost, param) for param in params]
    updates = [(param, param - rate * grad) for param, grad in zip(params, grads)]
    rows = slice(index * batch_size, (index + 1) * batch_size)
    step = theano.function(
        inputs=[index],
        outputs=cost,
        updates=updates,
        givens={x: train_x[rows], y: train_y[rows]},
    )
    validate = theano.function(inputs=[], outputs=errors, givens={x: valid_x, y: valid_y})
    n_batches = train_x.get_value(borrow=True).shape[0] // batch_size
    best, iteration = numpy.inf, 0
    for _ in range(epochs):
        for minibatch in range(n_batches):
            step(minibatch)
            iteration += 1
        error = float(validate())
        if error < best:
            if error < best * 0.995:
                patience = max(patience, iteration * 2)
            best = error
        if iteration >= patience:
            break
    return best


def main():
    rng = numpy.random.RandomState(1234)
    sets = [shared_dataset(*rings(rng, count)) for count in (200, 100)]
    index = T.lscalar("index")
    x, y = T.matrix("x"), T.ivector("y")
    line = SoftmaxRegression(x, 2, 2)
    by_line = train(line.nll(y), line.errors(y), line.params, sets, index, x, y, 0.1, 20)
    mlp = MLP(rng, x, 2, 16, 2)
    cost = mlp.nll(y) + 0.0001 * mlp.L1 + 0.0001 * mlp.L2_sqr
    by_mlp = train(cost, mlp.errors(y), mlp.params, sets, index, x, y, 0.5, 20)
    return {"line": by_line, "mlp": by_mlp}


if __name__ == "__main__":
    print(main())
