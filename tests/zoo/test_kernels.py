"""Minimal filtering in whole networks: features stay within 1e-4 of direct convolution."""

import numpy as np
import pytest
import theano
from lasagne.layers import get_output

import theano_transfer as tt
from theano_transfer.kernels import missing, without

SIZE = 80
# Those that are mostly 3x3 convolutions; all of them take minutes.
QUICK = {"vgg16", "resnet50", "efficientnet_v2_b0"}


@pytest.mark.skipif(bool(missing()), reason="this machine has no fast path")
@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in tt.zoo.models()],
)
def test_features(name):
    net = tt.zoo.build(name, weights=None, include_top=False, input_shape=(3, SIZE, SIZE))
    features = get_output(list(net.values())[-1], deterministic=True)
    function = theano.function([net.input_var], features)
    x = np.random.default_rng(0).normal(size=(1, 3, SIZE, SIZE)).astype("float32")
    with without("direct"):
        winograd = function(x)
    with without("winograd"):
        direct = function(x)
    assert direct.std() > 0.001 * np.abs(direct).max() > 0
    assert np.abs(winograd - direct).max() <= 1e-4 * np.abs(direct).max()
