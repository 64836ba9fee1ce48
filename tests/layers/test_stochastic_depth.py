import numpy as np
import theano
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import StochasticDepthLayer


def test_whole_pictures_are_dropped_and_the_others_scaled():
    images = InputLayer((None, 2, 3, 3))
    layer = StochasticDepthLayer(images, 0.25)
    function = theano.function([images.input_var], get_output(layer))
    x = np.ones((4000, 2, 3, 3), "float32")
    found = function(x)
    per_picture = found[:, 0, 0, 0]
    np.testing.assert_array_equal(found, np.broadcast_to(per_picture[:, None, None, None], x.shape))
    np.testing.assert_allclose(np.unique(per_picture), [0, 4 / 3], rtol=1e-6)
    assert abs(per_picture.mean() - 1) < 0.05
    assert not np.array_equal(function(x), found)


def test_nothing_happens_in_prediction_or_with_probability_0():
    images = InputLayer((None, 2, 3, 3))
    layer = StochasticDepthLayer(images, 0.25)
    assert get_output(layer, deterministic=True) is images.input_var
    assert get_output(StochasticDepthLayer(images, 0.0)) is images.input_var
