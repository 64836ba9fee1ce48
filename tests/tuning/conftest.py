"""A small network with everything that freezing is about, and pictures it can learn."""

import warnings

import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.kernels import SlowPathWarning
from theano_transfer.layers import BatchNormLayer, Conv2DLayer, Pool2DLayer
from theano_transfer.zoo import ModelRecord, Network

SIZE = 12
CHANNELS = (4, 6)


def small_record():
    return ModelRecord(
        name="small",
        title="Small",
        paper="none",
        num_parameters=0,
        feature_layer="block2_pool",
        feature_channels=CHANNELS[-1],
        blocks=(("block1", "block1_conv"), ("block2", "block2_conv")),
        top_layers=("predictions",),
        preprocessing="tf",
        input_size=SIZE,
        min_size=4,
    )


def make_small_net(seed=0, channels=3):
    """input, then for each of two blocks conv, bn, relu, pool.

    The averages of batch normalisation are far from what a batch would give, so that using the
    one for the other shows.
    """
    rng = np.random.default_rng(seed)
    net = Network(record=small_record())
    x = net.add(InputLayer((None, channels, SIZE, SIZE), name="input"))
    for number, filters in enumerate(CHANNELS, start=1):
        block = f"block{number}_"
        W = rng.normal(0, 0.3, (filters, x.output_shape[1], 3, 3)).astype("float32")
        x = net.add(Conv2DLayer(x, filters, 3, pad="same", W=W, b=None, name=block + "conv"))
        x = net.add(
            BatchNormLayer(
                x,
                momentum=0.5,
                mean=rng.normal(0, 0.2, filters).astype("float32"),
                var=rng.uniform(0.5, 2, filters).astype("float32"),
                gamma=rng.uniform(0.5, 2, filters).astype("float32"),
                beta=rng.normal(0, 0.2, filters).astype("float32"),
                name=block + "bn",
            )
        )
        x = net.add(NonlinearityLayer(x, rectify, name=block + "relu"))
        x = net.add(Pool2DLayer(x, 2, name=block + "pool"))
    return net


@pytest.fixture
def make_net():
    """A function that builds the same small network each time it is called."""
    return make_small_net


@pytest.fixture
def net(make_net):
    return make_net()


@pytest.fixture
def pictures():
    """(x, y): 24 pictures of three classes, told apart by the channel that is bright."""
    rng = np.random.default_rng(1)
    y = np.arange(24) % 3
    x = rng.integers(0, 120, size=(24, 3, SIZE, SIZE))
    x[np.arange(24), y] += 120
    return x.astype(np.uint8), y.astype(np.int32)


@pytest.fixture
def values_of():
    """A function that copies all parameters of layers (or a network): name -> array."""

    def copy(layers):
        layers = layers.values() if hasattr(layers, "values") else layers
        return {p.name: p.get_value() for layer in layers for p in layer.params}

    return copy


@pytest.fixture
def interpreted():
    """NumPy computes: of so small a network, compiling takes longer."""
    with theano.config.change_flags(mode="FAST_COMPILE", cxx=""), warnings.catch_warnings():
        warnings.simplefilter("ignore", SlowPathWarning)
        yield
