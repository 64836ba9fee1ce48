"""What old programs import beside Theano."""

import collections
import collections.abc
import importlib

import numpy as np
import pytest


def test_abstract_classes_in_collections():
    assert collections.Iterable is collections.abc.Iterable
    assert collections.Mapping is collections.abc.Mapping


@pytest.mark.filterwarnings("ignore:inspect.getargspec:DeprecationWarning")  # of Python 3.9
def test_names_of_old_pythons():
    import fractions
    import inspect
    import time

    from theano_transfer.legacy._surroundings import getargspec

    def function(a, b=2, *rest, **named):
        pass

    assert fractions.gcd(12, 18) == 6
    spec = inspect.getargspec(function)
    assert tuple(spec) == (["a", "b"], "rest", "named", (2,))
    assert spec.keywords == "named"
    before = time.clock()
    assert time.clock() >= before
    with pytest.raises(ValueError, match="keyword only"):
        getargspec(lambda *, a: a)


def test_names_of_old_numpy():
    assert np.zeros(2, np.float).dtype == np.float64
    assert np.zeros(2, dtype=np.bool).dtype == bool
    assert np.array(["a", None], np.object)[1] is None
    assert np.int(3.7) == 3
    assert type(np.asscalar(np.ones(1, "float32"))) is float


def test_joblib_inside_scikit_learn(tmp_path):
    pytest.importorskip("sklearn")
    from sklearn.externals import joblib

    joblib.dump({"rate": 0.1}, tmp_path / "settings.pkl")
    assert joblib.load(tmp_path / "settings.pkl") == {"rate": 0.1}


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
