"""Convolutions in compiled functions against loops and finite differences."""

from pathlib import Path

import lasagne
import numpy as np
import oracle
import pytest
import theano
import theano.tensor as T
from aesara.link.c.basic import get_module_cache
from aesara.tensor.nnet.abstract_conv import BaseAbstractConv
from aesara.tensor.subtensor import Subtensor

import theano_transfer as tt
from theano_transfer.kernels import Conv2d, Conv2dGradInputs, Conv2dGradWeights

# images, filters, and what T.nnet.conv2d is told; then the padding this means
CASES = {
    "plain": ((2, 3, 7, 9), (4, 3, 3, 3), {}, ((0, 0), (0, 0))),
    "half": ((2, 3, 7, 9), (4, 3, 3, 5), {"border_mode": "half"}, ((1, 1), (2, 2))),
    "full": ((2, 3, 5, 6), (4, 3, 3, 2), {"border_mode": "full"}, ((2, 2), (1, 1))),
    "symmetric": ((2, 3, 7, 9), (4, 3, 3, 3), {"border_mode": (1, 2)}, ((1, 1), (2, 2))),
    "asymmetric": (
        (2, 3, 8, 8),
        (4, 3, 3, 3),
        {"border_mode": ((0, 1), (2, 0)), "subsample": (2, 2)},
        ((0, 1), (2, 0)),
    ),
    "strides": ((2, 3, 11, 10), (4, 3, 3, 2), {"subsample": (3, 2)}, ((0, 0), (0, 0))),
    "dilation": (
        (2, 3, 11, 12),
        (4, 3, 3, 3),
        {"filter_dilation": (2, 3), "border_mode": (2, 1)},
        ((2, 2), (1, 1)),
    ),
    "groups": ((2, 6, 7, 7), (8, 3, 3, 3), {"num_groups": 2}, ((0, 0), (0, 0))),
    "depthwise": (
        (2, 5, 9, 7),
        (5, 1, 3, 3),
        {"num_groups": 5, "border_mode": ((0, 1), (0, 1)), "subsample": (2, 2)},
        ((0, 1), (0, 1)),
    ),
    "depthwise times two": ((2, 4, 6, 6), (8, 1, 3, 3), {"num_groups": 4}, ((0, 0), (0, 0))),
    "pointwise": ((3, 17, 5, 5), (9, 17, 1, 1), {}, ((0, 0), (0, 0))),
    "one pixel": ((1, 1, 1, 1), (1, 1, 1, 1), {}, ((0, 0), (0, 0))),
    "wide filter": ((1, 2, 3, 20), (3, 2, 1, 7), {"border_mode": "half"}, ((0, 0), (3, 3))),
}


def make(case, rng, dtype="float32"):
    image, filters, settings, pad = CASES[case]
    x = rng.normal(size=image).astype(dtype)
    w = rng.normal(size=filters).astype(dtype)
    meaning = {
        "pad": pad,
        "stride": settings.get("subsample", (1, 1)),
        "dilation": settings.get("filter_dilation", (1, 1)),
        "groups": settings.get("num_groups", 1),
    }
    return x, w, settings, meaning


def compiled(settings, flip, dtype="float32"):
    """Output and gradients of a weighted sum of it: a function of images, filters and weights."""
    x, w, g = (T.TensorType(dtype, (False,) * 4)() for _ in range(3))
    y = T.nnet.conv2d(x, w, filter_flip=flip, **settings)
    return theano.function([x, w, g], [y, *T.grad((y * g).sum(), [x, w])])


def ops(function):
    return [type(node.op) for node in function.maker.fgraph.apply_nodes]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("flip", [False, True], ids=["correlation", "convolution"])
@pytest.mark.parametrize("case", CASES)
def test_output_and_gradients(case, flip, dtype, rng):
    x, w, settings, meaning = make(case, rng, dtype)
    function = compiled(settings, flip, dtype)
    expected = oracle.convolve(x, w, flip=flip, **meaning)
    weights = rng.normal(size=expected.shape).astype(dtype)
    y, by_x, by_w = function(x, w, weights)

    assert y.dtype == by_x.dtype == by_w.dtype == dtype
    tolerance = (
        {"rtol": 1e-5, "atol": 1e-5} if dtype == "float32" else {"rtol": 1e-10, "atol": 1e-12}
    )
    np.testing.assert_allclose(y, expected, **tolerance)
    oracle.check_gradients(
        lambda x, w: (oracle.convolve(x, w, flip=flip, **meaning) * weights).sum(),
        [x, w],
        [by_x, by_w],
        rng,
        rtol=1e-5 if dtype == "float32" else 1e-6,
    )
    used = ops(function)
    assert {Conv2d, Conv2dGradInputs, Conv2dGradWeights} <= set(used)
    assert not any(issubclass(op, BaseAbstractConv) for op in used)


