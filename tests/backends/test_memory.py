"""What a training step takes on the device: parameters, gradients, activations and little else."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import InputLayer

import theano_transfer as tt
from theano_transfer.backends import planned_memory
from theano_transfer.layers import BatchNormLayer, Conv2DLayer, Pool2DLayer

CHANNELS, SIZE, BATCH = 16, 32, 8


def vgg(entry):
    """Pairs of convolutions, the maps halved between them."""
    layer = entry
    for width in (CHANNELS, 2 * CHANNELS, 4 * CHANNELS):
        for _ in range(2):
            layer = Conv2DLayer(layer, width, 3, pad="same", nonlinearity=rectify)
        layer = Pool2DLayer(layer, 2)
    return layer


def resnet(entry):
    """Blocks with batch normalisation and a shortcut."""
    layer = Conv2DLayer(entry, CHANNELS, 3, pad="same", b=None)
    for _ in range(3):
        inner = layer
        for _ in range(2):
            inner = BatchNormLayer(Conv2DLayer(inner, CHANNELS, 3, pad="same", b=None))
            inner = lasagne.layers.NonlinearityLayer(inner, rectify)
        layer = lasagne.layers.ElemwiseSumLayer([layer, inner])
    return layer


rectify = lasagne.nonlinearities.rectify


def bytes_of(layers):
    return 4 * sum(int(np.prod([BATCH, *layer.output_shape[1:]])) for layer in layers)


@pytest.mark.parametrize("network", [vgg, resnet])
@pytest.mark.parametrize("rule", ["sgd", pytest.param("nesterov_momentum", marks=pytest.mark.slow)])
def test_a_training_step(network, rule):
    entry = InputLayer((None, 3, SIZE, SIZE))
    pooled = lasagne.layers.GlobalPoolLayer(network(entry))
    out = lasagne.layers.DenseLayer(pooled, 5, nonlinearity=lasagne.nonlinearities.softmax)
    y = T.ivector()
    prediction = lasagne.layers.get_output(out)
    loss = lasagne.objectives.categorical_crossentropy(prediction, y).mean()
    params = lasagne.layers.get_all_params(out, trainable=True)
    updates = getattr(lasagne.updates, rule)(loss, params, 0.1)
    step = theano.function([entry.input_var, y], loss, updates=updates, mode="JAX")
    images = np.zeros((BATCH, 3, SIZE, SIZE), "float32")
    memory = planned_memory(step, images, np.zeros(BATCH, "int32"))

    of_params = sum(p.get_value().nbytes for p in params)
    of_memory = sum(p.get_value().nbytes for p in updates) - of_params
    assert memory.reused >= of_params + of_memory  # new values lie where the old ones did
    expected = 2 * of_params + of_memory + bytes_of(lasagne.layers.get_all_layers(out))
    assert memory.peak <= 1.15 * expected


def test_a_function_of_the_c_backend_is_refused(slowly):
    x = T.vector()
    with pytest.raises(TypeError, match="mode='JAX'"):
        planned_memory(theano.function([x], x, mode=slowly), [1, 2])
    assert isinstance(planned_memory(theano.function([x], x * 2, mode="JAX"), [1, 2]).peak, int)
    assert tt.backends.backend() == "c"
