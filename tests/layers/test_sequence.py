import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import Conv2DLayer, PositionDenseLayer, SequenceLayer


def test_a_convolution_along_the_steps(rng):
    steps = InputLayer((None, 2, 6))
    layer = SequenceLayer(steps, lambda shape: Conv2DLayer(shape, 3, (4, 1), pad="same"), name="c")
    assert layer.output_shape == (None, 3, 6)
    assert layer.W is layer.layer.W
    x, W = rng.normal(size=(1, 2, 6)), layer.W.get_value()[..., 0]
    padded = np.pad(x[0], [(0, 0), (1, 2)])
    expected = [np.tensordot(padded[:, k : k + 4], W, ((0, 1), (1, 2))) for k in range(6)]
    function = theano.function([steps.input_var], get_output(layer), mode="FAST_COMPILE")
    np.testing.assert_allclose(function(x.astype("f4"))[0], np.transpose(expected), atol=1e-5)
    with pytest.raises(ValueError, match="sequences"):
        SequenceLayer((None, 2, 6, 6), lambda shape: Conv2DLayer(shape, 3, 1))


@pytest.mark.parametrize("axis", [1, 2])
def test_a_dense_layer_at_every_place(axis, rng):
    images = InputLayer((None, 3, 4, 5))
    layer = PositionDenseLayer(images, 6, axis, nonlinearity=np.abs)
    x, W = rng.normal(size=(2, 3, 4, 5)).astype("f4"), layer.W.get_value()
    expected = abs(np.moveaxis(np.tensordot(x, W, (axis, 0)), -1, axis))
    function = theano.function([images.input_var], get_output(layer), mode="FAST_COMPILE")
    np.testing.assert_allclose(function(x), expected, atol=1e-5)
    assert layer.output_shape == (None, *expected.shape[1:])
    with pytest.raises(ValueError, match="no known length"):
        PositionDenseLayer((None, None, 3), 2)
