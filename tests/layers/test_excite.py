import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import InputLayer, get_output, get_output_shape

from theano_transfer.layers import Conv2DLayer, ExciteLayer, SqueezeLayer


@pytest.mark.parametrize("size", [(4, 5), (None, None)])
def test_channels_are_scaled_by_a_number_from_the_whole_picture(size, rng):
    images = InputLayer((None, 3, *size))
    squeezed = SqueezeLayer(images)
    numbers = Conv2DLayer(squeezed, 3, 1)
    excited = ExciteLayer([images, numbers])
    x = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    function = theano.function([images.input_var], get_output([squeezed, numbers, excited]))
    means, factors, found = function(x)
    np.testing.assert_allclose(means, x.mean(axis=(2, 3), keepdims=True), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found, x * factors, rtol=1e-5)
    assert squeezed.output_shape == (None, 3, 1, 1)
    assert excited.output_shape == images.output_shape
    assert get_output_shape(excited, x.shape) == found.shape


def test_squeezing_by_the_maximum(rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    images = InputLayer((None, 3, None, None))
    squeezed = SqueezeLayer(images, T.max)
    found = theano.function([images.input_var], get_output(squeezed))(x)
    np.testing.assert_array_equal(found, x.max(axis=(2, 3), keepdims=True))


def test_shapes_have_to_fit():
    with pytest.raises(ValueError, match="squeezing takes images"):
        SqueezeLayer((None, 3))
    for numbers in [(None, 2, 1, 1), (None, 3, 4, 4), (None, 3)]:
        with pytest.raises(ValueError, match="excitation takes images"):
            ExciteLayer([(None, 3, 4, 4), numbers])
