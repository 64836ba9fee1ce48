"""Compiled functions: rectifiers in C, and networks of the zoo as people run them."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from explain.conftest import scores_of

import theano_transfer as tt
from theano_transfer import explain
from theano_transfer.explain._guided import GUIDED

MODE = theano.config.mode
SIZE = 64


@pytest.fixture
def compiled():
    with theano.config.change_flags(mode=MODE):
        yield


def test_guided_rectifiers_in_c(compiled):
    x, weight = T.vectors("x", "weight")
    outputs = []
    for rectify in GUIDED.values():
        y = rectify(x)
        outputs += [y, theano.grad((y * weight).sum(), x)]
    value = np.array([-1, 0, 2, 2, 7, 7], np.float32)
    weights = np.array([1, 1, 1, -1, 1, -1], np.float32)
    found = theano.function([x, weight], outputs)(value, weights)
    for (y, slope), ceiling in zip((found[:2], found[2:]), (np.inf, 6)):
        np.testing.assert_array_equal(y, value.clip(0, ceiling))
        passes = (value > 0) & (value < ceiling) & (weights > 0)
        np.testing.assert_array_equal(slope, passes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["squeezenet1_1", "resnet18", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_lite0"],
)
def test_networks_of_the_zoo(name, compiled, rng):
    net = tt.zoo.build(name, weights=None, include_top=False, input_shape=(3, SIZE, SIZE))
    model = tt.Model(net, classes=3, seed=1)
    x = rng.integers(0, 256, (2, 3, SIZE, SIZE)).astype(np.uint8)
    white = np.full_like(x, 255)
    gained = (scores_of(model, x) - scores_of(model, white))[:, 1]
    shares = explain.integrated_gradients(model, x, 1, baseline=255.0, steps=128)
    np.testing.assert_allclose(
        shares.sum(axis=(1, 2, 3)), gained, atol=0.05 * np.abs(shares).sum(axis=(1, 2, 3)).max()
    )
    heat = explain.grad_cam(model, x, 1)
    assert heat.shape == (2, SIZE, SIZE)
    assert np.isfinite(heat).all()
    assert heat.min() >= 0
    guided = explain.guided_backpropagation(model, x, 1)
    assert np.isfinite(guided).all()
    assert not np.array_equal(guided, explain.gradients(model, x, 1))
    lost = explain.occlusion(model, x, 1, patch=32, stride=32)
    assert np.isfinite(lost).all()
    for maps in explain.feature_maps(model, x).values():
        assert np.isfinite(maps).all()
    assert explain.filters(model).shape[1] == 3
