"""All of scikit-learn's estimator checks, which come with tables and not with pictures.

Of an estimator whose tag says that it takes no tables, scikit-learn asks nothing. Here a subclass
paints the columns of a table into pictures; what is checked of it is the estimator's own.
"""

import warnings
from functools import partial

import numpy as np
import pytest
from lasagne.layers import InputLayer

import theano_transfer as tt
from theano_transfer.layers import Pool2DLayer
from theano_transfer.zoo import ModelRecord, Network

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.utils import estimator_checks
from sklearn.utils._testing import assert_allclose_dense_sparse
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import validate_data

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("uncompiled")]

SIDE = 6
RECORD = ModelRecord(
    name="table",
    title="Table",
    paper="none",
    num_parameters=0,
    feature_layer="maps",
    feature_channels=3,
    blocks=(),
    top_layers=("predictions",),
    preprocessing="tf",
    input_size=SIDE,
    min_size=1,
)
# float32 summed in another order agrees within 1e-5, and the check asks for 1e-7.
ROUGHER = "check_sample_weight_equivalence_on_dense_data"


def make_base():
    net = Network(record=RECORD)
    net.add(InputLayer((None, 3, SIDE, SIDE), name="input"))
    net.add(Pool2DLayer(net["input"], 1, name="maps"))
    return net


def painted(table):
    """Pictures (n, 3, SIDE, SIDE): a pixel for each column, grey where it is 0."""
    table = np.asarray(table, dtype=np.float64)
    pixels = np.full((len(table), SIDE * SIDE), 127.5, np.float32)
    pixels[:, : table.shape[1]] += 127.5 * table / (4 + np.abs(table))
    return np.repeat(pixels.reshape(-1, 1, SIDE, SIDE), 3, axis=1)


class _OfTables:
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False
        tags.input_tags.string = False
        return tags


class Classifier(_OfTables, tt.FineTunedClassifier):
    def fit(self, X, y, sample_weight=None):
        X, y = validate_data(self, X, y)
        return super().fit(painted(X), y, sample_weight)

    def predict_proba(self, X):
        self._check_fitted()
        return super().predict_proba(painted(validate_data(self, X, reset=False)))


class Regressor(_OfTables, tt.FineTunedRegressor):
    def fit(self, X, y, sample_weight=None):
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True)
        return super().fit(painted(X), y, sample_weight)

    def predict(self, X):
        self._check_fitted()
        return super().predict(painted(validate_data(self, X, reset=False)))


class Extractor(_OfTables, tt.FeatureExtractor):
    def fit(self, X, y=None):
        return super().fit(painted(validate_data(self, X)))

    def transform(self, X):
        return super().transform(painted(validate_data(self, X, reset=False)))


SETTINGS = {"head": ["flatten"], "epochs": 30, "learning_rate": 0.05, "workers": 0}
BASE = make_base()
ESTIMATORS = [
    Classifier(BASE, **SETTINGS),
    Regressor(BASE, **SETTINGS),
    Extractor(BASE, layer="maps", pooling=None, workers=0),
]


def check_name(check):
    return getattr(check.func, "__name__", None) or check.func.func.__name__


def checks():
    """(estimator, check) of all of them, named."""
    with warnings.catch_warnings():
        # They do not inherit from scikit-learn's class, so that they need no scikit-learn.
        warnings.filterwarnings("ignore", "Estimator .* does not inherit", UserWarning)
        for estimator in ESTIMATORS:
            for _, check in estimator_checks_generator(estimator):
                name = f"{type(estimator).__name__}-{check_name(check)}"
                yield pytest.param(estimator, check, id=name)


@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_checks_of_scikit_learn(estimator, check, monkeypatch):
    if check_name(check) == ROUGHER:
        rougher = partial(assert_allclose_dense_sparse, rtol=1e-3, atol=1e-5)
        monkeypatch.setattr(estimator_checks, assert_allclose_dense_sparse.__name__, rougher)
    check(estimator)
