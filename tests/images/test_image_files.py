"""Pictures at given paths, with or without labels, and files that change under way."""

import os

import numpy as np
import pytest
from images.picture_files import encoded, noise

import theano_transfer as tt
from theano_transfer.images import _image_files

ImageFiles, ImageError = tt.images.ImageFiles, tt.images.ImageError
AS_THEY_ARE = {"size": (6, 5), "preprocess": "identity"}


@pytest.fixture
def paths(tmp_path):
    written = [tmp_path / f"{index}.png" for index in range(6)]
    for index, path in enumerate(written):
        path.write_bytes(encoded(noise(6, 5, seed=index)))
    return written


def test_without_labels_batches_are_for_prediction(paths):
    data = ImageFiles(paths)
    assert len(data) == 6
    assert data.classes is None
    assert data.counts is None
    batches = list(data.batches(4, **AS_THEY_ARE))
    assert [len(x) for x, _ in batches] == [4, 2]
    assert all(y is None for _, y in batches)
    for path, picture in zip(paths, np.concatenate([x for x, _ in batches])):
        np.testing.assert_array_equal(picture, tt.images.load(path))


def test_labels_of_any_kind_go_with_their_pictures(paths):
    targets = np.arange(12.0).reshape(6, 2)
    (_, y), (_, z) = ImageFiles(paths, targets).batches(4, **AS_THEY_ARE)
    np.testing.assert_array_equal(np.concatenate([y, z]), targets)
    assert y.dtype == np.float32
    data = ImageFiles(paths, [0, 1, 1, 0, 1, 0], classes=["no", "yes"])
    assert data.counts == {"no": 3, "yes": 3}


def test_a_broken_picture_is_refused_here_unless_told_otherwise(paths):
    paths[2].write_bytes(b"broken")
    with pytest.raises(ImageError, match=r"2\.png"):
        ImageFiles(paths, range(6))
    with pytest.warns(tt.images.ImageWarning, match="1 of 6"):
        data = ImageFiles(paths, range(6), on_error="skip")
    assert data.labels.tolist() == [0, 1, 3, 4, 5]
    ((path, reason),) = data.skipped
    assert path == str(paths[2])
    assert "not a png" in reason


def test_links_that_were_chosen_are_followed(paths, tmp_path):
    os.symlink(paths[0], tmp_path / "link")
    assert len(ImageFiles([tmp_path / "link"])) == 1


def test_a_missing_file_is_found_before_training(paths, tmp_path):
    for verify in (True, False):
        with pytest.raises(ImageError, match=r"gone.*No such file"):
            ImageFiles([*paths, tmp_path / "gone.png"], verify=verify)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_file_deleted_in_the_epoch_is_named(paths, workers):
    data = ImageFiles(paths)
    batches = data.batches(2, **AS_THEY_ARE, workers=workers, prefetch=0)
    next(batches)
    paths[5].unlink()
    next(batches)
    with pytest.raises(ImageError, match=r"5\.png': no such file.*deleted"):
        next(batches)


def test_a_file_replaced_in_the_epoch_is_named(paths):
    data = ImageFiles(paths)
    batches = data.batches(2, **AS_THEY_ARE, prefetch=0)
    next(batches)
    paths[3].write_bytes(encoded(noise(9, 9)))
    with pytest.raises(ImageError, match=r"3\.png': the file has changed"):
        list(batches)


def test_a_file_rewritten_while_it_is_read_is_noticed(paths, monkeypatch):
    data = ImageFiles(paths[:1])
    decode = _image_files.decode

    def decode_and_rewrite(file, **options):
        pixels = decode(file, **options)
        paths[0].write_bytes(encoded(noise(4, 4)))
        return pixels

    monkeypatch.setattr(_image_files, "decode", decode_and_rewrite)
    with pytest.raises(ImageError, match="has changed"):
        list(data.batches(1, **AS_THEY_ARE))


def test_later_epochs_decode_nothing(paths):
    data = ImageFiles(paths)
    first = [x for x, _ in data.batches(4, **AS_THEY_ARE)]
    for path in paths:
        path.unlink()
    again = [x for x, _ in data.batches(4, **AS_THEY_ARE, epoch=1)]
    for one, other in zip(first, again):
        np.testing.assert_array_equal(one, other)


def test_parts_of_a_split_share_what_is_decoded(paths):
    data = ImageFiles(paths)
    list(data.batches(4, **AS_THEY_ARE))
    part = data.subset([4, 1])
    expected = tt.images.load(paths[4])
    for path in paths:
        path.unlink()
    ((x, _),) = part.batches(4, **AS_THEY_ARE)
    np.testing.assert_array_equal(x[0], expected)


def test_the_cache_keeps_to_its_budget(paths):
    data = ImageFiles(paths, cache_bytes=2 * 6 * 5 * 3 + 1)
    list(data.batches(4, **AS_THEY_ARE))
    assert len(data._cache) == 2
    assert data._cache.nbytes == 180
    unused = ImageFiles(paths, cache_bytes=0)
    list(unused.batches(4, **AS_THEY_ARE))
    assert len(unused._cache) == 0


def test_another_size_does_not_come_from_the_cache(paths):
    data = ImageFiles(paths)
    list(data.batches(4, **AS_THEY_ARE))
    ((x, _),) = data.batches(6, size=(3, 4), preprocess="identity")
    np.testing.assert_array_equal(x[1], tt.images.load(paths[1], size=(3, 4)))
    assert data._cache.nbytes == 6 * 3 * 4 * 3
    ((x, _),) = data.batches(6, size=(3, 4), preprocess="identity", crop=0.5)
    np.testing.assert_array_equal(x[1], tt.images.load(paths[1], size=(3, 4), crop=0.5))


def test_cached_pictures_cannot_be_overwritten(paths):
    data = ImageFiles(paths)

    def spoil(picture, rng):
        picture[...] = 0
        return picture

    for _ in range(2):
        with pytest.raises(ValueError, match="read-only"):
            list(data.batches(4, **AS_THEY_ARE, augment=spoil))
        list(data.batches(4, **AS_THEY_ARE))


def test_wrong_arguments(paths):
    with pytest.raises(tt.images.DatasetError, match="no pictures"):
        ImageFiles([])
    with pytest.raises(TypeError, match="ImageFolder"):
        ImageFiles(str(paths[0]))
    with pytest.raises(tt.images.DatasetError, match="6 pictures need 6 labels"):
        ImageFiles(paths, [0, 1])
    with pytest.raises(ValueError, match="size is needed"):
        ImageFiles(paths).batches(2, preprocess="identity")
