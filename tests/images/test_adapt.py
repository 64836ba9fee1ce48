"""What as_dataset makes of folders, arrays and iterators."""

import itertools

import numpy as np
import pytest
from images.picture_files import noise

import theano_transfer as tt
from theano_transfer.images import as_dataset


def pair(n, first=0):
    x = np.stack([noise(6, 5, first + seed).transpose(2, 0, 1) for seed in range(n)])
    return x, np.arange(first, first + n)


def test_a_data_set_comes_back_as_it_is(folder):
    data = tt.images.ImageFolder(folder)
    assert as_dataset(data) is data


def test_a_path_is_a_class_folder(folder):
    assert as_dataset(folder).classes == ["ant", "bee", "cow"]
    assert as_dataset(str(folder)).classes == ["ant", "bee", "cow"]


def test_a_pair_is_pictures_and_labels():
    x, y = pair(4)
    data = as_dataset((x, y))
    assert isinstance(data, tt.images.ArrayData)
    np.testing.assert_array_equal(data.labels, y)


def test_batches_of_an_iterator_come_one_by_one_as_they_are():
    pairs = [pair(4), pair(2, first=4)]
    data = as_dataset(iter(pairs))
    assert not hasattr(data, "__len__")
    assert data.classes is None
    batches = list(data.batches(99, preprocess="caffe"))
    for (x, y), (u, v) in zip(pairs, batches):
        np.testing.assert_array_equal(u, tt.images.preprocess_input(x, "caffe"))
        np.testing.assert_array_equal(v, y)
        assert u.transpose(0, 2, 3, 1).flags.c_contiguous
    assert len(batches) == 2
    assert list(data.batches(preprocess="caffe")) == []  # used up


def test_a_list_of_batches_starts_again():
    data = as_dataset([pair(4), pair(2)])
    for _ in range(2):
        assert [len(x) for x, _ in data.batches(preprocess="identity", size=3)] == [4, 2]


def test_an_endless_generator_goes_on_where_it_stopped():
    data = as_dataset(pair(1, first=n) for n in itertools.count())
    batches = data.batches(preprocess="identity")
    assert [int(y[0]) for _, y in itertools.islice(batches, 3)] == [0, 1, 2]
    batches.close()
    assert [int(y[0]) for _, y in itertools.islice(data.batches(preprocess="identity"), 2)] == [
        3,
        4,
    ]


def test_batches_of_an_iterator_are_augmented_each_differently():
    same = pair(1)
    data = as_dataset([same, same])
    augment = tt.images.Augmentation(rotation_range=40)

    def pictures(epoch):
        options = {"preprocess": "identity", "augment": augment, "seed": 1, "epoch": epoch}
        return [x.tobytes() for x, _ in data.batches(**options)]

    assert len({*pictures(0), *pictures(1)}) == 4
    assert pictures(1) == pictures(1)


def test_an_empty_batch_is_passed_over():
    x, y = pair(2)
    data = as_dataset([(x[:0], y[:0]), (x, y)])
    assert [len(y) for _, y in data.batches(preprocess="identity")] == [2]


@pytest.mark.parametrize("item", [np.zeros((2, 3, 4, 4)), (1, 2, 3), "a.png"])
def test_an_iterator_must_yield_pairs(item):
    with pytest.raises(TypeError, match=r"pairs \(x, y\); item 0 is"):
        list(as_dataset([item]).batches(preprocess="identity"))


def test_a_wrong_batch_is_an_error():
    x, y = pair(3)
    with pytest.raises(tt.images.DatasetError, match="3 pictures need 3 labels"):
        list(as_dataset([(x, y[:2])]).batches(preprocess="identity"))


@pytest.mark.parametrize("data", [np.zeros((2, 3, 4, 4)), 3, None, (1, 2, 3)])
def test_what_cannot_be_a_data_set(data):
    with pytest.raises(TypeError, match="data"):
        as_dataset(data)
