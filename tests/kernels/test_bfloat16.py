"""bfloat16: conversions to the bit, kernels against float32, and where conversions stay."""

import numpy as np
import pytest
import theano
import theano.tensor as T

import theano_transfer as tt
from theano_transfer.kernels import (
    Conv2d,
    DepthwiseBlock,
    Pool2d,
    SlowPathWarning,
    _bfloat16,
    mode_for,
    without,
)
from theano_transfer.kernels._bfloat16 import (
    Conv2dBfloat16,
    Convert,
    Pool2dBfloat16,
    narrow,
    rounded,
    widen,
    widen_in_c_order,
    widened,
)
from theano_transfer.kernels._library import has_bfloat16

SAME = ((1, 1), (1, 1))
needs_bfloat16 = pytest.mark.skipif(not has_bfloat16(), reason="no bfloat16 on this machine")

# Half a unit of the last of 8 bits.
ROUNDING = 2.0**-9


def ops(function):
    return [type(node.op) for node in function.maker.fgraph.toposort()]


def test_conversion_rounds_to_the_nearest_even():
    values = {  # float32 -> bfloat16, as numbers whose last bits can be checked by hand
        1.0: 1.0,
        1 + 2.0**-8: 1.0,  # half way between 1 and 1 + 2**-7: the even one
        1 + 3 * 2.0**-8: 1 + 2.0**-6,
        1 + 2.0**-8 + 2.0**-20: 1 + 2.0**-7,
        -3.140625: -3.140625,
        np.inf: np.inf,
        3.4e38: np.inf,  # above the largest that is kept
    }
    given = np.array(list(values), "float32")
    np.testing.assert_array_equal(widened(rounded(given)), np.array(list(values.values()), "f4"))
    assert np.isnan(widened(rounded(np.float32("nan"))))


@pytest.fixture(scope="module")
def conversions():
    """There and back, channels last and in C order."""
    x = T.tensor4()
    return theano.function([x], [narrow(x), widen(narrow(x)), widen_in_c_order(narrow(x))])


