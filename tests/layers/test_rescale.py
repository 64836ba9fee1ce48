import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import RescaleLayer, StandardizeLayer


@pytest.mark.parametrize(
    ("scale", "offset"),
    [(1 / 127.5, -1), (2, 0), ((1, 2, 3), (0.5, 0, -1)), (np.array([1.0, 2, 3]), 1)],
)
@pytest.mark.parametrize("axes", [(), (4, 5)])
def test_scale_and_offset_of_all_or_of_each_channel(scale, offset, axes, rng):
    images = InputLayer((None, 3, *axes))
    layer = RescaleLayer(images, scale, offset)
    assert layer.output_shape == images.output_shape
    x = rng.uniform(0, 255, (2, 3, *axes)).astype("float32")
    found = theano.function([images.input_var], get_output(layer))(x)
    column = [np.reshape(numbers, (-1, *(1,) * len(axes))) for numbers in (scale, offset)]
    np.testing.assert_allclose(found, column[0] * x + column[1], rtol=1e-5, atol=1e-5)
    assert found.dtype == "float32"


def test_pixels_are_standardised_by_numbers_that_are_not_trained(rng):
    images = InputLayer((None, 3, None, None))
    mean, var = rng.uniform(0, 1, (2, 3))
    layer = StandardizeLayer(images, mean, var, name="norm")
    assert [param.name for param in layer.params] == ["norm.mean", "norm.var", "norm.count"]
    assert lasagne.layers.get_all_params(layer, trainable=True) == []
    assert lasagne.layers.count_params(layer) == 7
    x = rng.uniform(0, 1, (2, 3, 4, 5)).astype("float32")
    found = theano.function([images.input_var], get_output(layer))(x)
    expected = (x - mean[:, None, None]) / np.sqrt(var)[:, None, None]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_a_variance_of_zero_makes_no_infinity():
    images = InputLayer((None, 1, 1, 1))
    layer = StandardizeLayer(images, var=lasagne.init.Constant(0))
    function = theano.function([images.input_var], get_output(layer))
    np.testing.assert_allclose(function(np.full((1, 1, 1, 1), 2, "float32")), 2e7, rtol=1e-5)


def test_channels_have_to_be_known():
    with pytest.raises(ValueError, match="known number of channels"):
        StandardizeLayer((None, None, 4, 4))
