"""Taking what users call data."""

import numpy as np
import pytest
from PIL import Image

from theano_transfer import images
from theano_transfer.tuning._decode import top_classes
from theano_transfer.tuning._sources import Reading, as_source, indexed, length_of, read_batches

READING = Reading((12, 12), "identity", batch_size=5, workers=0)


@pytest.fixture
def paths(tmp_path):
    made = [str(tmp_path / f"{number}.png") for number in range(3)]
    for number, path in enumerate(made):
        Image.new("RGB", (12, 12), (number, 0, 0)).save(path)
    return made


def reds(source):
    return [int(x[0, 0, 0]) for batch, _ in read_batches(source, READING) for x in batch]


def test_paths_in_any_shape(paths):
    for given in (paths, tuple(paths), np.array(paths), np.array(paths, dtype=object)):
        assert reds(as_source(given)) == [0, 1, 2]
    assert reds(as_source(paths[2])) == [2]


def test_paths_with_labels(paths):
    source = as_source(paths, [2, 1, 0])
    assert [list(y) for _, y in read_batches(source, READING)] == [[2, 1, 0]]


def test_arrays_and_pairs(pictures):
    x, y = pictures
    for source in (as_source(x, y), as_source((x, y))):
        assert len(source) == 24
        np.testing.assert_array_equal(source.labels, y)
    assert as_source(x).labels is None
    dataset = images.ArrayData(x)
    assert as_source(dataset) is dataset


def test_functions_are_called_for_each_epoch(pictures):
    source = as_source(lambda: iter([pictures]))
    assert length_of(source) is None
    for _ in range(2):
        assert [len(x) for x, _ in read_batches(source, READING)] == [24]


def test_a_function_has_to_return_batches():
    with pytest.raises(TypeError, match="returned int"):
        list(read_batches(as_source(lambda: 3), READING))


def test_labels_apart_need_pictures_they_belong_to():
    with pytest.raises(TypeError, match="labels"):
        as_source("folder", [1])


def test_a_file_that_is_missing_is_named():
    with pytest.raises(images.ImageError, match=r"nowhere\.png"):
        as_source("nowhere.png")


def test_numbers_lead_back_to_pictures(pictures):
    x, y = pictures
    source = indexed(images.ArrayData(x, y))
    for batch, numbers in read_batches(source, READING, shuffle=True, seed=3):
        np.testing.assert_array_equal(batch, x[numbers])
    with pytest.raises(TypeError, match="class_weight"):
        indexed(object())


def test_only_so_many_steps(pictures):
    source = images.ArrayData(*pictures)
    assert [len(x) for x, _ in read_batches(source, READING, steps=2)] == [5, 5]


def test_no_batch_at_all_is_an_error(pictures):
    x, y = pictures
    with pytest.raises(ValueError, match="has no pictures"):
        list(read_batches(images.ArrayData(x[:0], y[:0]), READING))
    with pytest.raises(ValueError, match="generator gives its batches once"):
        list(read_batches(as_source(iter([])), READING, epoch=1))


def test_top_classes_are_ranked():
    p = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])
    assert top_classes(p, task="classification", classes="abc", top=2) == [
        [("b", 0.5), ("c", 0.3)],
        [("a", 0.4), ("c", 0.4)],
    ]
    assert top_classes(p, task="multilabel", top=9)[0] == [(1, 0.5), (2, 0.3), (0, 0.2)]


def test_top_classes_of_a_binary_model_are_two():
    ranks = top_classes(np.array([[0.25]]), task="binary", classes=["no", "yes"])
    assert ranks == [[("no", 0.75), ("yes", 0.25)]]
