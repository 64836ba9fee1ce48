import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer

from theano_transfer.layers import AffineLayer


def applied(layer, x):
    mode = theano.compile.mode.Mode(linker="py", optimizer="fast_compile")
    variable = lasagne.layers.get_all_layers(layer)[0].input_var
    return theano.function([variable], lasagne.layers.get_output(layer), mode=mode)(x)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4, 5)])
def test_each_channel_has_its_numbers(shape, rng):
    gamma, beta = rng.normal(size=(2, 3)).astype("f4")
    x = rng.normal(size=shape).astype("f4")
    pattern = (3, *(1,) * (len(shape) - 2))
    images = InputLayer((None, *shape[1:]))
    layer = AffineLayer(images, gamma=gamma, beta=beta, name="affine")
    expected = x * gamma.reshape(pattern) + beta.reshape(pattern)
    np.testing.assert_allclose(applied(layer, x), expected, rtol=1e-5, atol=1e-6)
    scaled = AffineLayer(images, gamma=gamma, beta=None)
    np.testing.assert_allclose(applied(scaled, x), x * gamma.reshape(pattern), rtol=1e-5)
    assert [param.name for param in scaled.params] == ["gamma"]


def test_channels_have_to_be_known():
    with pytest.raises(ValueError, match=r"\(None, None, 4, 4\)"):
        AffineLayer(InputLayer((None, None, 4, 4)))
