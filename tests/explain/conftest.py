"""A network whose convolutions are matrix products at each pixel, so that NumPy can redo it."""

import numpy as np
import pytest
from lasagne.layers import InputLayer, NonlinearityLayer

import theano_transfer as tt
from theano_transfer.layers import Conv2DLayer, Pool2DLayer
from theano_transfer.legacy._rectifiers import rectify
from theano_transfer.tuning._cut import find_cut
from theano_transfer.tuning._functions import Inference
from theano_transfer.zoo import ModelRecord, Network

SIZE = 8
CHANNELS = (7, 5)


def make_record(preprocessing):
    return ModelRecord(
        name="pointwise",
        title="Pointwise",
        paper="none",
        num_parameters=0,
        feature_layer="pool",
        feature_channels=CHANNELS[-1],
        blocks=(),
        top_layers=("predictions",),
        preprocessing=preprocessing,
        input_size=SIZE,
        min_size=4,
    )


def make_net(preprocessing="caffe", nonlinearity=rectify):
    rng = np.random.default_rng(3)
    net = Network(record=make_record(preprocessing))
    x = net.add(InputLayer((None, 3, SIZE, SIZE), name="input"))
    for number, channels in enumerate(CHANNELS, start=1):
        shape = (channels, x.output_shape[1], 1, 1)
        W = rng.normal(0, 0.01 if number == 1 else 0.5, shape).astype("float32")
        b = rng.normal(0, 0.2, channels).astype("float32")
        x = net.add(Conv2DLayer(x, channels, 1, W=W, b=b, name=f"conv{number}"))
        x = net.add(NonlinearityLayer(x, nonlinearity, name=f"relu{number}"))
    net.add(Pool2DLayer(x, 2, name="pool"))
    return net


def scores_of(model, pixels):
    """Scores by the functions that predict, which share no code with explaining."""
    inference = Inference(model.output, find_cut(model.output))
    x = tt.images.preprocess_input(np.asarray(pixels, np.float32), model.preprocessing)
    return inference.scores(inference.features(np.asarray(x, np.float32)))


@pytest.fixture(scope="module", autouse=True)
def quickly(uncompiled):
    """What is tried here follows from numbers, not from how they are computed."""


@pytest.fixture(scope="module")
def model(uncompiled):
    return tt.Model(make_net(), classes=["cat", "dog", "owl"], head=["avg"], seed=1)


@pytest.fixture(scope="module")
def binary_model(uncompiled):
    return tt.Model(make_net("tf"), classes=["no", "yes"], task="binary", head=["avg"], seed=2)


@pytest.fixture(scope="session")
def pictures():
    return np.random.default_rng(5).integers(0, 256, (5, 3, SIZE, SIZE)).astype(np.uint8)
