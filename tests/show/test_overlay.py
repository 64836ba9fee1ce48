"""Maps over pictures, and pictures in rows."""

import numpy as np
import pytest
from PIL import Image

from theano_transfer import show


def test_a_map_colours_what_is_large_and_leaves_what_is_nothing(rng):
    picture = rng.integers(0, 256, (3, 6, 5)).astype(np.uint8)
    heat = np.zeros((6, 5))
    heat[2, 3] = 4.0
    made = show.overlay(picture, heat)
    changed = (made != picture).any(axis=0)
    np.testing.assert_array_equal(changed, heat > 0)
    np.testing.assert_array_equal(show.overlay(picture, 0 * heat), picture)
    # a common scale: a fourth of the largest colours less
    assert not np.array_equal(show.overlay(picture, heat, largest=16.0), made)


def test_red_is_more_and_blue_is_less():
    made = show.signed(np.array([[-2.0, 0.0, 2.0]]))
    red, green, blue = made[:, 0].astype(int)
    assert blue[0] > red[0]
    assert (red[1], green[1], blue[1]) >= (250, 250, 250)
    assert red[2] > blue[2]
    summed = show.signed(np.stack([np.full((2, 2), v) for v in (1.0, -2.0, 1.0)]))
    np.testing.assert_array_equal(summed, show.signed(np.zeros((2, 2))))


def test_pictures_are_drawn_in_rows(rng, tmp_path):
    pictures = [rng.integers(0, 256, (3, 8, 8)), rng.normal(size=(8, 8)), np.zeros((3, 4, 4))]
    path = tmp_path / "grid.png"
    show.picture_grid(pictures, path, titles=["a", "b\nc", ""], columns=3)
    with Image.open(path) as image:
        assert image.width > 2 * image.height
        assert len(np.unique(np.asarray(image).reshape(-1, 4), axis=0)) > 50


def test_filters_use_the_whole_range(rng):
    filters = rng.normal(size=(5, 3, 3, 3))
    filters[4] = 0.3
    made = show.filter_pictures(filters)
    assert [(p.min(), p.max()) for p in made[:4]] == [(0, 255)] * 4
    assert not made[4].any()
    assert show.filter_pictures(filters[:, :1])[0].shape == (3, 3, 3)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda path: show.overlay(np.zeros((3, 4, 4)), np.zeros((2, 2))), "of its size"),
        (lambda path: show.picture_grid([], path), "no pictures"),
        (lambda path: show.picture_grid([np.zeros((2, 2))], path, titles=[]), "1 pictures and 0"),
        (lambda path: show.filter_pictures(np.zeros((2, 5, 3, 3))), "3 channels"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, call, text):
    with pytest.raises(ValueError, match=text):
        call(tmp_path / "p.png")
    assert list(tmp_path.iterdir()) == []
