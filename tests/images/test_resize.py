"""Resizing against a slow NumPy reference: the triangle filter of antialiased bilinear."""

import io

import numpy as np
import pytest
from images.picture_files import encoded, noise

import theano_transfer as tt
from theano_transfer.images._resize import resize_array


def weights(length, out_length, start=0.0, extent=None):
    """(out_length, length): triangles as wide as the reduction, but at least one pixel."""
    extent = length if extent is None else extent
    scale = extent / out_length
    width = max(scale, 1.0)
    matrix = np.zeros((out_length, length))
    for i in range(out_length):
        centre = start + (i + 0.5) * scale
        for j in range(length):
            matrix[i, j] = max(0.0, 1.0 - abs(j + 0.5 - centre) / width)
    return matrix / matrix.sum(axis=1, keepdims=True)


def reference(pixels, size, box=None):
    top, left, rows, columns = box or (0, 0, *pixels.shape[:2])
    down = weights(pixels.shape[0], size[0], top, rows)
    across = weights(pixels.shape[1], size[1], left, columns)
    return np.einsum("ir,rck,jc->ijk", down, pixels.astype(float), across)


SIZES = [(5, 4), (9, 13), (3, 30), (20, 24)]


@pytest.mark.parametrize("size", SIZES)
def test_bilinear_is_antialiased(size):
    pixels = noise(12, 15)
    picture = tt.images.load(io.BytesIO(encoded(pixels)), size=size)
    assert picture.shape == (3, *size)
    # Pillow rounds to uint8 after each axis
    assert abs(picture.transpose(1, 2, 0) - reference(pixels, size)).max() <= 1.01


@pytest.mark.parametrize("size", SIZES)
def test_floating_arrays_are_resized_alike_without_rounding(size):
    pixels = noise(12, 15) / 3
    resized = resize_array(pixels, size, "bilinear", None)
    np.testing.assert_allclose(resized, reference(pixels, size), rtol=1e-5, atol=1e-4)


def test_arrays_and_files_are_resized_to_the_same_pixels():
    pixels = noise(12, 15)
    from_file = tt.images.load(io.BytesIO(encoded(pixels)), size=(5, 6), crop=0.9)
    np.testing.assert_array_equal(
        resize_array(pixels, (5, 6), "bilinear", 0.9), from_file.transpose(1, 2, 0)
    )


def test_crop_takes_the_middle_without_distortion():
    pixels = noise(20, 40)
    picture = tt.images.load(io.BytesIO(encoded(pixels)), size=(10, 10), crop=1)
    expected = reference(pixels, (10, 10), box=(0, 10, 20, 20))
    # at the edges of the box the filter does not look beyond it
    assert abs(picture.transpose(1, 2, 0) - expected)[1:-1, 1:-1].max() <= 1.01
    picture = tt.images.load(io.BytesIO(encoded(pixels)), size=(10, 10), crop=0.5)
    np.testing.assert_array_equal(picture.transpose(1, 2, 0), pixels[5:15, 15:25])


@pytest.mark.parametrize(("crop", "rows", "columns"), [(1, 20, 40), (0.5, 10, 20), (0.01, 1, 1)])
def test_crop_without_size_cuts_whole_pixels(crop, rows, columns):
    pixels = noise(20, 40)
    picture = tt.images.load(io.BytesIO(encoded(pixels)), crop=crop).transpose(1, 2, 0)
    top, left = (20 - rows) // 2, (40 - columns) // 2
    np.testing.assert_array_equal(picture, pixels[top : top + rows, left : left + columns])


def test_nearest_takes_single_pixels():
    pixels = noise(4, 4)
    picture = tt.images.load(io.BytesIO(encoded(pixels)), size=8, resample="nearest")
    np.testing.assert_array_equal(
        picture.transpose(1, 2, 0), pixels.repeat(2, axis=0).repeat(2, axis=1)
    )


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"size": (0, 5)}, ValueError),
        ({"size": (5,)}, TypeError),
        ({"size": (5, 5, 3)}, TypeError),
        ({"size": 2.5}, TypeError),
        ({"size": "big"}, TypeError),
        ({"size": 5, "resample": "linear"}, ValueError),
        ({"crop": 0}, ValueError),
        ({"crop": 1.1}, ValueError),
    ],
)
def test_wrong_arguments(options, error):
    (name,) = set(options) - {"size"} or {"size"}
    with pytest.raises(error, match=name):
        tt.images.load(io.BytesIO(encoded(noise(4, 4))), **options)
