import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import Crop2DLayer


@pytest.mark.parametrize("size", [(6, 7), (None, None)])
def test_rows_and_columns_are_taken_away(size, rng):
    images = InputLayer((None, 2, *size))
    layer = Crop2DLayer(images, ((1, 0), (2, 3)))
    x = rng.normal(size=(2, 2, 6, 7)).astype("float32")
    found = theano.function([images.input_var], get_output(layer))(x)
    np.testing.assert_array_equal(found, x[:, :, 1:, 2:4])
    if None not in size:
        assert layer.output_shape == (None, *found.shape[1:])


def test_what_cannot_be_cropped():
    with pytest.raises(ValueError, match="cropping takes images"):
        Crop2DLayer((None, 2, 3), 1)
    with pytest.raises(ValueError, match="cropping takes images"):
        Crop2DLayer((None, 2, 3, 3), "same")
