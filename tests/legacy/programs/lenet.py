"""A small LeNet: convolution, pooling, dense, softmax, one update expression for all."""

import numpy
import theano
import theano.tensor as T
from theano.tensor.nnet import conv2d
from theano.tensor.signal import downsample, pool


class ConvPool:
    def __init__(self, rng, input, filter_shape, image_shape, poolsize=(2, 2), old=False):
        fan_in = numpy.prod(filter_shape[1:])
        fan_out = filter_shape[0] * numpy.prod(filter_shape[2:]) // numpy.prod(poolsize)
        bound = numpy.sqrt(6.0 / (fan_in + fan_out))
        self.W = theano.shared(
            numpy.asarray(rng.uniform(-bound, bound, filter_shape), dtype=theano.config.floatX),
            borrow=True,
        )
        self.b = theano.shared(numpy.zeros((filter_shape[0],), dtype=theano.config.floatX))
        conved = conv2d(
            input=input, filters=self.W, filter_shape=filter_shape, input_shape=image_shape
        )
        if old:
            pooled = downsample.max_pool_2d(input=conved, ds=poolsize, ignore_border=True)
        else:
            pooled = pool.pool_2d(conved, ws=poolsize, ignore_border=True)
        self.output = T.tanh(pooled + self.b.dimshuffle("x", 0, "x", "x"))
        self.params = [self.W, self.b]


def stripes(rng, count):
    """Pictures of 12 x 12 with upright or level stripes."""
    labels = rng.randint(2, size=count)
    waves = numpy.sin(numpy.arange(12) * 2 + rng.uniform(0, 6, size=(count, 1)))
    pictures = numpy.where(labels[:, None, None] == 0, waves[:, :, None], waves[:, None, :])
    noise = 0.3 * rng.normal(size=(count, 12, 12))
    return (pictures + noise).reshape(count, 144), labels


def main():
    rng = numpy.random.RandomState(23455)
    batch_size = 20
    floatX = theano.config.floatX
    x, y, index = T.matrix("x"), T.ivector("y"), T.lscalar()
    layer0 = ConvPool(
        rng, x.reshape((batch_size, 1, 12, 12)), (4, 1, 3, 3), (batch_size, 1, 12, 12)
    )
    layer1 = ConvPool(rng, layer0.output, (6, 4, 2, 2), (batch_size, 4, 5, 5), old=True)
    flat = layer1.output.flatten(2)
    W = theano.shared(numpy.asarray(0.1 * rng.normal(size=(24, 2)), dtype=floatX))
    b = theano.shared(numpy.zeros(2, dtype=floatX))
    p = T.nnet.softmax(T.dot(flat, W) + b)
    cost = T.nnet.categorical_crossentropy(p, y).mean()
    params = [W, b] + layer1.params + layer0.params
    updates = [(param, param - 0.2 * grad) for param, grad in zip(params, T.grad(cost, params))]
    pictures, labels = stripes(rng, 200)
    data = theano.shared(numpy.asarray(pictures, dtype=floatX))
    targets = T.cast(theano.shared(numpy.asarray(labels, dtype=floatX)), "int32")
    rows = slice(index * batch_size, (index + 1) * batch_size)
    step = theano.function([index], cost, updates=updates, givens={x: data[rows], y: targets[rows]})
    losses = [float(numpy.mean([step(i) for i in range(10)])) for _ in range(8)]
    return {"first": losses[0], "last": losses[-1]}


if __name__ == "__main__":
    print(main())
