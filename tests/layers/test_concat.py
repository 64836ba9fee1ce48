import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output, get_output_shape

from theano_transfer.layers import ConcatChannelsLayer

CHANNELS = (2, 3, 1)


def branches(*size):
    return [InputLayer((None, channels, *size)) for channels in CHANNELS]


@pytest.mark.parametrize("size", [(4, 5), (None, None)])
def test_channels_come_one_after_the_other_with_gradients(size, rng):
    inputs = branches(*size)
    layer = ConcatChannelsLayer(inputs)
    assert layer.output_shape == (None, 6, *size)
    variables = [branch.input_var for branch in inputs]
    output = get_output(layer)
    weights = rng.normal(size=(2, 6, 4, 5)).astype("float32")
    gradients = theano.grad((output * weights).sum(), variables)
    arrays = [rng.normal(size=(2, n, 4, 5)).astype("float32") for n in CHANNELS]
    found, *slopes = theano.function(variables, [output, *gradients])(*arrays)
    np.testing.assert_array_equal(found, np.concatenate(arrays, axis=1))
    np.testing.assert_array_equal(np.concatenate(slopes, axis=1), weights)
    assert found.transpose(0, 2, 3, 1).flags.c_contiguous
    assert get_output_shape(layer, {b: a.shape for b, a in zip(inputs, arrays)}) == found.shape


def test_what_is_known_of_the_shape_stays_known():
    inputs = branches(None, None)
    fixed = theano.tensor.TensorType("float32", (None, 2, 4, 5))("fixed")
    output = get_output(ConcatChannelsLayer(inputs), {inputs[0]: fixed})
    assert output.type.shape == (None, 6, 4, 5)
    shape = theano.function([branch.input_var for branch in inputs[1:]] + [fixed], output.shape)
    arrays = [np.zeros((2, n, 4, 5), "float32") for n in CHANNELS]
    np.testing.assert_array_equal(shape(*arrays[1:], arrays[0]), [2, 6, 4, 5])


def test_images_have_to_fit_beside_each_other():
    with pytest.raises(ValueError, match="same rows and columns"):
        ConcatChannelsLayer([(None, 2, 4, 5), (None, 2, 4, 4)])
    with pytest.raises(ValueError, match="'mixed' takes images"):
        ConcatChannelsLayer([(None, 2), (None, 2)], name="mixed")
    with pytest.raises(ValueError, match="known numbers of channels"):
        ConcatChannelsLayer([(None, None, 4, 4), (None, 2, 4, 4)])


def test_other_channels_than_declared_are_refused():
    inputs = branches(None, None)
    free = theano.tensor.tensor4()
    output = get_output(ConcatChannelsLayer(inputs), {inputs[0]: free})
    function = theano.function([free, *(branch.input_var for branch in inputs[1:])], output)
    with pytest.raises(ValueError, match="channels were expected"):
        function(*(np.zeros((2, n, 4, 5), "float32") for n in (4, 3, 1)))
