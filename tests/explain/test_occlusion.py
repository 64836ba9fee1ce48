"""Occlusion against covering by hand."""

import numpy as np
import pytest
from explain.conftest import SIZE

from theano_transfer import explain


def by_hand(model, picture, number, side, starts, colour):
    lost, cover = np.zeros((SIZE, SIZE)), np.zeros((SIZE, SIZE))
    whole = model.predict(picture[None])[0, number]
    for top in starts:
        for left in starts:
            covered = picture.copy()
            covered[:, top : top + side, left : left + side] = np.reshape(colour, (3, 1, 1))
            place = np.s_[top : top + side, left : left + side]
            lost[place] += whole - model.predict(covered[None])[0, number]
            cover[place] += 1
    return lost / cover


@pytest.mark.parametrize(
    ("side", "step", "starts"), [(4, 2, (0, 2, 4)), (3, 2, (0, 2, 4, 5)), (8, 8, (0,))]
)
def test_it_is_what_covering_by_hand_gives(model, pictures, side, step, starts):
    colour = (10, 200, 30)
    found = explain.occlusion(
        model, pictures[:2], ["dog", "cat"], patch=side, stride=step, fill=colour, batch_size=4
    )
    for picture, number, one in zip(pictures, (1, 0), found):
        expected = by_hand(model, picture, number, side, starts, colour)
        np.testing.assert_allclose(one, expected, atol=1e-6)


def test_the_covered_part_that_matters_is_found(binary_model, pictures):
    # one bright corner, everything else as the cover is
    picture = np.full_like(pictures[:1], 127)
    picture[:, :, :2, :2] = 255
    found = np.abs(explain.occlusion(binary_model, picture, 1, patch=2, fill=127, of="score"))
    assert found[0, :2, :2].min() > 0
    assert found[0, 3:, 3:].max() < 1e-5


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"patch": 0}, "patch is an int"),
        ({"patch": SIZE + 1}, "larger than the network's input"),
        ({"patch": 2, "stride": 3}, "left out"),
    ],
)
def test_wrong_squares_are_refused(model, pictures, options, text):
    with pytest.raises(ValueError, match=text):
        explain.occlusion(model, pictures, **options)
