"""Layers without loops: dense, merged, cut, scaled, with noise; and what networks answer."""

import pickle

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne import init
from lasagne.layers import (
    BiasLayer,
    ConcatLayer,
    Conv2DLayer,
    DenseLayer,
    DropoutLayer,
    ElemwiseMergeLayer,
    ElemwiseSumLayer,
    EmbeddingLayer,
    ExpressionLayer,
    GaussianNoiseLayer,
    InputLayer,
    InverseLayer,
    NINLayer,
    PadLayer,
    ParametricRectifierLayer,
    RandomizedRectifierLayer,
    ScaleLayer,
    SliceLayer,
    get_output,
)


class TestDense:
    def test_leading_axes(self, rng, computed, gradients_hold):
        x = rng.normal(size=(2, 3, 4, 5))
        for axes, shape in ((1, (2, 60)), (2, (6, 20)), (3, (24, 5)), (-1, (24, 5))):
            layer = DenseLayer(
                InputLayer((None, 3, 4, 5)),
                2,
                num_leading_axes=axes,
                b=init.Uniform(1),
                nonlinearity=lasagne.nonlinearities.tanh,
            )
            flat = x.reshape(shape) @ layer.W.get_value() + layer.b.get_value()
            leading = x.shape[: axes % 4]
            expected = np.tanh(flat).reshape(*leading, 2)
            np.testing.assert_allclose(computed(layer, x), expected)
        gradients_hold(layer, x)

    def test_what_does_not_fit(self):
        with pytest.raises(ValueError, match="flattens"):
            DenseLayer((None, None, 3), 2)
        with pytest.raises(ValueError, match="num_leading_axes"):
            DenseLayer((None, 3), 2, num_leading_axes=2)
        assert DenseLayer((None, None, 3), 2, num_leading_axes=-1).output_shape == (None, None, 2)

    def test_nin(self, rng, computed):
        x = rng.normal(size=(2, 3, 4, 5))
        layer = NINLayer(InputLayer((None, 3, 4, 5)), 2, untie_biases=True, nonlinearity=None)
        expected = np.einsum("bcij,co->boij", x, layer.W.get_value())
        np.testing.assert_allclose(computed(layer, x), expected)


class TestMerging:
    SHAPES = ((2, 3, 5, 6), (2, 4, 7, 4))

    @pytest.mark.parametrize("where", ["lower", "center", "upper"])
    def test_cropped_concatenation(self, where, rng, computed, gradients_hold):
        xs = [rng.normal(size=shape) for shape in self.SHAPES]
        layer = ConcatLayer(
            [InputLayer(shape) for shape in self.SHAPES], cropping=[None, None, where, where]
        )
        starts = {"lower": (0, 0), "center": (1, 1), "upper": (2, 2)}[where]
        parts = [xs[0][:, :, :, starts[0] :][..., :4], xs[1][:, :, starts[1] :][:, :, :5]]
        np.testing.assert_array_equal(computed(layer, *xs), np.concatenate(parts, axis=1))
        gradients_hold(layer, *xs)

    def test_sums_and_products(self, rng, computed):
        shapes = ((2, 3, 5), (2, 3, 4))
        xs = [rng.normal(size=shape) for shape in shapes]
        inputs = [InputLayer(shape) for shape in shapes]
        crop = [None, None, "lower"]
        layer = ElemwiseSumLayer(inputs, coeffs=[2, 1], cropping=crop)
        np.testing.assert_allclose(computed(layer, *xs), 2 * xs[0][..., :4] + xs[1])
        layer = ElemwiseMergeLayer(inputs, T.maximum, cropping=crop)
        np.testing.assert_allclose(computed(layer, *xs), np.maximum(xs[0][..., :4], xs[1]))

    def test_shapes_that_are_not_known_or_do_not_fit(self):
        assert ConcatLayer([(None, 3, 4), (5, 2, None)]).output_shape == (5, 5, 4)
        assert ConcatLayer([(5, None), (5, 2)]).output_shape == (5, None)
        assert ElemwiseSumLayer([(None, 3), (5, None)]).output_shape == (5, 3)
        with pytest.raises(ValueError, match="Mismatch"):
            _ = ConcatLayer([(5, 3, 4), (5, 2, 3)]).output_shape
        with pytest.raises(ValueError, match="Mismatch"):
            _ = ElemwiseSumLayer([(5, 3), (5, 4)]).output_shape
        with pytest.raises(ValueError, match="coeffs"):
            ElemwiseSumLayer([(5, 3), (5, 3)], coeffs=[1])
        with pytest.raises(ValueError, match="'center'"):
            ConcatLayer([(5, 3), (5, 3)], cropping=["middle"])


