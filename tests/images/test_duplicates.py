"""Duplicates: exact ones, near ones, and none where there are none."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theano_transfer import images
from theano_transfer.images._duplicates import _near, perceptual_hashes

EMOJI = Path(__file__).parents[2] / "examples" / "data" / "emoji"


@pytest.fixture
def copies(tmp_path):
    """(training, validation): 40 pictures, of which three are in validation again, changed."""
    paths = sorted(EMOJI.glob("food/*.png"))[:40]
    made = tmp_path / "same.png", tmp_path / "small.jpg", tmp_path / "dark.png"
    shutil.copy(paths[3], made[0])
    with Image.open(paths[10]) as picture:
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
    white.convert("RGB").resize((50, 50)).save(made[1], quality=70)
    with Image.open(paths[20]) as picture:
        Image.blend(picture.convert("RGBA"), Image.new("RGBA", picture.size), 0.03).save(made[2])
    others = sorted(EMOJI.glob("animal/*.png"))[:40]
    return images.ImageFiles(paths), images.ImageFiles([*others, *made])


def test_copies_are_found_and_nothing_else(copies):
    train, valid = copies
    found = images.find_duplicates(train, valid)
    assert [(pair.first, pair.second) for pair in found[:1]] == [(3, 40)]
    assert {(pair.first, pair.second) for pair in found} == {(3, 40), (10, 41), (20, 42)}
    assert [pair.exact for pair in found] == [True, False, False]
    assert found[0].difference == 0
    assert 0 < found[1].difference < 12


def test_within_one_set_each_pair_comes_once(copies):
    train, _ = copies
    assert images.find_duplicates(train) == []
    doubled = train.subset([0, 5, 0, 7])
    assert [tuple(pair) for pair in images.find_duplicates(doubled)] == [(0, 2, True, 0.0)]


def test_pixels_of_arrays_are_compared_too(rng):
    x = rng.integers(0, 256, (6, 3, 40, 40)).astype(np.uint8)
    x[4] = x[1]
    found = images.find_duplicates(images.ArrayData(x))
    assert [(pair.first, pair.second, pair.exact) for pair in found] == [(1, 4, True)]


def test_colours_count(rng):
    shape = rng.integers(0, 2, (1, 1, 8, 8)).repeat(4, 2).repeat(4, 3) * 255
    x = np.zeros((2, 3, 32, 32), np.uint8)
    x[0, 0], x[1, 2] = shape[0, 0], shape[0, 0]  # the same shape in red and in blue
    assert perceptual_hashes(x)[0] == perceptual_hashes(x)[1]
    assert images.find_duplicates(images.ArrayData(x)) == []


def test_hashes_hold_against_brightness_and_differ_between_pictures(rng):
    smooth = rng.uniform(0, 200, (50, 3, 8, 8)).repeat(4, 2).repeat(4, 3)
    hashes = perceptual_hashes(smooth)
    np.testing.assert_array_equal(perceptual_hashes(smooth + 30), hashes)
    apart = [bin(int(a ^ b)).count("1") for a, b in itertools.combinations(hashes, 2)]
    assert 24 < np.mean(apart) < 40
    assert not perceptual_hashes(np.full((1, 3, 32, 32), 77.0)).any()


@pytest.mark.parametrize("bits", [0, 3, 10])
def test_no_near_pair_is_missed(rng, bits):
    hashes = rng.integers(0, 2**63, 60).astype(np.uint64)
    flips = [
        sum(1 << int(k) for k in rng.choice(64, rng.integers(0, 14), False)) for _ in range(60)
    ]
    others = hashes ^ np.array(flips, np.uint64)
    expected = {
        (i, j)
        for i, j in itertools.product(range(60), range(60))
        if bin(int(hashes[i] ^ others[j])).count("1") <= bits
    }
    pairs = _near(hashes, others, bits, within=False)
    found = {(int(i), int(j)) for first, second in pairs for i, j in zip(first, second)}
    assert found == expected


def test_what_is_no_data_set_is_refused(copies):
    with pytest.raises(images.DatasetError, match="ImageFolder"):
        images.find_duplicates(str(EMOJI))
    with pytest.raises(ValueError, match="0 to 15"):
        images.find_duplicates(copies[0], bits=16)
