import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import LocalResponseNormLayer

HYPER = {"alpha": 0.5, "k": 1.5, "beta": 0.75, "n": 3}


def normalised(x, alpha, k, beta, n):
    """One channel after the other."""
    found = np.empty_like(x)
    for c in range(x.shape[1]):
        neighbours = x[:, max(c - n // 2, 0) : c + n // 2 + 1]
        found[:, c] = x[:, c] / (k + alpha * (neighbours**2).sum(axis=1)) ** beta
    return found


@pytest.mark.parametrize("size", [(4, 5), (None, None)])
def test_by_the_squares_of_neighbouring_channels(size, rng):
    images = InputLayer((None, 7, *size))
    layer = LocalResponseNormLayer(images, **HYPER)
    x = rng.normal(size=(2, 7, 4, 5)).astype("float32")
    found = theano.function([images.input_var], get_output(layer))(x)
    np.testing.assert_allclose(found, normalised(x, **HYPER), rtol=1e-4, atol=1e-5)
    assert layer.output_shape == images.output_shape


def test_gradients_match_finite_differences(rng):
    images = InputLayer((None, 4, 2, 2))
    output = get_output(LocalResponseNormLayer(images, **HYPER))
    weights = rng.normal(size=(1, 4, 2, 2))
    loss = (output * weights.astype("float32")).sum()
    gradient = theano.function([images.input_var], theano.grad(loss, images.input_var))
    x = rng.normal(size=(1, 4, 2, 2))
    steps = 1e-5 * np.eye(x.size).reshape(-1, *x.shape)
    expected = [
        ((normalised(x + h, **HYPER) - normalised(x - h, **HYPER)) * weights).sum() / 2e-5
        for h in steps
    ]
    found = gradient(x.astype("float32"))
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-3, atol=1e-3)


def test_what_it_takes():
    with pytest.raises(ValueError, match="known number of channels"):
        LocalResponseNormLayer((None, None, 4, 4))
    with pytest.raises(ValueError, match="n must be odd"):
        LocalResponseNormLayer((None, 3, 4, 4), n=4)