class TestNoise:
    def kept(self, layer, x, **keywords):
        output = get_output(layer, **keywords)
        function = theano.function([layer.input_layer.input_var], output, mode="FAST_COMPILE")
        return function(x)

    @pytest.mark.parametrize("known", [True, False])
    @pytest.mark.parametrize(
        ("make", "shared"),
        [
            (lasagne.layers.dropout, ()),
            (lasagne.layers.dropout_channels, (2, 3)),
            (lasagne.layers.spatial_dropout, (2, 3)),
            (lasagne.layers.dropout_locations, (1,)),
        ],
    )
    def test_dropout(self, make, shared, known, rng):
        x = np.ones((8, 6, 4, 3))
        layer = make(InputLayer(x.shape if known else (None, 6, None, None)), p=0.25)
        found = self.kept(layer, x)
        assert set(np.unique(found)) == {0, 4 / 3}
        together = np.ptp(found, axis=shared) if shared else np.zeros(1)
        assert (together == 0).all()
        assert 0.5 < (found > 0).mean() < 0.95
        np.testing.assert_array_equal(self.kept(layer, x, deterministic=True), x)

    def test_without_rescaling_and_with_p_that_changes(self):
        x = np.ones((100, 10))
        p = theano.shared(np.float64(0.5))
        layer = DropoutLayer(InputLayer(x.shape), p, rescale=False)
        output = get_output(layer)
        function = theano.function([layer.input_layer.input_var], output, mode="FAST_COMPILE")
        assert 0.4 < function(x).mean() < 0.6
        p.set_value(0)
        assert function(x).mean() == 1
        assert self.kept(DropoutLayer(InputLayer(x.shape), p=0), x).mean() == 1

    def test_the_seed_decides(self):
        x = np.ones((4, 5))
        results = []
        for _ in range(2):
            lasagne.random.set_rng(np.random.RandomState(7))
            results.append(self.kept(DropoutLayer(InputLayer(x.shape)), x))
        np.testing.assert_array_equal(*results)

    def test_gaussian_noise(self):
        x = np.zeros((100, 50))
        layer = GaussianNoiseLayer(InputLayer(x.shape), sigma=0.5)
        found = self.kept(layer, x)
        assert abs(found.mean()) < 0.05
        assert 0.45 < found.std() < 0.55
        np.testing.assert_array_equal(self.kept(layer, x, deterministic=True), x)


def test_bias_and_scale(rng, computed, gradients_hold):
    x = rng.normal(size=(2, 3, 4, 5))
    for shared, shape in (
        ("auto", (1, 3, 1, 1)),
        ((0, 2), (1, 3, 1, 5)),
        (0, (1, 3, 4, 5)),
    ):
        scaled = ScaleLayer(InputLayer((2, 3, 4, 5)), init.Uniform(1), shared)
        layer = BiasLayer(scaled, init.Uniform(1), shared)
        scales, b = scaled.scales.get_value().reshape(shape), layer.b.get_value().reshape(shape)
        np.testing.assert_allclose(computed(layer, x), x * scales + b)
        assert layer.get_params(regularizable=True) == []
    gradients_hold(layer, x)
    assert computed(BiasLayer(InputLayer((2, 3)), None), x[:, :, 0, 0]).shape == (2, 3)
    with pytest.raises(ValueError, match="length of each axis"):
        ScaleLayer((None, 3), shared_axes=1)


def test_standardize(rng, computed):
    x = rng.normal(3, 2, size=(6, 4))
    layer = lasagne.layers.standardize(InputLayer((None, 4)), x.mean(0), x.std(0), shared_axes=0)
    np.testing.assert_allclose(computed(layer, x), (x - x.mean(0)) / x.std(0))
    assert lasagne.layers.get_all_params(layer, trainable=True) == []
    assert len(lasagne.layers.get_all_params(layer)) == 2


