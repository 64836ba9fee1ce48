"""Splits: the same on every machine, every class in every part, nothing lost or twice."""

import numpy as np
import pytest

import theano_transfer as tt
from theano_transfer.images._random import Purpose, generator, permutation


def data(labels, **options):
    n = 10 if labels is None else len(labels)
    x = np.zeros((n, 3, 1, 1), np.uint8)
    x[:, 0, 0, 0] = np.arange(n)  # so that a picture can be told again
    return tt.images.ArrayData(x, labels, **options)


def which(part):
    return [int(p) for p in part._x[part._rows][:, 0, 0, 0]]


def test_parts_are_disjoint_complete_and_stratified():
    labels = np.repeat([0, 1, 2], [50, 30, 10])
    train, valid, test = data(labels).split(validation=0.2, test=0.1, seed=5)
    assert [len(part) for part in (train, valid, test)] == [63, 18, 9]
    assert sorted(which(train) + which(valid) + which(test)) == list(range(90))
    assert train.counts == {0: 35, 1: 21, 2: 7}
    assert valid.counts == {0: 10, 1: 6, 2: 2}
    assert test.counts == {0: 5, 1: 3, 2: 1}
    for part in (train, valid, test):
        np.testing.assert_array_equal(part.labels, labels[which(part)])


def test_without_a_test_fraction_the_test_part_is_empty():
    train, valid, test = data([0, 1] * 5).split()
    assert (len(train), len(valid), len(test)) == (8, 2, 0)
    assert list(test.batches(4, preprocess="identity")) == []


def test_the_seed_decides():
    def parts(seed):
        return [which(part) for part in data([0, 1] * 20).split(0.25, 0.25, seed=seed)]

    assert parts(1) == parts(1)
    assert parts(1) != parts(2)


def test_a_split_is_the_same_on_every_machine():
    """Written down once: the bits of PCG64 are the same everywhere."""
    _, valid, _ = data([0, 1] * 10).split(0.3, seed=7)
    assert which(valid) == [0, 3, 6, 7, 17, 18]
    assert permutation(8, 7, Purpose.ORDER, 3).tolist() == [7, 4, 0, 1, 3, 2, 5, 6]


@pytest.mark.parametrize("count", range(3, 12))
def test_every_class_is_in_every_part_if_it_can_be(count):
    labels = [0] * count + [1] * 40
    parts = data(labels).split(validation=0.1, test=0.1)
    assert all(part.counts[0] >= 1 for part in parts)
    assert sum(part.counts[0] for part in parts) == count


def test_classes_too_small_serve_training_first():
    labels = [0] * 20 + [1] + [2] * 2
    train, valid, test = data(labels).split(validation=0.45, test=0.45)
    assert train.counts[1] == 1
    assert train.counts[2] == 1
    assert valid.counts.get(2, 0) + test.counts.get(2, 0) == 1


def test_one_hot_rows_are_stratified_and_several_classes_per_picture_are_not():
    labels = np.repeat([0, 1], [30, 10])
    train, valid, _ = data(np.eye(2)[labels], classes=["a", "b"]).split(validation=0.2)
    assert valid.counts == {"a": 6, "b": 2}
    assert train.counts == {"a": 24, "b": 8}
    several = np.stack([labels, 1 - labels, np.ones(40)], axis=1)
    train, valid, _ = data(several).split(validation=0.2)
    assert (len(train), len(valid)) == (32, 8)


def test_numbers_as_labels_are_split_at_random():
    train, valid, _ = data(np.linspace(0, 1, 10)).split(validation=0.3)
    assert (len(train), len(valid)) == (7, 3)
    train, valid, _ = data(None).split(validation=0.3)
    assert (len(train), len(valid)) == (7, 3)


def test_too_few_pictures_are_an_error_not_an_empty_part():
    with pytest.raises(tt.images.DatasetError, match=r"validation part .* would be empty"):
        data([0, 1, 2, 3]).split(validation=0.2)


@pytest.mark.parametrize("fractions", [(1.0, 0.0), (-0.1, 0.0), (0.5, 0.5), (0.0, 1.5)])
def test_wrong_fractions(fractions):
    with pytest.raises(ValueError, match=r"validation|test"):
        data([0, 1] * 5).split(*fractions)


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (0.5, TypeError), (None, TypeError)])
def test_wrong_seeds(seed, error):
    with pytest.raises(error, match="seed"):
        data([0, 1] * 5).split(seed=seed)


def test_subset_keeps_the_order_asked_for_and_refuses_what_is_not_there():
    whole = data([0, 1, 0, 1], classes=["a", "b"])
    part = whole.subset([3, 0])
    assert which(part) == [3, 0]
    assert part.labels.tolist() == [1, 0]
    assert part.classes == ["a", "b"]
    assert which(part.subset([1])) == [0]
    assert len(whole) == 4
    with pytest.raises(IndexError, match=r"0\.\.3"):
        whole.subset([4])
    with pytest.raises(IndexError):
        whole.subset([-1])
    with pytest.raises(TypeError, match="ints"):
        whole.subset([0.5])
    with pytest.raises(TypeError, match="ints"):
        whole.subset([True, False, True, False])


def test_random_streams_do_not_meet():
    """(seed, purpose, epoch) and (seed, purpose, epoch, 0) are padded alike in plain entropy."""
    draws = {
        generator(seed, purpose, *which).random()
        for seed in (0, 1)
        for purpose in Purpose
        for which in ((), (0,), (0, 0), (1, 0), (0, 1), (2**40,))
    }
    assert len(draws) == 2 * len(Purpose) * 6


def test_permutation_holds_every_number_once():
    for count in (0, 1, 2, 100):
        order = permutation(count, 3, Purpose.ORDER, 0)
        assert sorted(order.tolist()) == list(range(count))
