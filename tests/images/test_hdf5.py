"""Pictures in HDF5 files."""

import copy
import os
import pickle

import h5py
import numpy as np
import pytest

from theano_transfer import images
from theano_transfer.weights import WeightsFileError


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (10, 6, 5, 3)).astype(np.uint8)


@pytest.fixture
def file(tmp_path, pixels):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as f:
        f.create_dataset("images", data=pixels, chunks=(2, 6, 5, 3), compression="gzip")
        f["labels"] = np.arange(10, dtype=np.int64) % 3
        f["first/x"] = pixels.transpose(0, 3, 1, 2)
        f["float"] = pixels / 255.0
        f["grey"] = pixels[..., :1]
        f["names"] = ["a", "b"]
    return path


def read(data, **options):
    options = {"size": None, "preprocess": "identity", "workers": 2, **options}
    parts = list(data.batches(4, **options))
    return np.concatenate([x for x, _ in parts]), [y for _, y in parts]


def test_pictures_and_labels_come_as_from_arrays(file, pixels):
    data = images.HDF5Images(file)
    x, y = read(data)
    np.testing.assert_array_equal(x, pixels.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(np.concatenate(y), np.arange(10) % 3)
    same = images.ArrayData(pixels, channels="last")
    np.testing.assert_array_equal(read(data, size=(4, 4))[0], read(same, size=(4, 4))[0])
    np.testing.assert_array_equal(
        read(data.subset([7, 2]), size=(4, 4))[0], read(same.subset([7, 2]), size=(4, 4))[0]
    )
    assert data.contents([3]) == same.contents([3])


def test_other_orders_names_and_channels(file, pixels):
    first = images.HDF5Images(file, "first/x", labels=None)
    np.testing.assert_array_equal(read(first)[0], pixels.transpose(0, 3, 1, 2))
    assert first.labels is None
    grey = images.HDF5Images(file, "grey")
    expected = np.repeat(pixels[..., :1], 3, axis=3).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(read(grey)[0], expected)


def test_copies_and_pickles_read_on(file, pixels):
    data = images.HDF5Images(file).subset([1, 4])
    for again in (copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        np.testing.assert_array_equal(read(again)[0], pixels[[1, 4]].transpose(0, 3, 1, 2))


def test_floats_that_look_wrong_are_warned_of(file):
    data = images.HDF5Images(file, "float")
    with pytest.warns(images.ImageWarning, match="multiply by 255"):
        data.batches(2, preprocess="tf")


def test_what_is_not_there_or_no_pictures_is_refused(file):
    with pytest.raises(images.DatasetError, match="did you mean 'images'"):
        images.HDF5Images(file, "image")
    with pytest.raises(images.DatasetError, match="'labels'"):
        images.HDF5Images(file, labels="label")
    with pytest.raises(images.DatasetError, match="holds int64"):
        images.HDF5Images(file, "labels")
    with h5py.File(file, "a") as f:
        f["odd"] = np.zeros((4, 5, 5, 5))
    with pytest.raises(images.DatasetError, match=r"\(4, 5, 5, 5\)"):
        images.HDF5Images(file, "odd", labels=None)


def test_files_that_refer_to_others_are_refused(file, tmp_path):
    path = tmp_path / "link.h5"
    with h5py.File(path, "w") as f:
        f["images"] = h5py.ExternalLink(str(file), "images")
    with pytest.raises(ValueError, match="ExternalLink"):
        images.HDF5Images(path, labels=None)
    (tmp_path / "text.h5").write_text("no")
    with pytest.raises(WeightsFileError):
        images.HDF5Images(tmp_path / "text.h5")


def test_a_file_that_changes_is_an_error(file):
    data = images.HDF5Images(file)
    os.utime(file, (1, 1))
    with pytest.raises(images.ImageError, match="has changed"):
        read(data)
    with pytest.raises(images.ImageError, match="has changed"):
        data.check_unchanged()


def test_pictures_that_are_no_numbers_are_found(tmp_path, pixels):
    broken = pixels / 1.0
    broken[3, 0, 0, 0] = np.nan
    with h5py.File(tmp_path / "nan.h5", "w") as f:
        f["images"] = broken
    data = images.HDF5Images(tmp_path / "nan.h5", labels=None)
    with pytest.raises(images.ImageError, match="picture 3 holds NaN"):
        read(data)
