import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_output

from theano_transfer.layers import GroupNormLayer, LayerNormLayer

SHAPE = (3, 6, 4, 5)


def output(layer, images, x):
    return theano.function([images.input_var], get_output(layer), mode="FAST_COMPILE")(x)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("axes", [(1,), (3, 1), (1, 2, 3)])
def test_each_picture_by_itself_along_some_axes(axes, centred, rng):
    images = InputLayer((None, *SHAPE[1:]))
    shape = tuple(SHAPE[axis] for axis in sorted(axes))
    gamma, beta = rng.normal(size=(2, *shape)).astype("f4")
    layer = LayerNormLayer(images, axes, 0.1, centred=centred, gamma=gamma, beta=beta)
    x = rng.normal(1, 2, SHAPE).astype("f4")
    middle = x - x.mean(axis=axes, keepdims=True) if centred else x
    scaled = middle / np.sqrt((middle**2).mean(axis=axes, keepdims=True) + 0.1)
    spread = tuple(n if axis in axes else 1 for axis, n in enumerate(SHAPE))
    expected = scaled * gamma.reshape(spread) + beta.reshape(spread)
    np.testing.assert_allclose(output(layer, images, x), expected, atol=1e-5)


@pytest.mark.parametrize("groups", [1, 3, 6])
def test_groups_of_neighbouring_channels(groups, rng):
    images = InputLayer((None, 6, None, None))
    gamma, beta = rng.normal(size=(2, 6)).astype("f4")
    layer = GroupNormLayer(images, groups, 0.1, gamma=gamma, beta=beta)
    x = rng.normal(1, 2, SHAPE).astype("f4")
    for k, group in enumerate(np.split(x, groups, axis=1)):
        channels = slice(k * 6 // groups, (k + 1) * 6 // groups)
        mean, var = (f(group, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.var))
        expected = (group - mean) / np.sqrt(var + 0.1)
        expected = expected * gamma[channels, None, None] + beta[channels, None, None]
        found = output(layer, images, x)[:, channels]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_they_do_not_take():
    with pytest.raises(ValueError, match="axes of known length"):
        LayerNormLayer((None, 3, None), (2,))
    with pytest.raises(ValueError, match="groups=4 must divide"):
        GroupNormLayer((None, 6, 4), 4)
