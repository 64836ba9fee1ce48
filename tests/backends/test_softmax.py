import numpy as np
import theano
import theano.tensor as T
from aesara.tensor.nnet.basic import (
    crossentropy_categorical_1hot,
    crossentropy_softmax_argmax_1hot_with_bias,
    softmax_with_bias,
)


def test_fused_families(agree, with_gradients, rng):
    x, b, y = T.matrix("x"), T.vector("b"), T.ivector("y")
    scores, bias = (rng.normal(size=s).astype("float32") for s in ((5, 4), (4,)))
    classes = np.array([0, 3, 1, 2, 2], "int32")
    nll, softmax, best = crossentropy_softmax_argmax_1hot_with_bias(x, b, y)
    outputs = [*with_gradients(nll, x, b), softmax, best]
    outputs += with_gradients(softmax_with_bias(x, b), x, b)
    outputs += with_gradients(crossentropy_categorical_1hot(T.nnet.softmax(x), y), x)
    agree([x, b, y], outputs, scores, bias, classes)


def test_what_rewrites_make_of_a_loss(agree, with_gradients, rng):
    x, b, y = T.matrix("x"), T.vector("b"), T.ivector("y")
    scores, bias = (rng.normal(size=s).astype("float32") for s in ((5, 4), (4,)))
    classes = np.array([0, 3, 1, 2, 2], "int32")
    p = T.nnet.softmax(x + b)
    losses = [T.nnet.categorical_crossentropy(p, y), -T.log(p)[T.arange(y.shape[0]), y]]
    for loss in losses:
        agree([x, b, y], with_gradients(loss, x, b), scores, bias, classes)
    compiled = theano.function([x, b, y], T.grad(losses[0].mean(), x), mode="JAX")
    assert "Crossentropy" in str(compiled.maker.fgraph)  # so the fused gradient is converted


def test_other_losses(agree, with_gradients, rng):
    x = T.matrix("x")
    scores = rng.normal(size=(3, 4)).astype("float32")
    p = T.nnet.sigmoid(x)
    outputs = with_gradients(T.nnet.binary_crossentropy(p, T.ones_like(p)), x)
    outputs += with_gradients(T.nnet.logsoftmax(x), x)
    outputs += with_gradients(T.nnet.softmax(x, axis=0), x)
    outputs += with_gradients(T.nnet.softplus(x) + T.nnet.relu(x) + T.nnet.elu(x), x)
    outputs += with_gradients(T.nnet.hard_sigmoid(x), x)
    agree([x], outputs, scores)
