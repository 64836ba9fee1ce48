"""Groups stay together; folds, balance and scikit-learn's way to split."""

import numpy as np
import pytest

from theano_transfer import images


def data(labels, groups=None):
    x = np.zeros((len(labels), 3, 1, 1), np.uint8)
    made = images.ArrayData(x, labels)
    made.groups = groups
    made.numbers = made._rows  # so that a picture can be told again
    return made


def which(part):
    return [int(row) for row in part._rows]


@pytest.fixture
def patients(rng):
    """(labels, groups) of 600 pictures of 80 patients, each with 1 to 20 pictures."""
    sizes = rng.integers(1, 21, 80)
    groups = np.repeat(np.arange(80), sizes)[:600]
    return rng.integers(0, 3, len(groups)), np.array([f"patient {g}" for g in groups])


@pytest.mark.parametrize("seed", [0, 1])
def test_no_group_is_in_two_parts(patients, seed):
    labels, groups = patients
    parts = data(labels, groups).split(validation=0.2, test=0.1, seed=seed)
    seen = [set(part.groups) for part in parts]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]
    assert sorted(row for part in parts for row in which(part)) == list(range(len(labels)))
    for part, share in zip(parts, (0.7, 0.2, 0.1)):
        assert len(part) / len(labels) == pytest.approx(share, abs=0.03)
        for number in range(3):
            here = (part.labels == number).sum() / (labels == number).sum()
            assert here == pytest.approx(share, abs=0.06)


def test_groups_can_be_given_with_the_call_and_the_seed_decides(patients):
    labels, groups = patients
    plain = data(labels)
    first = plain.split(0.3, groups=groups)[1]
    assert which(first) == which(data(labels, groups).split(0.3)[1])
    assert which(first) != which(plain.split(0.3, groups=groups, seed=1)[1])
    assert which(first) != which(plain.split(0.3)[1])


def test_too_few_groups_are_refused():
    with pytest.raises(images.DatasetError, match="1 groups are too few"):
        data([0, 1, 0, 1], ["a"] * 4).split(0.5)
    with pytest.raises(images.DatasetError, match="4 pictures need 4 groups"):
        data([0, 1, 0, 1], ["a"] * 3)


def test_every_picture_is_validated_with_once():
    labels = np.repeat([0, 1, 2], [40, 25, 10])
    pairs = list(images.folds(data(labels), 5, seed=3))
    assert sorted(row for _, valid in pairs for row in which(valid)) == list(range(75))
    for train, valid in pairs:
        assert sorted(which(train) + which(valid)) == list(range(75))
        assert (len(valid), valid.counts) == (15, {0: 8, 1: 5, 2: 2})


def test_folds_keep_groups_together(patients):
    labels, groups = patients
    pairs = list(images.folds(data(labels, groups), 4))
    for train, valid in pairs:
        assert not set(train.groups) & set(valid.groups)
        assert len(valid) == pytest.approx(len(labels) / 4, abs=12)
    with pytest.raises(images.DatasetError, match="fewer groups"):
        images.folds(data([0, 1, 0], ["a", "a", "b"]), 3)
    with pytest.raises(images.DatasetError, match="fewer pictures"):
        images.folds(data([0, 1]), 3)
    with pytest.raises(ValueError, match="two folds"):
        images.folds(data([0, 1]), 1)


def test_folds_of_scikit_learn_work_on_indices(patients):
    selection = pytest.importorskip("sklearn.model_selection")
    labels, groups = patients
    whole = data(labels, groups)
    splitter = selection.StratifiedGroupKFold(3)
    for train, valid in splitter.split(np.zeros(len(labels)), labels, groups):
        np.testing.assert_array_equal(whole.subset(valid).labels, labels[valid])
        assert not set(whole.subset(train).groups) & set(whole.subset(valid).groups)


@pytest.mark.parametrize(("size", "expected"), [(0.25, 15), (15, 15), (0.2, 12)])
def test_the_way_of_scikit_learn(size, expected):
    train, test = images.train_test_split(data(np.arange(60) % 3), test_size=size, random_state=7)
    assert len(test) == expected
    assert len(train) + len(test) == 60
    assert test.counts == {k: expected // 3 for k in range(3)}


def test_wrong_sizes_are_refused():
    with pytest.raises(ValueError, match="below 6"):
        images.train_test_split(data([0, 1] * 3), test_size=6)


@pytest.mark.parametrize(("each", "size"), [("largest", 50), ("smallest", 7), (20, 20)])
def test_classes_are_balanced(each, size):
    labels = np.repeat([0, 1, 2], [50, 20, 7])
    made = data(labels).balanced(each, seed=2)
    assert made.counts == {0: size, 1: size, 2: size}
    for number in range(3):
        times = np.bincount(which(made), minlength=77)[labels == number]
        assert times.max() - times.min() <= 1  # as evenly as can be
    # classes in turn: any stretch is balanced too
    np.testing.assert_array_equal(made.labels[:9], [0, 1, 2] * 3)
    assert which(made) != which(data(labels).balanced(each, seed=3))


def test_what_cannot_be_balanced_is_refused():
    with pytest.raises(images.DatasetError, match="one class per picture"):
        data(np.ones((4, 2))).balanced()
    with pytest.raises(ValueError, match="'largest'"):
        data([0, 1]).balanced("larges")
    with pytest.raises(ValueError, match="from 1 on"):
        data([0, 1]).balanced(0)
