import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output, get_output_shape

from theano_transfer.layers import Conv2DLayer, SamePad2DLayer

SIZES = [(7, 8), (8, 7), (1, 2), (12, 5)]


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("window", "stride"), [(3, 2), (5, 2), ((3, 5), (1, 2)), (3, 3)])
def test_a_window_behind_it_sees_what_same_padding_shows(window, stride, size, declared, rng):
    x = rng.normal(size=(2, 3, *size)).astype("float32")
    images = InputLayer((None, 3, *(size if declared else (None, None))))
    same = Conv2DLayer(images, 4, window, stride, pad="same")
    padded = SamePad2DLayer(images, window, stride)
    behind = Conv2DLayer(padded, 4, window, stride, W=same.W)
    function = theano.function([images.input_var], get_output([same, padded, behind]))
    expected, zeros_around, found = function(x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.abs(zeros_around).sum(), np.abs(x).sum(), rtol=1e-5)
    if declared:
        assert padded.output_shape == (None, *zeros_around.shape[1:])
    else:
        assert padded.output_shape == (None, 3, None, None) or stride == (1, 2)
        fixed = SamePad2DLayer((2, 3, *size), window, stride)
        assert fixed.output_shape == zeros_around.shape


def test_the_shape_for_another_size_is_that_of_its_own_padding():
    padded = SamePad2DLayer(InputLayer((None, 3, None, None)), 3, 2)
    assert padded.output_shape == (None, 3, None, None)
    assert get_output_shape(padded, (2, 3, 8, 7)) == (2, 3, 9, 9)


def test_it_takes_images():
    with pytest.raises(ValueError, match="padding takes images"):
        SamePad2DLayer((2, 3, 4), 3)
    with pytest.raises(ValueError, match="stride"):
        SamePad2DLayer((2, 3, 4, 4), 3, 0)
