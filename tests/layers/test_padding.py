"""The arithmetic of padding against its definition, and zeros (or others) put around images."""

import numpy as np
import pytest
import theano
import theano.tensor as T

from theano_transfer.layers._pad_op import PadImages
from theano_transfer.layers._padding import (
    as_padding,
    as_pair,
    is_static,
    output_length,
    pad_images,
    resolve,
    same_padding,
)

SIZES = range(1, 20)
WINDOWS = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (5, 2), (5, 4), (7, 2)]


@pytest.mark.parametrize(("extent", "stride"), WINDOWS)
@pytest.mark.parametrize("size", SIZES)
def test_same_padding_lets_every_stride_begin_one_window(size, extent, stride):
    before, after = same_padding(size, extent, stride)
    windows = len(range(0, size, stride))
    assert output_length(size, extent, stride, (before, after)) == windows
    assert output_length(size, extent, stride, "same") == windows
    assert after - before in (0, 1)
    # and no more than that: one less would lose a window, unless there is none to lose
    assert before + after == 0 or (size + before + after - 1 - extent) // stride + 1 < windows


def test_same_padding_of_an_expression_follows_its_value():
    size = T.lscalar()
    for extent, stride in WINDOWS:
        found = same_padding(size, extent, stride)
        if stride == 1:
            assert found == same_padding(5, extent, 1)
            continue
        follow = theano.function([size], list(found))
        for n in SIZES:
            assert [int(v) for v in follow(n)] == list(same_padding(n, extent, stride))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("same", "same"),
        ("valid", ((0, 0), (0, 0))),
        (2, ((2, 2), (2, 2))),
        ((1, 2), ((1, 1), (2, 2))),
        ([1, 2], ((1, 1), (2, 2))),
        (((0, 1), (2, 3)), ((0, 1), (2, 3))),
        ((1, (0, 2)), ((1, 1), (0, 2))),
        (np.int64(3), ((3, 3), (3, 3))),
    ],
)
def test_paddings_are_understood(written, expected):
    assert as_padding(written) == expected


@pytest.mark.parametrize("written", ["full", -1, (1, -1), (1, 2, 3), ((1, 2, 3), 1), 1.5, None])
def test_other_paddings_are_refused_with_what_was_written(written):
    with pytest.raises(ValueError, match="padding must be") as caught:
        as_padding(written)
    assert repr(written) in str(caught.value)


@pytest.mark.parametrize("value", [0, (1, 0), (1, 2, 3), "ab", 2.0, None])
def test_pairs_are_refused_with_what_was_written(value):
    with pytest.raises(ValueError, match="filter_size must be a whole number of at least 1"):
        as_pair(value, "filter_size")


def test_only_unknown_sizes_with_a_stride_need_the_images():
    images = T.tensor4()
    assert resolve("same", images, (7, 8), (3, 3), (2, 2)) == ((1, 1), (0, 1))
    assert resolve("same", images, (None, None), (3, 5), (1, 1)) == ((1, 1), (2, 2))
    mixed = resolve("same", images, (7, None), (3, 3), (2, 2))
    assert mixed[0] == (1, 1)
    assert not is_static(mixed)
    assert mixed[1][0].eval({images: np.zeros((1, 1, 1, 8), "float32")}) == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [0, -np.inf])
def test_images_are_padded_as_numpy_pads_them(rng, value, dtype):
    images = T.tensor4(dtype=dtype)
    pad = ((1, 2), (0, 3))
    padded = theano.function([images], pad_images(images, pad, value))
    x = rng.normal(size=(2, 3, 4, 5)).astype(dtype)
    expected = np.pad(x, ((0, 0), (0, 0), *pad), constant_values=value)
    for batch in (x, x[:0], x[:, ::-1, ::2]):
        expected = np.pad(batch, ((0, 0), (0, 0), *pad), constant_values=value)
        found = padded(batch)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, expected)


def test_nothing_is_built_for_no_padding():
    images = T.tensor4()
    assert pad_images(images, ((0, 0), (0, 0))) is images


def test_sizes_are_known_when_they_can_be():
    images = T.TensorType("float32", (None, 3, 4, 5))()
    padded = pad_images(images, ((1, 0), (2, 3)))
    assert padded.type.shape == (None, 3, 5, 10)
    assert T.grad(padded.sum(), images).type.shape == images.type.shape
    assert pad_images(T.tensor4(), ((1, 0), (2, 3))).type.shape[2:] == (None, None)


def test_the_shape_is_known_without_padding(rng):
    images, bottom = T.tensor4(), T.lscalar()
    padded = pad_images(images, ((1, bottom), (0, 3)))
    shape = theano.function([images, bottom], padded.shape)
    assert list(shape(np.zeros((2, 3, 4, 5), theano.config.floatX), 6)) == [2, 3, 11, 8]
    ops = {type(node.op).__name__ for node in shape.maker.fgraph.apply_nodes}
    assert "PadImages" not in ops


def test_sizes_known_when_the_graph_is_built_stay_known():
    images = T.TensorType("float32", (None, 3, 4, None))()
    padded = pad_images(images, ((1, 2), (0, 3)))
    assert padded.type.shape == (None, 3, 7, None)
    assert T.grad(padded.sum(), images).type.shape == (None, 3, 4, None)


@pytest.mark.parametrize("value", [0, -np.inf])
def test_gradient_of_padding_is_the_inside(rng, value):
    images, weights = T.tensor4(), T.tensor4()
    top = T.lscalar()
    padded = pad_images(images, ((top, 0), (2, 1)), value)
    gradient = T.grad(T.maximum(padded * weights, -1e9).sum(), images)
    w = rng.uniform(1, 2, size=(1, 2, 5, 8)).astype(theano.config.floatX)
    x = np.zeros((1, 2, 4, 5), w.dtype)
    found = theano.function([images, weights, top], gradient)(x, w, 1)
    np.testing.assert_array_equal(found, w[:, :, 1:, 2:7])


def test_padding_can_be_differentiated_twice(rng):
    x = rng.normal(size=(2, 1, 3, 4)).astype("float64")

    def slope(images):
        padded = pad_images(images, ((1, 2), (0, 1)))
        return T.grad((padded**3).sum(), images)

    theano.gradient.verify_grad(slope, [x], rng=np.random.default_rng(1))


def test_only_images_are_padded():
    with pytest.raises(TypeError, match="takes images"):
        PadImages()(T.matrix(), 1, 1, 1, 1)
