"""Arrays as data sets: shapes, values and labels of every kind, and what is refused."""

import numpy as np
import pytest
from images.picture_files import noise

import theano_transfer as tt

ArrayData, DatasetError = tt.images.ArrayData, tt.images.DatasetError


def pictures(n=4, rows=6, columns=5):
    return np.stack([noise(rows, columns, seed).transpose(2, 0, 1) for seed in range(n)])


def whole(data, **options):
    ((x, y),) = data.batches(len(data), **{"preprocess": "identity", **options})
    return x, y


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float32", "float64", ">f4", ">i2"])
@pytest.mark.parametrize("channels", ["first", "last"])
def test_values_come_out_as_they_went_in(dtype, channels):
    pixels = pictures()
    x = pixels if channels == "first" else pixels.transpose(0, 2, 3, 1)
    data = ArrayData(x.astype(dtype), range(4), channels=channels)
    assert len(data) == 4
    got, y = whole(data)
    assert got.dtype == np.float32
    assert got.transpose(0, 2, 3, 1).flags.c_contiguous
    np.testing.assert_array_equal(got, pixels)
    assert y.tolist() == [0, 1, 2, 3]
    prepared, _ = whole(data, preprocess="caffe")
    np.testing.assert_array_equal(prepared, tt.images.preprocess_input(pixels, "caffe"))


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32"])
def test_augmenting_and_resizing_take_any_dtype(dtype):
    pixels = pictures()
    augment = tt.images.Augmentation(rotation_range=20)
    options = {"size": (9, 8), "augment": augment}
    x, _ = whole(ArrayData(pixels.astype(dtype)), **options)
    expected, _ = whole(ArrayData(pixels.astype("float64")), **options)
    # bytes are rounded once, after resizing
    np.testing.assert_allclose(x, expected, atol=1 if dtype == "uint8" else 1e-3)


def test_resized_pictures_are_kept_and_read_once():
    x = pictures()
    data = ArrayData(x)
    first, _ = whole(data, size=3)
    assert len(data._cache) == 4
    x[...] = 0
    again, _ = whole(data, size=3)
    np.testing.assert_array_equal(first, again)
    same_size, _ = whole(data)
    assert not same_size.any()


def test_one_channel_serves_for_all_three():
    x = pictures()[:, :1]
    got, _ = whole(ArrayData(x))
    np.testing.assert_array_equal(got, np.repeat(x, 3, axis=1))
    got, _ = whole(ArrayData(x.transpose(0, 2, 3, 1), channels="last"))
    np.testing.assert_array_equal(got, np.repeat(x, 3, axis=1))


def test_mapped_arrays_stay_on_disk(tmp_path):
    np.save(tmp_path / "x.npy", pictures())
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    data = ArrayData(x)
    assert np.shares_memory(data._x, x)
    np.testing.assert_array_equal(whole(data)[0], x)


def test_an_augmentation_cannot_write_into_the_callers_array():
    x = pictures()

    def spoil(picture, rng):
        picture[...] = 0

    with pytest.raises(ValueError, match="read-only"):
        whole(ArrayData(x), augment=spoil)
    assert x.flags.writeable
    np.testing.assert_array_equal(x, pictures())


