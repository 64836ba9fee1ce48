"""The pictures that the examples use: complete, readable, white behind."""

import pathlib

import numpy as np
import pytest

import theano_transfer as tt

EMOJI = pathlib.Path(__file__).parents[2] / "examples" / "data" / "emoji"


@pytest.fixture(scope="module")
def emoji():
    return tt.images.ImageFolder(EMOJI, on_error="raise")


def test_all_pictures_are_there(emoji):
    assert emoji.counts == {
        "animal": 129,
        "building": 33,
        "clothing": 47,
        "food": 104,
        "transport": 58,
    }


def test_transparency_is_white(emoji):
    picture = tt.images.load(emoji.paths[0])
    assert picture.shape == (3, 64, 64)
    np.testing.assert_array_equal(picture[:, 0, 0], (255, 255, 255))


def test_licences_are_with_them():
    assert "Noto Emoji" in (EMOJI / "README.md").read_text()
    assert "Apache License" in (EMOJI / "LICENSE-APACHE-2.0.txt").read_text()
    assert "Cal Henderson" in (EMOJI / "LICENSE-MIT.txt").read_text()


def test_an_epoch(emoji):
    train, valid, _ = emoji.split(validation=0.2, seed=1)
    assert len(train) + len(valid) == 371
    assert all(valid.counts.values())
    options = {"size": 32, "preprocess": "lite", "shuffle": True}
    batches = list(train.batches(64, **options, augment=tt.images.Augmentation(zoom_range=0.2)))
    x = np.concatenate([x for x, _ in batches])
    y = np.concatenate([y for _, y in batches])
    assert x.shape == (len(train), 3, 32, 32)
    assert x.min() >= -127 / 128
    assert x.max() <= 1
    np.testing.assert_array_equal(np.bincount(y), list(train.counts.values()))