@pytest.mark.parametrize(
    "arrange",
    [
        lambda x: np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
        lambda x: np.asfortranarray(x),
        lambda x: np.repeat(x, 2, axis=3)[..., ::2],
        lambda x: x[:, :, ::-1][:, :, ::-1].copy()[:, :, ::-1][:, :, ::-1],
        lambda x: np.ascontiguousarray(x[:, :, :, ::-1])[:, :, :, ::-1],
        lambda x: np.pad(x, ((1, 1), (0, 2), (1, 0), (2, 1)))[1:-1, :-2, 1:, 2:-1],
        lambda x: np.ascontiguousarray(x.transpose(3, 0, 1, 2)).transpose(1, 2, 3, 0),
    ],
    ids=["channels last", "fortran", "every other", "twice flipped", "flipped", "cut", "mixed"],
)
def test_strides_do_not_matter(arrange, rng):
    x, w, settings, meaning = make("asymmetric", rng)
    function = compiled(settings, False)
    expected = oracle.convolve(x, w, **meaning)
    g = rng.normal(size=expected.shape).astype("float32")
    plain = function(x, w, g)
    arranged = function(arrange(x), arrange(w), arrange(g))
    np.testing.assert_allclose(arranged[0], expected, rtol=1e-5, atol=1e-5)
    for one, other in zip(plain, arranged):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_broadcast_input(rng):
    x = np.broadcast_to(rng.normal(size=(1, 3, 1, 6)).astype("float32"), (2, 3, 5, 6))
    w = rng.normal(size=(4, 3, 3, 3)).astype("float32")
    y = compiled({}, False)(x, w, np.ones((2, 4, 3, 4), "float32"))[0]
    np.testing.assert_allclose(y, oracle.convolve(x, w), rtol=1e-5, atol=1e-5)


def test_batch_size_changes_from_call_to_call(rng):
    function = compiled({"border_mode": "half"}, False)
    w = rng.normal(size=(4, 3, 3, 3)).astype("float32")
    for size in (2, 5, 1, 0, 5, 3, 2, 7, 8, 9, 10, 11, 12, 1):
        x = rng.normal(size=(size, 3, 6, 5)).astype("float32")
        g = rng.normal(size=(size, 4, 6, 5)).astype("float32")
        y, by_x, by_w = function(x, w, g)
        assert by_x.shape == x.shape
        assert by_w.shape == w.shape
        if size == 0:
            assert y.shape == (0, 4, 6, 5)
            assert not by_w.any()
        else:
            np.testing.assert_allclose(
                y, oracle.convolve(x, w, ((1, 1), (1, 1))), rtol=1e-5, atol=1e-5
            )


