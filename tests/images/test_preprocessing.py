"""Preprocessing against the formulas as they are published, on arrays and symbolic tensors."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from images.picture_files import noise

import theano_transfer as tt


def caffe(x):
    r, g, b = x
    return [b - 103.939, g - 116.779, r - 123.68]


def torch(x):
    return [
        (channel / 255 - mean) / std
        for channel, mean, std in zip(x, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    ]


FORMULAS = {
    "caffe": caffe,
    "tf": lambda x: x / 127.5 - 1,
    "torch": torch,
    "lite": lambda x: (x - 127) / 128,
    "rescale": lambda x: x / 255,
    "identity": lambda x: x,
}


def test_every_mode_is_tested():
    assert set(FORMULAS) == set(tt.images.PREPROCESSING)


def pictures(layout):
    by_pixel = np.stack([noise(4, 5, seed) for seed in range(2)])
    x = by_pixel.transpose(0, 3, 1, 2)
    return x if layout == "channels last" else np.ascontiguousarray(x)


@pytest.mark.parametrize("mode", FORMULAS)
@pytest.mark.parametrize("layout", ["channels last", "channels first"])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_arrays(mode, layout, dtype):
    x = pictures(layout).astype(dtype)
    before = x.copy()
    y = tt.images.preprocess_input(x, mode)
    expected = np.stack([FORMULAS[mode](picture.astype(float)) for picture in x])
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-5)
    np.testing.assert_array_equal(x, before)
    last = y.transpose(0, 2, 3, 1)
    assert last.flags.c_contiguous == (layout == "channels last")
    np.testing.assert_array_equal(tt.images.preprocess_input(x[0], mode), y[0])


@pytest.mark.parametrize("mode", FORMULAS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_symbolic_tensors(mode, dtype):
    x = T.TensorType(dtype, (False,) * 4)("x")
    y = tt.images.preprocess_input(x, mode)
    assert y.dtype == ("float64" if dtype == "float64" else "float32")
    value = pictures("channels first").astype(dtype)
    result = theano.function([x], y, mode="FAST_COMPILE")(value)
    np.testing.assert_allclose(
        result, tt.images.preprocess_input(value, mode), rtol=1e-6, atol=1e-5
    )


@pytest.mark.parametrize("mode", FORMULAS)
def test_inverse_gives_the_pixels_back(mode):
    preprocessing = tt.images.PREPROCESSING[mode]
    x = pictures("channels last")
    y = preprocessing(x)
    back = preprocessing.inverse(y)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, x, atol=1e-4)
    np.testing.assert_array_equal(preprocessing.to_uint8(y), x)
    symbol = T.tensor4()
    inverse = theano.function([symbol], preprocessing.inverse(symbol), mode="FAST_COMPILE")
    np.testing.assert_allclose(inverse(y), x, atol=1e-4)


def test_to_uint8_rounds_and_clips():
    y = np.array([-3.0, 0.4, 0.6, 254.6, 300.0], np.float32)
    x = np.broadcast_to(y, (3, 1, 5))
    pixels = tt.images.PREPROCESSING["identity"].to_uint8(x)
    np.testing.assert_array_equal(pixels[0, 0], [0, 0, 1, 255, 255])


def test_the_way_into_a_batch_is_the_same_as_the_call():
    pixels = noise(6, 7)
    for preprocessing in tt.images.PREPROCESSING.values():
        out = np.empty((6, 7, 3), np.float32)
        preprocessing.write(pixels, out)
        np.testing.assert_array_equal(
            out.transpose(2, 0, 1), preprocessing(pixels.transpose(2, 0, 1))
        )


def test_a_preprocessing_of_ones_own():
    own = tt.images.Preprocessing("own", mean=(1, 2, 3), std=(2, 4, 8))
    x = np.array([5, 6, 11], np.uint8).reshape(3, 1, 1)
    np.testing.assert_array_equal(tt.images.preprocess_input(x, own).ravel(), [2, 1, 1])
    assert not own.is_identity
    assert tt.images.PREPROCESSING["identity"].is_identity


def test_only_identity_is_the_identity():
    identities = {name for name, p in tt.images.PREPROCESSING.items() if p.is_identity}
    assert identities == {"identity"}


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"no preprocessing 'keras'.*caffe"):
        tt.images.preprocess_input(pictures("channels first"), "keras")
    with pytest.raises(ValueError, match=r"\(2, 4, 5, 3\).*transpose\(0, 3, 1, 2\)"):
        tt.images.preprocess_input(np.zeros((2, 4, 5, 3)), "tf")
    with pytest.raises(ValueError, match="axes"):
        tt.images.preprocess_input(T.matrix(), "tf")
    with pytest.raises(ValueError, match="std must not be zero"):
        tt.images.Preprocessing("own", std=(1, 0, 1))
    with pytest.raises(ValueError, match="mean must be three"):
        tt.images.Preprocessing("own", mean=(1, 0))
