import lasagne
import numpy as np
import pytest
import theano.tensor as T
from aesara.tensor.nnet.batchnorm import batch_normalization_test, batch_normalization_train

import theano_transfer as tt
from theano_transfer.kernels import BatchNormInference, BatchNormTrain


def values_for(rng, *shapes):
    return [rng.uniform(0.5, 2, size=shape).astype("float32") for shape in shapes]


def test_aesaras_training(agree, with_gradients, rng):
    x = T.tensor4("x")
    others = [T.tensor4() for _ in range(4)]
    results = batch_normalization_train(x, *others[:2], "spatial", 1e-3, 0.1, *others[2:])
    outputs = [*with_gradients(results[0], x, *others[:2]), *results[1:]]
    values = values_for(rng, (3, 2, 4, 5), *[(1, 2, 1, 1)] * 4)
    agree([x, *others], outputs, *values, atol=1e-4)


def test_aesaras_inference(agree, with_gradients, rng):
    x, others = T.matrix("x"), [T.matrix() for _ in range(4)]
    y = batch_normalization_test(x, *others, axes="per-activation", epsilon=1e-3)
    values = values_for(rng, (4, 3), *[(1, 3)] * 4)
    agree([x, *others], with_gradients(y, x, *others), *values, atol=1e-4)


def test_ours(agree, with_gradients, rng):
    x, vectors = T.tensor4("x"), [T.vector() for _ in range(4)]
    values = values_for(rng, (3, 2, 4, 5), *[(2,)] * 4)
    values[0] -= 1
    epsilon = np.float32(1e-3)
    inference = BatchNormInference()(x, *vectors, epsilon)
    outputs = with_gradients(inference, x, *vectors)
    for activation in ("none", "relu"):
        y, mean, var = BatchNormTrain(activation)(x, *vectors[:2], epsilon)
        outputs += [*with_gradients(y, x, *vectors[:2]), mean, var]
    agree([x, *vectors], outputs, *values, atol=1e-4)


@pytest.mark.filterwarnings("ignore:`sqr` is deprecated")  # Lasagne's own layer
def test_neighbouring_channels(agree, with_gradients, rng):
    x = T.tensor4("x")
    entry = lasagne.layers.InputLayer((None, 7, None, None), x)
    for layer in (
        tt.layers.LocalResponseNormLayer(entry),
        lasagne.layers.LocalResponseNormalization2DLayer(entry),
    ):
        y = lasagne.layers.get_output(layer)
        agree([x], with_gradients(y, x), rng.normal(size=(2, 7, 3, 3)).astype("float32"))