def test_same_result_with_new_weights(rng):
    """Filters are reordered inside; a new value must not meet an old copy."""
    w = theano.shared(rng.normal(size=(4, 3, 3, 3)).astype("float32"))
    x = T.tensor4()
    function = theano.function([x], T.nnet.conv2d(x, w, filter_flip=False))
    image = rng.normal(size=(1, 3, 6, 6)).astype("float32")
    function(image)
    w.set_value(rng.normal(size=(4, 3, 3, 3)).astype("float32"))
    np.testing.assert_allclose(
        function(image), oracle.convolve(image, w.get_value()), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("activation", ["none", "relu", "relu6"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_op_with_bias_and_activation(activation, dtype, rng):
    x, w, _, meaning = make("strides", rng, dtype)
    bias = rng.normal(size=4).astype(dtype)
    variables = [T.TensorType(dtype, (False,) * a.ndim)() for a in (x, w, bias)]
    y = Conv2d(stride=meaning["stride"], activation_name=activation)(*variables)
    weights = rng.normal(size=(2, 4, 3, 5)).astype(dtype)
    values = theano.function(variables, [y, *T.grad((y * weights).sum(), variables)])(x, w, bias)

    def expected(x, w, bias):
        y = oracle.convolve(x, w, **meaning) + np.asarray(bias)[:, None, None]
        lowest = -np.inf if activation == "none" else 0
        return np.clip(y, lowest, 6 if activation == "relu6" else np.inf)

    np.testing.assert_allclose(values[0], expected(x, w, bias), rtol=1e-5, atol=1e-5)
    oracle.check_gradients(
        lambda *a: (expected(*a) * weights).sum(), [x, w, bias], values[1:], rng, rtol=1e-4
    )


def test_second_derivatives(rng):
    x, w, settings, _ = make("asymmetric", rng, "float64")
    x, w = 0.3 * x, 0.3 * w  # keeps the fourth powers below small against rounding

    def energy(x, w):
        return (T.nnet.conv2d(x, w, filter_flip=False, **settings) ** 3).sum()

    theano.gradient.verify_grad(
        lambda x, w: (
            T.grad(energy(x, w), [x, w])[0].sum() + (T.grad(energy(x, w), [x, w])[1] ** 2).sum()
        ),
        [x, w],
        rng=np.random.RandomState(0),
    )


def test_shapes_are_known_without_convolving(rng):
    x, w = T.tensor4(), T.tensor4()
    y = T.nnet.conv2d(x, w, border_mode="half", subsample=(2, 1))
    function = theano.function([x, w], y.shape, on_unused_input="ignore")
    assert Conv2d not in ops(function)
    shape = function(np.zeros((2, 3, 7, 9), "float32"), np.zeros((4, 3, 3, 3), "float32"))
    assert tuple(shape) == (2, 4, 4, 9)


def test_one_module_serves_all_hyper_parameters(rng):
    x, w = T.tensor4(), T.tensor4()

    def compile(**settings):
        y = T.nnet.conv2d(x, w, filter_flip=False, **settings)
        theano.function([x, w], [y, *T.grad(y.sum(), [x, w], disconnected_inputs="ignore")])

    def modules():
        sources = [Path(name).with_name("mod.cpp") for name in get_module_cache().module_from_name]
        return sum("tt::convolve" in source.read_text() for source in sources)

    compile()
    count = modules()
    assert count >= 3
    compile(subsample=(2, 3), border_mode=((0, 1), (2, 1)))
    compile(filter_dilation=(2, 2), border_mode="half")
    compile(num_groups=2)
    assert modules() == count


class TestFusion:
    """What the rewrites make of a layer; each against the same layer without them."""

    def layer(self, nonlinearity):
        x = T.tensor4()
        incoming = lasagne.layers.InputLayer((None, 3, None, None), x)
        normal = lasagne.init.Normal(0.5)
        layer = lasagne.layers.Conv2DLayer(
            incoming, 4, 3, pad="same", W=normal, b=normal, nonlinearity=nonlinearity
        )
        return x, lasagne.layers.get_output(layer)

    @pytest.mark.parametrize(
        ("nonlinearity", "name"),
        [
            (lasagne.nonlinearities.rectify, "relu"),
            (lambda x: T.maximum(x, 0), "relu"),
            (lambda x: T.clip(x, 0, 6), "relu6"),
            (lasagne.nonlinearities.linear, "none"),
        ],
    )
    def test_bias_and_rectifier_become_part_of_the_convolution(self, nonlinearity, name, rng):
        x, y = self.layer(nonlinearity)
        fused = theano.function([x], y)
        *flip, node = fused.maker.fgraph.toposort()
        assert isinstance(node.op, Conv2d)
        assert node.op.activation_name == name
        assert [type(n.op) for n in flip] == [Subtensor]  # Lasagne's layers flip their filters
        plain = theano.function([x], y, mode=theano.compile.get_default_mode().excluding("fusion"))
        image = 5 * rng.normal(size=(2, 3, 6, 7)).astype("float32")
        np.testing.assert_allclose(fused(image), plain(image), rtol=1e-5, atol=1e-5)

    def test_not_fused_where_a_gradient_needs_what_is_between(self, rng):
        x, y = self.layer(lasagne.nonlinearities.rectify)
        function = theano.function([x], [y, T.grad((y**2).sum(), x)])
        image = rng.normal(size=(1, 3, 5, 5)).astype("float32")
        value, gradient = function(image)
        f = theano.function([x], (y**2).sum())
        step = 1e-2 * rng.normal(size=image.shape).astype("float32")
        found = float(f(image + step)) - float(f(image - step))
        assert found == pytest.approx(2 * float((gradient * step).sum()), rel=0.05, abs=1e-3)
        assert value.min() == 0


@pytest.mark.parametrize(
    ("images", "filters", "settings", "message"),
    [
        ((1, 3, 5, 5), (4, 2, 3, 3), {}, "3 channels"),
        ((1, 3, 2, 2), (4, 3, 3, 3), {}, "do not fit"),
        ((1, 4, 5, 5), (3, 2, 3, 3), {"num_groups": 2}, "groups"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(images, filters, settings, message):
    x, w = T.tensor4(), T.tensor4()
    function = theano.function([x, w], T.nnet.conv2d(x, w, **settings))
    with pytest.raises(ValueError, match=message):
        function(np.zeros(images, "float32"), np.zeros(filters, "float32"))


def test_wrong_types_are_refused():
    with pytest.raises(TypeError, match="4 axes"):
        Conv2d()(T.matrix(), T.tensor4())
    with pytest.raises(TypeError, match="floating-point"):
        Conv2d()(T.itensor4(), T.itensor4())
    with pytest.raises(ValueError, match="at least 1"):
        Conv2d(stride=(0, 1))
    with pytest.raises(TypeError, match=r"\[1\] axes beside"):
        Conv2d()(T.tensor4(), T.tensor4(), T.matrix())


def test_rewrites_can_be_excluded(rng):
    x, w = T.tensor4(), T.tensor4()
    y = T.nnet.relu(T.nnet.conv2d(x, w, filter_flip=False))
    mode = theano.compile.get_default_mode().excluding("local_fuse_activation")
    function = theano.function([x, w], y, mode=mode)
    (op,) = (n.op for n in function.maker.fgraph.apply_nodes if isinstance(n.op, Conv2d))
    assert op.activation_name == "none"


def test_public_names():
    assert tt.kernels.Conv2d is Conv2d
