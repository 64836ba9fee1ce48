"""What programs of 2012 to 2019 found around Theano and Lasagne and find no longer.

Python, NumPy and scikit-learn took away names since. nolearn, among others, imports them.
"""

import collections
import collections.abc
import fractions
import importlib
import importlib.abc
import importlib.machinery
import inspect
import math
import sys
import time

import numpy as np

# Gone with NumPy 1.24 (`asscalar` with 1.23), and what to write for each today.
NUMPY = {
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "object": object,
    "str": str,
    "long": int,
    "unicode": str,
    "asscalar": lambda a: np.asarray(a).item(),
}

# Module -> where its names are now, and which.
SKLEARN = {
    "sklearn.cross_validation": ("sklearn.model_selection", (
        "train_test_split", "cross_val_score", "cross_val_predict", "check_cv",
    )),
    "sklearn.grid_search": ("sklearn.model_selection", (
        "GridSearchCV", "RandomizedSearchCV", "ParameterGrid", "ParameterSampler",
    )),
    "sklearn.externals.joblib": ("joblib", (
        "dump", "load", "hash", "Memory", "Parallel", "delayed", "cpu_count",
    )),
}  # fmt: skip

ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(func):
    """The arguments of a function; ValueError where it has some that are only keywords."""
    spec = inspect.getfullargspec(func)
    if spec.kwonlyargs:
        raise ValueError("use inspect.signature: this function has arguments by keyword only")
    return ArgSpec(spec.args, spec.varargs, spec.varkw, spec.defaults)


def restore():
    """Put back what is missing; modules of scikit-learn once somebody imports them."""
    for name in collections.abc.__all__:
        _give(collections, name, getattr(collections.abc, name))
    for name, value in NUMPY.items():
        _give(np, name, value)
    _give(fractions, "gcd", math.gcd)  # until Python 3.8
    _give(inspect, "getargspec", getargspec)  # until Python 3.10
    _give(time, "clock", time.process_time)  # until Python 3.7
    sys.meta_path.append(_OldSklearn())  # asked last: where scikit-learn has them, they are its own


def _give(module, name, value):
    # not hasattr(): NumPy warns about some names that it is asked for
    if name not in vars(module):
        setattr(module, name, value)


class _OldSklearn(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname, path=None, target=None):
        known = fullname in SKLEARN
        return importlib.machinery.ModuleSpec(fullname, self) if known else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        place, names = SKLEARN[module.__name__]
        now = importlib.import_module(place)
        for name in names:
            setattr(module, name, getattr(now, name))
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
