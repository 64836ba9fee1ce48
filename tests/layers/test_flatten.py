import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import ChannelsLastFlattenLayer, ChannelsLastReshapeLayer


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 5)])
def test_numbers_in_the_order_of_keras(shape, rng):
    images = InputLayer((None, *shape[1:]))
    x = rng.normal(size=shape).astype("f4")
    last = np.moveaxis(x, 1, -1)
    layers = [ChannelsLastFlattenLayer(images), ChannelsLastReshapeLayer(images, (-1, 2, 3))]
    function = theano.function([images.input_var], get_output(layers), mode="FAST_COMPILE")
    flat, reshaped = function(x)
    np.testing.assert_array_equal(flat, last.reshape(2, -1))
    np.testing.assert_array_equal(reshaped, np.moveaxis(last.reshape(2, -1, 2, 3), -1, 1))
    for layer, found in zip(layers, (flat, reshaped)):
        assert layer.output_shape == (None, *found.shape[1:])


@pytest.mark.parametrize("shape", [(5,), (-1, -1), (-1, 0), (-1, 7)])
def test_shapes_that_do_not_fit(shape):
    with pytest.raises(ValueError, match="cannot be given the shape"):
        ChannelsLastReshapeLayer((None, 2, 3), shape)
