"""Augmentation against a slow reference: each new pixel is looked up in the old picture."""

import math

import numpy as np
import pytest
from images.picture_files import noise

import theano_transfer as tt
from theano_transfer.images._augmentation import _shift, _warp, affine_matrix

FOLDS = {
    "nearest": lambda i, n: min(max(i, 0), n - 1),
    "reflect": lambda i, n: min(i % (2 * n), 2 * n - 1 - i % (2 * n)),
    "wrap": lambda i, n: i % n,
    "constant": lambda i, n: i if 0 <= i < n else None,
}


def reference(pixels, matrix, fold, cval=0.0):
    """Bilinear, one pixel after the other; `matrix` leads from new to old, about the centre."""
    rows, columns, _ = pixels.shape
    centre = np.array([(rows - 1) / 2, (columns - 1) / 2, 0])
    result = np.empty(pixels.shape)
    for r in range(rows):
        for c in range(columns):
            row, column, _ = matrix @ ([r, c, 1] - centre) + centre
            result[r, c] = bilinear(pixels, row, column, fold, cval)
    return result


def bilinear(pixels, row, column, fold, cval):
    rows, columns, _ = pixels.shape
    top, left = math.floor(row), math.floor(column)
    value = np.zeros(3)
    for i, by_row in ((top, 1 - (row - top)), (top + 1, row - top)):
        for j, by_column in ((left, 1 - (column - left)), (left + 1, column - left)):
            old = fold(i, rows), fold(j, columns)
            value += by_row * by_column * (cval if None in old else pixels[old])
    return value


def augmented(pixels, seed=0, **options):
    augment = tt.images.Augmentation(**options)
    return augment(pixels.transpose(2, 0, 1), np.random.default_rng(seed)).transpose(1, 2, 0)


class Fixed:
    """Stands for a random generator whose draws are known."""

    def __init__(self, **draws):
        names = ("rotation", "down", "right", "shear", "tall", "wide", "mirror", "flip", "bright")
        self.u = np.array([draws.get(name, 0.5) for name in names])

    def random(self, count):
        assert count == len(self.u)
        return self.u


@pytest.mark.parametrize("mode", ["nearest", "reflect", "wrap"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.float16])
def test_all_changes_at_once_are_one_affine_map(mode, dtype):
    pixels = (noise(7, 9) / 2).astype(dtype)
    augment = tt.images.Augmentation(
        rotation_range=40,
        height_shift_range=0.3,
        width_shift_range=2.5,
        shear_range=20,
        zoom_range=(0.5, 1.6),
        fill_mode=mode,
    )
    rng = Fixed(rotation=0.9, down=0.1, right=0.8, shear=0.7, tall=0.2, wide=0.9)
    result = augment(pixels.transpose(2, 0, 1), rng)
    matrix = affine_matrix(
        rotation=40 * 0.8, shift=(-0.8 * 0.3 * 7, 0.6 * 2.5), shear=20 * 0.4, zoom=(0.72, 1.49)
    )
    assert result.dtype == np.float32
    expected = reference(pixels.astype(float), matrix, FOLDS[mode])
    np.testing.assert_allclose(result.transpose(1, 2, 0), expected, rtol=1e-5, atol=1e-3)


def test_the_matrix_is_rotation_shift_shear_zoom():
    """The products written out for (column, row), as Keras's apply_affine_transform has them."""
    t, s = math.radians(30), math.radians(10)
    linear = np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])
    shift = linear @ [-2, 3]
    linear = linear @ np.array([[1, -math.sin(s)], [0, math.cos(s)]]) @ np.diag([2, 0.5])
    matrix = affine_matrix(rotation=30, shift=(3, -2), shear=10, zoom=(0.5, 2))
    np.testing.assert_allclose(matrix[:2, :2], linear[::-1, ::-1], atol=1e-12)
    np.testing.assert_allclose(matrix[:2, 2], shift[::-1], atol=1e-12)
    np.testing.assert_array_equal(matrix[2], [0, 0, 1])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # from new to old: a shift down by 2 looks 2 rows up, a zoom of 2 twice as far out
        ({"shift": (-2, 0)}, (1 - 2, 3)),
        ({"shift": (0, 5)}, (1, 3 + 5)),
        ({"zoom": (2, 1)}, (2 * 1, 3)),
        ({"zoom": (1, 2)}, (1, 2 * 3)),
        ({"rotation": 90}, (3, -1)),
        ({"shear": 30}, (1 * math.cos(math.radians(30)), 3 - 0.5 * 1)),
    ],
)
def test_each_change_alone_acts_on_its_own_axis(change, expected):
    """Where the new pixel one row below and three columns right of the centre comes from."""
    nothing = {"rotation": 0, "shift": (0, 0), "shear": 0, "zoom": (1, 1)}
    row, column, _ = affine_matrix(**{**nothing, **change}) @ [1, 3, 1]
    np.testing.assert_allclose((row, column), expected, atol=1e-12)


def test_quarter_turns_only_move_pixels():
    pixels = noise(6, 6)
    for turns in (1, 2, 3):
        matrix = affine_matrix(rotation=90 * turns, shift=(0, 0), shear=0, zoom=(1, 1))
        turned = _warp(pixels, matrix, "nearest", 0)
        np.testing.assert_allclose(turned, np.rot90(pixels, turns), atol=1e-3)