LABELS = {
    "class numbers": ([0, 2, 1, 2], np.int32, {0: 1, 1: 1, 2: 2}),
    "a column of class numbers": ([[0], [2], [1], [2]], np.int32, {0: 1, 1: 1, 2: 2}),
    "yes or no": ([True, False, True, True], np.int32, {0: 1, 1: 3}),
    "one-hot": (np.eye(4)[[0, 1, 1, 3]], np.float32, None),
    "several classes": (np.array([[1, 0, 1]] * 4), np.float32, None),
    "a number": ([0.5, 1, 2, 3], np.float32, None),
    "numbers": (np.ones((4, 2, 2)), np.float32, None),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels(kind):
    y, dtype, counts = LABELS[kind]
    data = ArrayData(pictures(), y)
    _, got = whole(data)
    assert got.dtype == data.labels.dtype == dtype
    expected = np.ravel(y) if kind.startswith("a column") else np.asarray(y)
    np.testing.assert_array_equal(got, expected)
    assert data.counts == counts


def test_counts_by_name():
    data = ArrayData(pictures(), [0, 2, 0, 2], classes=["a", "b", "c"])
    assert data.counts == {"a": 2, "b": 0, "c": 2}
    several = ArrayData(pictures(), [[1, 0, 1]] * 4, classes=("a", "b", "c"))
    assert several.counts == {"a": 4, "b": 0, "c": 4}
    assert several.classes == ["a", "b", "c"]


def test_no_pictures_at_all():
    data = ArrayData(np.zeros((0, 3, 4, 4), np.uint8), np.zeros(0, int))
    assert len(data) == 0
    assert list(data.batches(2, preprocess="caffe")) == []


X = pictures()
WITH_NAN = np.ones((4, 3, 2, 2), np.float32)
WITH_NAN[2, 0, 1, 1] = np.nan
WITH_INFINITY = np.ones((300, 1, 2, 2), np.float32)
WITH_INFINITY[299, 0, 0, 0] = -np.inf


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((X, [0, 1]), DatasetError, r"4 pictures need 4 labels, got y of shape \(2,\)"),
        ((X, 3), DatasetError, "4 labels"),
        ((X[0],), DatasetError, r"shape \(3, 6, 5\).*grey"),
        ((X.transpose(0, 2, 3, 1),), DatasetError, "did you mean channels='last'"),
        ((X.transpose(0, 3, 2, 1)[:, :, :, :2],), DatasetError, "did you mean channels='last'"),
        ((X[:, :, :0],), DatasetError, "without pixels"),
        ((WITH_NAN,), DatasetError, "NaN or infinity, first in picture 2"),
        ((WITH_INFINITY,), DatasetError, "NaN or infinity, first in picture 299"),
        ((X.astype(int) - 1,), DatasetError, r"0\.\.255, got -1\.\."),
        ((X.astype(int) * 2,), DatasetError, r"0\.\.255"),
        ((X > 3,), TypeError, "dtype bool"),
        ((X.astype(object),), TypeError, "dtype object"),
        ((X, ["a", "b", "a", "b"]), TypeError, r"numpy\.unique"),
        ((X, [0, -1, 0, 1]), DatasetError, "start at 0, got -1"),
        ((X, [0, 2**40, 0, 1]), DatasetError, "int32"),
        ((X, [0.0, np.nan, 1.0, 2.0]), DatasetError, "NaN or infinity, first in row 1"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ArrayData(*arguments)


@pytest.mark.parametrize(
    ("y", "classes", "error", "message"),
    [
        ([0, 1, 2, 0], ["a", "b"], DatasetError, "class number 2, but there are 2 classes"),
        (np.eye(4), ["a", "b"], DatasetError, r"one column for each class.*\(4, 4\)"),
        ([0.5, 1, 2, 3], ["a", "b"], DatasetError, "must be class numbers"),
        ([0, 0, 0, 0], ["a"], DatasetError, "at least two classes"),
        ([0, 1, 0, 1], ["a", "a"], DatasetError, r"more than once: \['a'\]"),
        ([0, 1, 0, 1], [1, 2], TypeError, "must be names"),
        ([0, 1, 0, 1], "ab", DatasetError, "at least two classes"),
    ],
)
def test_labels_must_fit_the_classes(y, classes, error, message):
    with pytest.raises(error, match=message):
        ArrayData(X, y, classes=classes)


def test_values_that_are_not_pixels_are_refused_or_warned_of():
    prepared = tt.images.preprocess_input(X, "caffe")
    data = ArrayData(prepared)
    with pytest.raises(DatasetError, match=r"values from -.*preprocess='identity'"):
        data.batches(2, preprocess="caffe")
    np.testing.assert_array_equal(whole(data)[0], prepared)
    unit = ArrayData(X / 255)
    with pytest.warns(tt.images.ImageWarning, match="multiply by 255"):
        unit.batches(2, preprocess="tf")
    unit.batches(2, preprocess="identity")


def test_wrong_channels_argument():
    with pytest.raises(ValueError, match="channels"):
        ArrayData(X, channels="middle")
