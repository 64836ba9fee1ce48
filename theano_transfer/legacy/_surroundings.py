"""What programs of 2012 to 2019 found around Theano and Lasagne and find no longer.

Python 3.10 took the abstract classes from ``collections``, scikit-learn 0.20 the modules
``cross_validation`` and ``grid_search``. nolearn, among others, imports them.
"""

import collections
import collections.abc
import importlib
import importlib.abc
import importlib.machinery
import sys

import numpy as np

SKLEARN = {
    "sklearn.cross_validation": (
        "train_test_split", "cross_val_score", "cross_val_predict", "check_cv",
    ),
    "sklearn.grid_search": (
        "GridSearchCV", "RandomizedSearchCV", "ParameterGrid", "ParameterSampler",
    ),
}  # fmt: skip


def restore():
    """Put back what is missing; modules of scikit-learn once somebody imports them."""
    for name in collections.abc.__all__:
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    sys.meta_path.append(_OldSklearn())  # asked last: where scikit-learn has them, they are its own


class _OldSklearn(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname, path=None, target=None):
        known = fullname in SKLEARN
        return importlib.machinery.ModuleSpec(fullname, self) if known else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        selection = importlib.import_module("sklearn.model_selection")
        for name in SKLEARN[module.__name__]:
            setattr(module, name, getattr(selection, name))
        if module.__name__ == "sklearn.cross_validation":
            module.KFold, module.StratifiedKFold = KFold, StratifiedKFold


class KFold:
    """``sklearn.cross_validation.KFold``: pairs of indices (train, test) of `n` rows.

    Modern ones get the rows only when they split.
    """

    def __init__(self, n, n_folds=3, shuffle=False, random_state=None):
        self.n, self.y = n, None
        self.n_folds, self.shuffle, self.random_state = n_folds, shuffle, random_state

    def __iter__(self):
        return self._splitter().split(np.zeros(self.n), self.y)

    def __len__(self):
        return self.n_folds

    def _splitter(self):
        selection = importlib.import_module("sklearn.model_selection")
        # Without shuffling, scikit-learn refuses a seed.
        seed = self.random_state if self.shuffle else None
        return getattr(selection, type(self).__name__)(
            self.n_folds, shuffle=self.shuffle, random_state=seed
        )


class StratifiedKFold(KFold):
    """``sklearn.cross_validation.StratifiedKFold``: each with as much of each class of `y`."""

    def __init__(self, y, n_folds=3, shuffle=False, random_state=None):
        super().__init__(len(y), n_folds, shuffle, random_state)
        self.y = np.asarray(y)