def test_rectifiers_with_slopes(rng, computed, gradients_hold):
    x = rng.normal(size=(2, 3, 4))
    layer = ParametricRectifierLayer(InputLayer(x.shape), init.Uniform((0.1, 0.9)))
    alpha = layer.alpha.get_value().reshape(1, 3, 1)
    np.testing.assert_allclose(computed(layer, x), np.where(x > 0, x, alpha * x))
    gradients_hold(layer, x)
    assert ParametricRectifierLayer(x.shape, shared_axes="all").alpha.get_value().shape == ()

    layer = RandomizedRectifierLayer(InputLayer((None, 3, None)), 0.2, 0.6, shared_axes=2)
    np.testing.assert_allclose(computed(layer, x, deterministic=True), np.where(x > 0, x, 0.4 * x))
    slopes = (computed(layer, x) / x)[x < 0]
    assert ((slopes >= 0.2) & (slopes <= 0.6)).all()
    assert len(set(slopes.round(9))) > 1
    with pytest.raises(ValueError, match="upper"):
        RandomizedRectifierLayer(x.shape, 0.5, 0.2)

    for function in (lasagne.layers.prelu, lasagne.layers.rrelu):
        dense = DenseLayer((None, 3), 2)
        assert function(dense).input_layer is dense
        assert dense.nonlinearity is lasagne.nonlinearities.identity


def test_expressions(rng, computed):
    x = rng.normal(size=(2, 3, 4))
    source = InputLayer((None, 3, 4))
    for shape, declared in (
        ((None, 3), (None, 3)),
        (lambda shape: shape[:2], (None, 3)),
        ("auto", (None, 3)),
    ):
        layer = ExpressionLayer(source, lambda x: x.mean(-1), shape)
        assert layer.output_shape == declared
        np.testing.assert_allclose(computed(layer, x), x.mean(-1))
    assert ExpressionLayer(source, T.sqrt).output_shape == (None, 3, 4)
    with pytest.raises(ValueError, match="'auto'"):
        ExpressionLayer(source, T.sqrt, "automatic")


def test_inverse_of_dense_and_convolution(rng, computed):
    x = rng.normal(size=(2, 1, 4, 4))
    conv = Conv2DLayer(InputLayer((None, 1, 4, 4)), 2, 3, nonlinearity=None)
    dense = DenseLayer(conv, 3, nonlinearity=None)
    layer = InverseLayer(InverseLayer(dense, dense), conv)
    assert layer.output_shape == (None, 1, 4, 4)
    # the transposed matrix of each, which is what they make of unit pictures
    units = np.eye(16).reshape(16, 1, 4, 4)
    by_conv = (computed(conv, units) - conv.b.get_value().reshape(-1, 1, 1)).reshape(16, -1)
    code = computed(dense, x)
    expected = code @ dense.W.get_value().T @ by_conv.T
    np.testing.assert_allclose(computed(layer, x), expected.reshape(2, 1, 4, 4))


def test_slices(rng, computed):
    x = rng.normal(size=(2, 3, 4))
    source = InputLayer((None, 3, 4))
    for indices, axis, expected in (
        (0, 1, x[:, 0]),
        (-1, -1, x[..., -1]),
        (slice(0, 2), 1, x[:, :2]),
        (slice(-2, None), -1, x[..., -2:]),
        (slice(None, None, -1), 0, x[::-1]),
    ):
        np.testing.assert_array_equal(computed(SliceLayer(source, indices, axis), x), expected)
    assert SliceLayer(source, slice(1, None), 0).output_shape == (None, 3, 4)


def test_padding_and_embedding(rng, computed):
    x = rng.normal(size=(2, 3, 4, 5))
    layer = PadLayer(InputLayer((None, 3, 4, 5)), [(1, 2), (0, 3)], val=7)
    expected = np.pad(x, [(0, 0), (0, 0), (1, 2), (0, 3)], constant_values=7)
    np.testing.assert_array_equal(computed(layer, x), expected)
    words = np.array([[0, 2], [1, 2]], "int32")
    layer = EmbeddingLayer(InputLayer((None, 2)), 3, 4)
    np.testing.assert_array_equal(computed(layer, words), layer.W.get_value()[words])


