"""What old programs import beside Theano."""

import collections
import collections.abc
import importlib

import numpy as np
import pytest


def test_abstract_classes_in_collections():
    assert collections.Iterable is collections.abc.Iterable
    assert collections.Mapping is collections.abc.Mapping


def test_folds_of_old_scikit_learn():
    pytest.importorskip("sklearn")
    from sklearn.cross_validation import KFold, StratifiedKFold, train_test_split
    from sklearn.grid_search import GridSearchCV
    from sklearn.model_selection import GridSearchCV as Modern

    assert GridSearchCV is Modern
    assert train_test_split(np.arange(8), test_size=2)[1].shape == (2,)
    folds = KFold(10, n_folds=5)
    assert len(folds) == 5
    assert sorted(i for _, test in folds for i in test) == list(range(10))
    y = np.array([0] * 6 + [1] * 3)
    for train, test in StratifiedKFold(y, n_folds=3, shuffle=True, random_state=1):
        assert y[test].tolist().count(1) == 1
        assert set(train) | set(test) == set(range(9))


def test_nothing_else_is_found():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("sklearn.no_such_module")
