"""Blocks in one pass, against their convolutions in float64 and against them one by one."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from oracle import convolve

from theano_transfer.kernels import Conv2d, DepthwiseBlock, missing, without
from theano_transfer.kernels._bfloat16 import Conv2dBfloat16, rounded, widened
from theano_transfer.kernels._library import has_bfloat16

pytestmark = pytest.mark.skipif(bool(missing()), reason="this machine has no fast path")

BOUNDS = {"none": (None, None), "relu": (0, None), "relu6": (0, 6)}

BLOCKS = {  # widens, images (batch, channel, row, column), middle, out, window, stride, pad
    "MobileNetV2": (True, (2, 24, 9, 11), 48, 24, 3, 1, ((1, 1), (1, 1))),
    "stride 2, even": (True, (3, 16, 12, 8), 96, 24, 3, 2, ((0, 1), (0, 1))),
    "stride 2, odd": (True, (1, 20, 13, 7), 32, 40, 3, 2, ((1, 1), (1, 1))),
    "EfficientNet": (True, (2, 12, 10, 15), 64, 8, 5, 1, ((2, 2), (2, 2))),
    "5x5, stride 2": (True, (2, 17, 11, 9), 16, 33, 5, 2, ((1, 2), (2, 2))),
    "MobileNet": (False, (2, 32, 8, 17), 32, 64, 3, 1, ((1, 1), (1, 1))),
    "one row of many": (True, (1, 16, 1, 40), 32, 16, 3, 1, ((1, 1), (1, 1))),
    "rows enough to be cut": (True, (1, 16, 30, 33), 32, 16, 3, 1, ((1, 1), (1, 1))),
    "deeper than a block of products": (True, (1, 32, 7, 7), 288, 32, 3, 1, ((1, 1), (1, 1))),
}


def make(block, residual, activations=("relu6", "relu6", "none"), seed=0):
    """The Op, its inputs' values, and what it is to compute from them."""
    widens, images, middle, out, window, stride, pad = BLOCKS[block]
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return rng.normal(size=shape).astype("float32")

    shapes = [(middle, 1, window, window), (out, middle, 1, 1)]
    settings = [{"pad": pad, "stride": (stride, stride), "groups": middle}, {}]
    if widens:
        shapes.insert(0, (middle, images[1], 1, 1))
        settings.insert(0, {})
    x = normal(*images)
    values, stages, y = [x], [], x
    for number, (shape, setting) in enumerate(zip(shapes, settings)):
        last = number == len(shapes) - 1
        parts = ["normalisation"] if number % 2 else ["bias", "normalisation"]
        filters = normal(*shape) / np.float32(np.sqrt(np.prod(shape[1:])))
        gamma, beta, mean, bias = normal(4, shape[0])
        var = rng.uniform(0.5, 2, size=shape[0]).astype("float32")
        values.append(filters)
        y = convolve(y, filters, **setting)
        column = (slice(None), None, None)
        if "bias" in parts:
            values.append(bias)
            y = y + bias[column]
        values += [gamma, beta, mean, var, np.float32(1e-3)]
        y = (y - mean[column]) / np.sqrt(var[column] + 1e-3) * gamma[column] + beta[column]
        if last and residual:
            parts.append("residual")
            values.append(normal(*y.shape))
            y = y + values[-1]
        activation = activations[number - len(shapes)]
        y = np.clip(y, *BOUNDS[activation]) if activation != "none" else y
        stages.append(Conv2d(**setting, parts=parts, activation_name=activation))
    return DepthwiseBlock(stages), values, y


def compiled(op, values):
    variables = [T.TensorType(v.dtype, (False,) * np.ndim(v))() for v in values]
    return theano.function(variables, op(*variables))


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("block", BLOCKS)
def test_output(block, residual):
    op, values, expected = make(block, residual)
    function = compiled(op, values)
    found = {}
    for kernel in ("one_by_one", "one_pass"):
        with without(kernel):
            for _ in range(2):  # the second call has its filters packed
                found[kernel] = function(*values)
                np.testing.assert_allclose(found[kernel], expected, rtol=1e-4, atol=1e-4)
    assert not np.array_equal(found["one_by_one"], found["one_pass"])  # another did the work


@pytest.mark.parametrize("activations", [("none", "relu", "relu6"), ("relu", "none", "relu")])
def test_activations(activations):
    op, values, expected = make("MobileNetV2", True, activations)
    with without("one_by_one"):
        found = compiled(op, values)(*values)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_numpy_computes_the_same():
    op, values, expected = make("stride 2, odd", True)
    variables = [T.TensorType("float32", (False,) * np.ndim(v))() for v in values]
    result = [None]
    op.perform(op.make_node(*variables), values, [result])
    np.testing.assert_allclose(result[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(not has_bfloat16(), reason="no bfloat16 on this machine")
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("block", BLOCKS)
def test_bfloat16(block, residual):
    op, values, expected = make(block, residual)
    short = DepthwiseBlock(Conv2dBfloat16(**stage.settings()) for stage in op.stages)
    for image in (0, -1) if residual else (0,):
        values[image] = rounded(values[image])
    function = compiled(short, values)
    for kernel in ("one_by_one", "one_pass"):
        with without(kernel):
            found = widened(function(*values))
        # images, filters and what lies between the stages, each rounded to 8 bits
        np.testing.assert_allclose(found, expected, rtol=0, atol=0.03 * np.abs(expected).max())


def test_new_values_are_packed_again():
    op, values, _ = make("MobileNetV2", False)
    function = compiled(op, values)
    with without("one_by_one"):
        for seed in (1, 1, 2, 2, 3):
            _, values, expected = make("MobileNetV2", False, seed=seed)
            np.testing.assert_allclose(function(*values), expected, rtol=1e-4, atol=1e-4)


def test_other_convolutions_are_done_one_by_one():
    """The rewrite cannot see how large filters are; the kernel does."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 8, 9, 9)).astype("float32")
    arrays = [x, *(rng.normal(size=s).astype("float32") for s in ((8, 4, 3, 3), (6, 8, 3, 3)))]
    op = DepthwiseBlock([Conv2d(groups=2), Conv2d()])
    with without("one_by_one"):
        found = compiled(op, arrays)(*arrays)
    expected = convolve(convolve(x, arrays[1], groups=2), arrays[2])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_a_wrong_shape_is_an_error_that_says_so():
    op, values, _ = make("MobileNetV2", True)
    function = compiled(op, values)
    values[-1] = values[-1][:, :, 1:]
    with pytest.raises(ValueError, match="what is added has shape"):
        function(*values)
    values[0] = values[0][:, 1:]
    with pytest.raises(ValueError, match="the images have 23 channels"):
        function(*values)


def test_networks_are_made_of_them():
    import lasagne

    import theano_transfer as tt

    for build, count in ((tt.zoo.mobilenet_v2, 17), (tt.zoo.mobilenet, 13)):
        net = build(weights=None, include_top=False, input_shape=(3, 32, 32))
        features = lasagne.layers.get_output(list(net.values())[-1], deterministic=True)
        function = theano.function([net.input_var], features)
        nodes = function.maker.fgraph.apply_nodes
        assert sum(isinstance(node.op, DepthwiseBlock) for node in nodes) == count
        plain = theano.compile.get_default_mode().excluding("local_depthwise_block")
        x = np.random.default_rng(0).normal(size=(2, 3, 32, 32)).astype("float32")
        expected = theano.function([net.input_var], features, mode=plain)(x)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(function(x), expected, rtol=0, atol=1e-5 * scale)