@pytest.mark.parametrize("mode", FOLDS)
@pytest.mark.parametrize("shift", [(2, 0), (-1, 3), (0, -8)])
def test_whole_shifts_are_exact_in_every_fill_mode(mode, shift):
    pixels = noise(5, 6)
    matrix = affine_matrix(rotation=0, shift=shift, shear=0, zoom=(1, 1))
    scipy_mode = {"wrap": "grid-wrap"}.get(mode, mode)
    shifted = _warp(pixels, matrix, scipy_mode, 9.0)
    expected = np.empty((5, 6, 3))
    for r in range(5):
        for c in range(6):
            old = FOLDS[mode](r + shift[0], 5), FOLDS[mode](c + shift[1], 6)
            expected[r, c] = 9 if None in old else pixels[old]
    np.testing.assert_array_equal(shifted, expected)


def test_flips_are_exact():
    pixels = noise(4, 5)
    picture = pixels.transpose(2, 0, 1)
    augment = tt.images.Augmentation(horizontal_flip=True, vertical_flip=True)
    for mirror, flip in ((0.4, 0.6), (0.6, 0.4), (0.4, 0.4), (0.6, 0.6)):
        expected = pixels[:, ::-1] if mirror < 0.5 else pixels
        expected = expected[::-1] if flip < 0.5 else expected
        result = augment(picture, Fixed(mirror=mirror, flip=flip)).transpose(1, 2, 0)
        np.testing.assert_array_equal(result, expected)


def test_flips_come_about_as_often_as_not():
    picture = noise(2, 2).transpose(2, 0, 1)
    augment = tt.images.Augmentation(horizontal_flip=True)
    rng = np.random.default_rng(0)
    flipped = sum(not np.array_equal(augment(picture, rng), picture) for _ in range(400))
    assert 150 < flipped < 250


def test_brightness_multiplies_and_stays_in_range():
    pixels = noise(3, 4)
    augment = tt.images.Augmentation(brightness_range=(0.5, 2.5))
    result = augment(pixels.transpose(2, 0, 1), Fixed(bright=0.75)).transpose(1, 2, 0)
    np.testing.assert_allclose(result, np.minimum(pixels * 2.0, 255))


def test_rescale_comes_last():
    pixels = noise(3, 4)
    result = augmented(pixels, rescale=1 / 255)
    np.testing.assert_allclose(result, pixels / 255, rtol=1e-6)
    assert result.dtype == np.float32
    bright = augmented(pixels, rescale=1 / 255, brightness_range=(2, 2))
    np.testing.assert_allclose(bright, np.minimum(pixels * 2.0, 255) / 255, rtol=1e-6)


def test_nothing_asked_changes_nothing_but_the_dtype():
    pixels = noise(3, 4)
    result = augmented(pixels)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, pixels)


def test_one_change_does_not_shift_the_random_numbers_of_another():
    pixels = noise(8, 8)
    alone = augmented(pixels, seed=3, rotation_range=30)
    assert not np.array_equal(alone, pixels)
    both = augmented(pixels, seed=3, rotation_range=30, brightness_range=(1, 1), shear_range=0)
    np.testing.assert_array_equal(alone, both)


def test_the_picture_itself_is_left_alone():
    pixels = noise(8, 8)
    before = pixels.copy()
    augmented(pixels, rotation_range=30, brightness_range=(0.5, 0.6), horizontal_flip=True)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize(
    ("reach", "length", "low", "high"), [(0.25, 8, -2, 2), (3.0, 8, -3, 3), (0.0, 8, 0, 0)]
)
def test_shifts_below_one_are_fractions_and_from_one_on_pixels(reach, length, low, high):
    assert _shift(reach, 0.0, length) == low
    assert _shift(reach, 1.0, length) == high
    assert _shift(reach, 0.5, length) == 0


def test_an_integer_shift_means_whole_pixels_below_it():
    drawn = [_shift(3, u, 100) for u in np.linspace(0, 0.999999, 1000)]
    assert set(drawn) == {-2, -1, 0, 1, 2}
    assert min(drawn.count(value) for value in set(drawn)) > 190
    assert {_shift(1, u, 100) for u in (0, 0.5, 0.99)} == {0}
    assert _shift(0, 0.3, 100) == 0


def test_for_evaluation_keeps_what_is_not_random():
    augment = tt.images.Augmentation(rescale=1 / 255, rotation_range=20, horizontal_flip=True)
    still = augment.for_evaluation()
    picture = noise(4, 4).transpose(2, 0, 1)
    np.testing.assert_allclose(still(picture, np.random.default_rng(0)), picture / 255, rtol=1e-6)
    assert "rescale=0.00392" in repr(still)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"fill_mode": "edge"}, ValueError),
        ({"zoom_range": 1.0}, ValueError),
        ({"zoom_range": -0.1}, ValueError),
        ({"zoom_range": (1.2, 0.8)}, ValueError),
        ({"zoom_range": (0, 1)}, ValueError),
        ({"zoom_range": (1, 2, 3)}, TypeError),
        ({"rotation_range": -5}, ValueError),
        ({"rotation_range": "20"}, TypeError),
        ({"shear_range": 90}, ValueError),
        ({"width_shift_range": [1, 2]}, TypeError),
        ({"height_shift_range": float("nan")}, ValueError),
        ({"brightness_range": 0.5}, TypeError),
        ({"brightness_range": (-1, 1)}, ValueError),
        ({"rescale": 0}, ValueError),
        ({"rescale": True}, TypeError),
        ({"cval": None}, TypeError),
    ],
)
def test_wrong_arguments_are_named(options, error):
    (name,) = options
    with pytest.raises(error, match=name):
        tt.images.Augmentation(**options)
