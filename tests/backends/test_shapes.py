import numpy as np
import pytest
import theano
import theano.tensor as T
from aesara.raise_op import Assert

import theano_transfer as tt
from theano_transfer.backends import DataDependentShapeError
from theano_transfer.layers._concat_op import ConcatenateChannels
from theano_transfer.layers._pad_op import CropImages, PadImages


def test_shapes_computed_from_shapes(agree, with_gradients, rng):
    x = T.tensor4("x")
    rows = (x.shape[2] + 1) // 2
    outputs = with_gradients(x.reshape((x.shape[0] * rows, -1)), x)
    outputs += [x.flatten(2), T.zeros((rows, x.shape[1])), T.ones_like(x)[:, :, :rows]]
    outputs += [T.arange(rows) * 2, T.eye(rows, x.shape[3], 1), T.tri(3, rows), x.size]
    outputs += [T.alloc(x[0, 0, 0, 0], rows, 2), T.repeat(x, 2, axis=1), x.shape]
    agree([x], outputs, rng.normal(size=(2, 3, 4, 5)).astype("float32"))


def test_joining_and_splitting(agree, with_gradients, rng):
    x = T.matrix("x")
    parts = T.split(x, [1, 3], 2, axis=1)
    outputs = with_gradients(T.concatenate([parts[1], parts[0] * 2, x], axis=1), x)
    outputs += with_gradients(T.stack([x[0, 0], x.sum(), x.max()]), x)
    agree([x], outputs, rng.normal(size=(2, 4)).astype("float32"))


def test_indices(agree, with_gradients, rng):
    x, i, rows = T.matrix("x"), T.iscalar("i"), T.ivector("rows")
    outputs = with_gradients(x[1:-1:2, ::-1], x)
    outputs += with_gradients(x[i] * x[:, i].sum(), x)
    outputs += with_gradients(x[rows], x)
    outputs += with_gradients(x[rows, rows], x)
    outputs += with_gradients(x[:, rows], x)
    outputs += [T.set_subtensor(x[i, 1:3], 7), T.inc_subtensor(x[rows], 1)]
    matrix = rng.normal(size=(5, 4)).astype("float32")
    agree([x, i, rows], outputs, matrix, 2, np.array([3, 0, 3], "int32"))


def test_images_of_our_layers(agree, with_gradients, rng):
    x = T.tensor4("x")
    joined = ConcatenateChannels((2, 3))(x[:, :2], x)
    padded = PadImages(-1.5)(joined, 1, x.shape[2], 0, 2)
    outputs = with_gradients(CropImages()(padded, 2, 1, 1, 0) ** 2, x)
    agree([x], outputs, rng.normal(size=(2, 3, 4, 4)).astype("float32"))


def test_same_padding_of_any_size(agree, with_gradients, rng):
    import lasagne

    x = T.tensor4("x")
    layer = lasagne.layers.InputLayer((None, 2, None, None), x)
    layer = tt.layers.Conv2DLayer(layer, 3, 3, stride=2, pad="same")
    layer = tt.layers.Pool2DLayer(layer, 3, 2, pad="same", mode="average_exc_pad")
    y = lasagne.layers.get_output(layer)
    for size in (7, 10):
        agree([x], with_gradients(y, x), rng.normal(size=(1, 2, size, 8)).astype("float32"))


def test_numbers_that_shapes_depend_on_are_compiled_in():
    n, x = T.iscalar("n"), T.vector("x")
    function = theano.function([x, n], T.zeros((n, 2)) + x.sum() + x[:n].sum(), mode="JAX")
    for count in (3, 1):
        np.testing.assert_array_equal(
            function(np.ones(3, "float32"), count), np.full((count, 2), 3 + count)
        )


def test_shapes_that_depend_on_data_are_refused():
    x = T.vector("x")
    for y in (x[x > 0], x[: T.cast(x.sum(), "int64")], x[x.nonzero()], T.extra_ops.unique(x)):
        function = theano.function([x], y, mode="JAX")
        with pytest.raises(DataDependentShapeError, match="mode='FAST_RUN'"):
            function(np.ones(3, "float32"))


def test_an_op_that_jax_lacks_is_named():
    from aesara.graph.basic import Apply
    from aesara.graph.op import Op

    class Strange(Op):
        def make_node(self, x):
            return Apply(self, [x], [x.type()])

        def perform(self, node, inputs, outputs):
            raise AssertionError

    with pytest.raises(NotImplementedError, match=r"Strange.*cannot be computed by JAX"):
        theano.function([x := T.matrix()], Strange()(x), mode="JAX")


def test_what_shapes_decide_is_checked():
    x, y = T.vector("x"), T.vector("y")
    same = Assert("lengths differ")(x, T.eq(x.shape[0], y.shape[0]))
    function = theano.function([x, y], same * 2, mode="JAX")
    np.testing.assert_array_equal(function([1, 2], [3, 4]), [2, 4])
    with pytest.raises(AssertionError, match="lengths differ"):
        function([1, 2], [3])
    function = theano.function([x], T.specify_shape(x, (3,)), mode="JAX")
    with pytest.raises(ValueError, match=r"\(3,\) was expected; got \(2,\)"):
        function([1, 2])
