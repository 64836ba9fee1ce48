"""Pictures of other than three channels, and files that a function of the user's reads."""

import pickle
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from theano_transfer import images

ROWS, COLUMNS = 7, 6


def made(channels, count=5, dtype="uint8"):
    rng = np.random.default_rng(channels)
    return rng.integers(0, 256, (count, ROWS, COLUMNS, channels)).astype(dtype)


def read(data, **options):
    options = {"preprocess": "identity", "size": (ROWS, COLUMNS), **options}
    return np.concatenate([x for x, _ in data.batches(2, **options)])


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_arrays_of_any_number_of_channels_come_out_as_they_went_in(channels, tmp_path):
    x = made(channels)
    first = x.transpose(0, 3, 1, 2)
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file["last"], file["first"] = x, first
    np.save(tmp_path / "mapped.npy", first)
    for data in (
        images.ArrayData(x, channels="last"),
        images.ArrayData(np.load(tmp_path / "mapped.npy", mmap_mode="r"), channels="first"),
        images.HDF5Images(tmp_path / "all.h5", "last", labels=None),
        images.HDF5Images(tmp_path / "all.h5", "first", labels=None),
    ):
        assert data.channels == channels
        np.testing.assert_array_equal(read(data), first)
        assert data.subset([3]).channels == channels


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_each_channel_is_resized_as_a_picture_of_its_own(dtype):
    x = made(5, dtype=dtype)
    got = read(images.ArrayData(x, channels="last"), size=(4, 5), crop=0.9)
    for channel in range(5):
        alone = images.ArrayData(x[..., channel][:, None])
        np.testing.assert_array_equal(got[:, channel], read(alone, size=(4, 5), crop=0.9)[:, 0])


@pytest.mark.parametrize("name", images.PREPROCESSING)
def test_preprocessing_repeats_what_it_does_to_the_colours(name):
    rule = images.PREPROCESSING[name]
    x = made(5)
    got = read(images.ArrayData(x, channels="last"), preprocess=name)
    order = [2, 1, 0, 3, 4] if rule.bgr else range(5)
    mean, std = (values[::-1] if rule.bgr else values for values in (rule.mean, rule.std))
    for place, channel in enumerate(order):
        expected = (x[..., channel] - mean[place % 3]) / std[place % 3]
        np.testing.assert_allclose(got[:, place], expected, rtol=1e-5, atol=1e-5)
    two = read(images.ArrayData(x[..., :2], channels="last"), preprocess=name)
    np.testing.assert_allclose(two[:, 0], (x[..., 0] - mean[0]) / std[0], rtol=1e-5, atol=1e-5)


def test_all_channels_are_augmented_alike():
    x = np.repeat(made(1), 4, axis=3)
    augment = images.Augmentation(rotation_range=30, zoom_range=0.2, horizontal_flip=True)
    got = read(images.ArrayData(x, channels="last"), augment=augment, seed=3)
    assert (got != x.transpose(0, 3, 1, 2)).any()
    for channel in range(1, 4):
        np.testing.assert_array_equal(got[:, channel], got[:, 0])


def test_duplicates_are_found_among_them():
    x = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 4)).astype("uint8")
    x[4] = x[1]
    x[5] = np.clip(x[0].astype(int) + 1, 0, 255)
    found = images.find_duplicates(images.ArrayData(x, channels="last"))
    assert [(pair.first, pair.second, pair.exact) for pair in found] == [
        (1, 4, True),
        (0, 5, False),
    ]


@pytest.fixture
def npy_folder(tmp_path):
    x = made(4, 6)
    for number, pixels in enumerate(x):
        folder = tmp_path / "ab"[number % 2]
        folder.mkdir(exist_ok=True)
        np.save(folder / f"{number}.npy", pixels)
    return tmp_path, x[[0, 2, 4, 1, 3, 5]]


def test_files_are_read_by_a_function_of_the_users(npy_folder):
    folder, x = npy_folder
    data = images.ImageFolder(folder, read=np.load)
    assert (data.channels, data.labels.tolist()) == (4, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(read(data), x.transpose(0, 3, 1, 2))
    same = images.ArrayData(x, channels="last")
    np.testing.assert_array_equal(read(data, size=(5, 4)), read(same, size=(5, 4)))
    np.testing.assert_array_equal(read(pickle.loads(pickle.dumps(data))), read(data))
    # another function makes other pictures of the same files, which no cache may mix up
    halves = images.ImageFolder(folder, read=lambda path: np.load(path) // 2)
    size = (ROWS, COLUMNS)
    assert halves.contents([0], size=size) != data.contents([0], size=size)
    again = images.ImageFolder(folder, read=np.load)
    assert again.contents([0], size=size) == data.contents([0], size=size)


def test_grey_tif_files_get_three_channels(tmp_path):
    pixels = made(1, 2)[..., 0]
    for number, grey in enumerate(pixels):
        Image.fromarray(grey).save(tmp_path / f"{number}.tif")

    def opened(path):
        with Image.open(path) as image:
            return np.asarray(image)

    paths = sorted(tmp_path.glob("*.tif"))
    data = images.ImageFiles(paths, read=opened)
    assert data.channels == 3
    np.testing.assert_array_equal(read(data), np.repeat(pixels[:, None], 3, axis=1))


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda path: path.write_bytes(b"no array"), r"read\(\) failed \("),
        (lambda path: np.save(path, np.zeros((4, 4, 5), "uint8")), "5 channels, and others have 4"),
        (lambda path: np.save(path, np.zeros((4, 4, 4, 1), "uint8")), r"shape \(4, 4, 4, 1\)"),
        (lambda path: np.save(path, np.zeros((4, 4, 4), "uint16")), "uint16"),
        (lambda path: np.save(path, np.full((4, 4, 4), np.nan, "float32")), "NaN"),
    ],
)
def test_a_file_that_it_cannot_read_is_named(npy_folder, spoilt, reason):
    folder, _ = npy_folder
    path = folder / "a" / "2.npy"
    spoilt(path)
    with pytest.raises(images.ImageError, match=f"2.npy.*{reason}"):
        images.ImageFolder(folder, read=np.load, on_error="raise")
    with pytest.warns(images.ImageWarning, match="1 of 6 files"):
        data = images.ImageFolder(folder, read=np.load)
    assert [Path(name).name for name, _ in data.skipped] == ["2.npy"]
    assert data.channels == 4


def test_read_has_to_be_a_function(npy_folder):
    with pytest.raises(TypeError, match=r"numpy\.load"):
        images.ImageFolder(npy_folder[0], read="npy")


def test_the_function_is_called_by_one_thread_at_a_time(npy_folder):
    busy, overlaps = threading.Lock(), []

    def slowly(path):
        overlaps.append(not busy.acquire(blocking=False))
        time.sleep(0.001)
        busy.release()
        return np.load(path)

    images.ImageFolder(npy_folder[0], read=slowly, workers=4)
    assert len(overlaps) > 6
    assert not any(overlaps)