@needs_bfloat16
@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (2, 3, 30, 21), (1, 20, 5, 7), (2, 4, 1, 300)])
@pytest.mark.parametrize("last", [False, True], ids=["C order", "channels last"])
def test_kernels_convert_as_numpy_does(shape, last, conversions, rng):
    given = (rng.normal(size=shape) * 10.0 ** rng.integers(-8, 8, shape)).astype("float32")
    if last:
        given = np.ascontiguousarray(given.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    there, *back = conversions(given)
    np.testing.assert_array_equal(there, rounded(given))
    for result in back:
        np.testing.assert_array_equal(result, widened(rounded(given)))
    assert back[1].flags.c_contiguous


CONVOLUTIONS = {
    "plain": ((2, 16, 9, 7), (32, 16, 3, 3), {"pad": SAME}),
    "deep": ((1, 544, 5, 6), (48, 544, 3, 3), {"pad": SAME}),
    "strided": ((2, 3, 11, 10), (16, 3, 3, 3), {"pad": ((0, 1), (0, 1)), "stride": (2, 2)}),
    "pointwise": ((2, 24, 5, 6), (40, 24, 1, 1), {}),
    "depthwise": ((2, 24, 9, 7), (24, 1, 3, 3), {"pad": SAME, "groups": 24}),
}


@needs_bfloat16
@pytest.mark.parametrize("activation", ["none", "relu", "relu6"])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_a_layer_is_right_to_the_digits_that_are_kept(case, activation, rng):
    image, filters, settings = CONVOLUTIONS[case]
    fan_in = filters[1] * filters[2] * filters[3]
    x = rng.normal(size=image).astype("float32")
    w = (rng.normal(size=filters) / np.sqrt(fan_in)).astype("float32")
    out = filters[0]
    gamma, beta, mean = rng.normal(size=(3, out)).astype("float32")
    var = rng.uniform(0.5, 2, size=out).astype("float32")
    statistics = [gamma, beta, mean, var, np.float32(1e-3)]
    plain = Conv2d(activation_name=activation, parts=("normalisation", "residual"), **settings)
    op = Conv2dBfloat16(**plain.settings())
    shape = (image[0], out, *plain.output_size(image[2:], filters[2:]))
    residual = rng.normal(size=shape).astype("float32")
    variables = [T.TensorType("float32", (False,) * np.ndim(a))() for a in (x, w, residual)]
    a, b, r = variables
    function = theano.function(
        variables, [plain(a, b, *statistics, r), widen(op(narrow(a), b, *statistics, narrow(r)))]
    )
    assert Conv2dBfloat16 in ops(function)
    for kernel in ("winograd", "direct"):  # one or the other, where there are both
        with without(kernel):
            exact, short = function(x, w, residual)
        # rounding of each input, of the filters, and of the result
        size = np.abs(exact).max() + np.sqrt(fan_in)
        np.testing.assert_allclose(short, exact, rtol=4 * ROUNDING, atol=4 * ROUNDING * size)
    reference = [None]  # what runs where there is no compiler
    inputs = [rounded(x), w, *statistics, rounded(residual)]
    op.perform(None, inputs, [reference])
    np.testing.assert_allclose(
        short, widened(reference[0]), rtol=4 * ROUNDING, atol=4 * ROUNDING * size
    )


@needs_bfloat16
@pytest.mark.parametrize("mode", ["max", "average_exc_pad"])
def test_pooling(mode, rng):
    x = T.tensor4()
    op = Pool2dBfloat16((3, 3), (2, 2), SAME, mode)
    given = rng.normal(size=(2, 16, 9, 8)).astype("float32")
    short = theano.function([x], widen(op(narrow(x))))(given)
    exact = theano.function([x], Pool2d((3, 3), (2, 2), SAME, mode)(x))(given)
    np.testing.assert_allclose(short, exact, rtol=2 * ROUNDING, atol=2 * ROUNDING)


@needs_bfloat16
@pytest.mark.parametrize(
    "name", ["mobilenet_v2", "vgg16", pytest.param("resnet50", marks=pytest.mark.slow)]
)
def test_one_conversion_in_and_one_out(name):
    """Everything between is bfloat16: no layer of these networks falls back."""
    net = tt.zoo.build(name, weights=None, include_top=False, input_shape=(3, 64, 64))
    import lasagne

    features = lasagne.layers.get_output(list(net.values())[-1], deterministic=True)
    function = theano.function([net.input_var], features, mode=mode_for("bfloat16"))
    used = ops(function)
    assert used.count(Convert) == 2
    assert widen_in_c_order in [node.op for node in function.maker.fgraph.apply_nodes]
    assert set(used) <= {Convert, Conv2dBfloat16, Pool2dBfloat16, DepthwiseBlock}
    plain = theano.function([net.input_var], features)
    x = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype("float32")
    short, exact = function(x), plain(x)
    assert np.sqrt(np.mean((short - exact) ** 2) / np.mean(exact**2)) < 0.05


def test_default_mode_has_none_of_it(rng):
    x, w = T.tensor4(), T.tensor4()
    y = T.nnet.conv2d(x, w, filter_flip=False)
    assert Conv2dBfloat16 not in ops(theano.function([x, w], y))
    assert Conv2dBfloat16 not in ops(theano.function([x, w], y, mode=mode_for("float32")))


def test_without_it_a_warning_says_that_float32_is_used(monkeypatch):
    monkeypatch.setattr(_bfloat16, "has_bfloat16", lambda: False)
    x, w = T.tensor4(), T.tensor4()
    with pytest.warns(SlowPathWarning, match="bfloat16"):
        mode = mode_for("bfloat16")
    function = theano.function([x, w], T.nnet.conv2d(x, w, filter_flip=False), mode=mode)
    assert Conv2dBfloat16 not in ops(function)


def test_unknown_precisions_are_refused():
    with pytest.raises(ValueError, match="'float32' or 'bfloat16'; got 'float8'"):
        mode_for("float8")


def test_wrong_types_are_refused():
    with pytest.raises(TypeError, match="float32"):
        narrow(T.dtensor4())
    with pytest.raises(TypeError, match="uint16"):
        widen(T.tensor4())