class TestNetworks:
    def test_parameters_that_are_expressions(self, rng):
        raw = theano.shared(rng.normal(size=(3, 2)), "raw")
        layer = DenseLayer(InputLayer((None, 3)), 2, W=T.exp(raw))
        assert layer.get_params() == [raw, layer.b]
        assert layer.get_params(unwrap_shared=False) == [layer.W, layer.b]
        assert lasagne.layers.get_all_params(layer, unwrap_shared=False)[0] is layer.W
        assert lasagne.layers.get_all_params(layer, regularizable=True) == [raw]
        updates = lasagne.updates.sgd(get_output(layer).sum(), layer.get_params(), 0.1)
        assert list(updates) == [raw, layer.b]
        with pytest.raises(ValueError, match="unwrap_shared"):
            lasagne.updates.sgd(get_output(layer).sum(), [layer.W], 0.1)

    def test_values_round_trip(self):
        layer = DenseLayer(DenseLayer((None, 3), 4), 2)
        assert lasagne.layers.count_params(layer) == 3 * 4 + 4 + 4 * 2 + 2
        assert lasagne.layers.count_params(layer, regularizable=True) == 3 * 4 + 4 * 2
        values = lasagne.layers.get_all_param_values(layer)
        new = [value + 1 for value in values]
        with pytest.raises(ValueError, match="mismatch: got 3 values"):
            lasagne.layers.set_all_param_values(layer, new[:3])
        with pytest.raises(ValueError, match="shape"):
            lasagne.layers.set_all_param_values(layer, [*new[:3], np.zeros(3)])
        np.testing.assert_array_equal(layer.W.get_value(), values[2])  # nothing was set
        lasagne.layers.set_all_param_values(layer, new)
        np.testing.assert_array_equal(layer.W.get_value(), new[2])

    def test_keywords_that_nobody_takes(self):
        layer = DropoutLayer(InputLayer((None, 3)))
        with pytest.warns(UserWarning, match=r"determinstic \(perhaps you meant deterministic\)"):
            get_output(layer, determinstic=True)

        class Asking(lasagne.layers.Layer):
            def get_output_for(self, input, **kwargs):
                return input * kwargs["factor"]

        asking = Asking(layer)
        asking.get_output_kwargs.append("factor")
        get_output(asking, factor=2, deterministic=True)

    def test_pickles_name_lasagne(self):
        layer = lasagne.layers.batch_norm(Conv2DLayer(InputLayer((None, 1, 4, 4)), 2, 3))
        for each in lasagne.layers.get_all_layers(layer):
            assert type(each).__module__.startswith("lasagne.layers.")
        text = pickle.dumps(layer)
        values = lasagne.layers.get_all_param_values(pickle.loads(text))
        for value, own in zip(values, lasagne.layers.get_all_param_values(layer)):
            np.testing.assert_array_equal(value, own)


class TestParameters:
    def test_sources(self):
        create = lasagne.utils.create_param
        assert create(3, (), "n").get_value() == 3
        assert create(init.Constant(2), (1, 3)).broadcastable == (True, False)
        array = np.arange(6.0).reshape(2, 3)
        np.testing.assert_array_equal(create(array, (2, 3)).get_value(), array)
        expression = create(lambda shape: T.zeros(shape), (2, 3), "z")
        assert expression.name == "z"
        shared = theano.shared(array)
        assert create(shared, (2, 3)) is shared

    @pytest.mark.parametrize(
        ("spec", "error", "match"),
        [
            (np.zeros((3, 2)), ValueError, r"shape \(2, 3\)"),
            (T.vector(), ValueError, "2 axes"),
            (lambda shape: np.zeros(4), ValueError, r"has \(4,\)"),
            (lambda shape: "text", TypeError, "returned 'text'"),
            ("text", TypeError, "callable"),
        ],
    )
    def test_what_does_not_fit(self, spec, error, match):
        with pytest.raises(error, match=match):
            lasagne.utils.create_param(spec, (2, 3))

    def test_a_length_of_nothing(self):
        with pytest.raises(ValueError, match="positive"):
            lasagne.utils.create_param(init.Normal(), (2, 0))
