"""Elementwise Ops between kernels: the same numbers, in channels-last memory."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.tensor.elemwise import Elemwise

from theano_transfer.kernels import Conv2d

REWRITES = ("local_elemwise_channels_last", "local_sum_channels_last")


def graphs():
    """Name -> (inputs, outputs): what stands between convolutions in networks."""
    x, w = T.tensor4("x"), T.tensor4("w")
    b, c = T.vector("b"), T.vector("c")
    y = T.nnet.conv2d(x, w, border_mode="half", filter_flip=False)
    channel = ("x", 0, "x", "x")
    squashed = T.tanh(y * c.dimshuffle(*channel) + b.dimshuffle(*channel))
    twice = T.nnet.conv2d(squashed, w, border_mode="half", filter_flip=False)
    loss = (T.tanh(twice + y) ** 2).sum()
    return {
        "scaled": ([x, w, b, c], [squashed]),
        "in between": ([x, w, b, c], [twice]),
        "with an image": ([x, w], [T.exp(-(y**2)) + x]),
        "with a row": ([x, w], [y * x[:1, :1, :, :1].sum(axis=0, keepdims=True)]),
        "turned": ([x, w], [y * x.dimshuffle(0, 1, 3, 2)]),
        "sums": ([x, w], [(y**2).sum(axis=(0, 2, 3)), (y**2).sum(axis=(2, 3)), (y**2).sum()]),
        "gradients": ([x, w, b, c], [loss, *T.grad(loss, [x, w, b, c])]),
    }


@pytest.mark.parametrize("name", graphs())
def test_same_numbers(name, rng):
    inputs, outputs = graphs()[name]
    mode = theano.compile.get_default_mode()
    arrays = {
        "x": rng.normal(size=(2, 3, 6, 6)).astype("float32"),
        "w": 0.3 * rng.normal(size=(3, 3, 3, 3)).astype("float32"),
        "b": rng.normal(size=3).astype("float32"),
        "c": rng.normal(size=3).astype("float32"),
    }
    values = [
        theano.function(inputs, outputs, mode=m)(*(arrays[v.name] for v in inputs))
        for m in (mode, mode.excluding(*REWRITES))
    ]
    for one, other in zip(*values):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_no_reordering_between_convolutions(rng):
    """What a convolution reads from an elementwise Op lies as it wants it."""
    (x, w, b, c), (twice,) = graphs()["in between"]
    function = theano.function([x, w, b, c], twice)
    nodes = function.maker.fgraph.toposort()
    second = nodes[-1]
    assert isinstance(second.op, Conv2d)
    turned = second.inputs[0].owner
    assert turned.op.new_order == (0, 3, 1, 2)
    assert isinstance(turned.inputs[0].owner.op, Elemwise)
    # it was one elementwise Op before, and it still is
    assert sum(isinstance(node.op, Elemwise) for node in nodes) == 1
