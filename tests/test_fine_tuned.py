"""FineTunedClassifier and FineTunedRegressor: numbers, conventions, scikit-learn's checks."""

import pickle

import numpy as np
import pytest
from PIL import Image
from tuning.conftest import SIZE, make_small_net

import theano_transfer as tt

sklearn = pytest.importorskip("sklearn")

BOTH = (tt.FineTunedClassifier, tt.FineTunedRegressor)
pytestmark = pytest.mark.usefixtures("uncompiled")


@pytest.fixture(scope="module")
def pictures():
    """(x, names, numbers): 30 pictures of three kinds, told apart by the channel that is bright."""
    rng = np.random.default_rng(1)
    y = np.arange(30) % 3
    x = rng.integers(0, 120, size=(30, 3, SIZE, SIZE))
    x[np.arange(30), y] += 120
    return x.astype(np.uint8), np.array(["cat", "dog", "owl"])[y], 100.0 + 10 * y


@pytest.fixture(scope="module")
def paths(pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    made = [folder / f"{number:02}.png" for number in range(30)]
    for path, picture in zip(made, pictures[0]):
        Image.fromarray(picture.transpose(1, 2, 0)).save(path)
    return np.array([str(path) for path in made])


def make(kind=tt.FineTunedClassifier, **options):
    options = {"epochs": 15, "learning_rate": 0.05, "head": ["avg"], "batch_size": 10, **options}
    return kind(options.pop("base", None) or make_small_net(), **options)


@pytest.fixture(scope="module")
def fitted(uncompiled, pictures):
    return make().fit(pictures[0], pictures[1])


def test_it_learns_and_answers_with_labels(fitted, pictures):
    x, names, _ = pictures
    assert list(fitted.classes_) == ["cat", "dog", "owl"]
    assert fitted.score(x, names) > 0.9
    found = fitted.predict_proba(x)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(fitted.predict(x), fitted.classes_[found.argmax(axis=1)])
    right = fitted.predict(x) == names
    assert fitted.score(x, names, sample_weight=np.arange(30)) == pytest.approx(
        right @ np.arange(30) / np.arange(30).sum()
    )


def test_labels_of_any_kind(pictures):
    x, _, _ = pictures
    for labels in (np.arange(30) % 3 * 5 - 7, np.arange(30) % 2 == 1, (np.arange(30) % 2)[:, None]):
        classifier = make(epochs=1).fit(x, labels)
        np.testing.assert_array_equal(classifier.classes_, np.unique(labels))
        assert set(classifier.predict(x)) <= set(np.unique(labels))


def test_numbers_are_predicted_in_their_units(pictures):
    x, _, numbers = pictures
    regressor = make(tt.FineTunedRegressor, epochs=150).fit(x, numbers)
    assert regressor.predict(x).shape == (30,)
    assert regressor.score(x, numbers) > 0.8
    assert np.abs(regressor.predict(x) - numbers).mean() < 4
    both = make(tt.FineTunedRegressor, epochs=1).fit(x, np.stack([numbers, -numbers], axis=1))
    assert both.predict(x).shape == (30, 2)


def test_unfreezing_trains_the_base_along(pictures):
    x, names, _ = pictures
    net = make_small_net()
    before = {name: p.get_value() for name, p in net.params.items()}
    classifier = make(base=net, epochs=2, unfreeze="block2_conv", unfreeze_epochs=2).fit(x, names)

    def changed(params):
        return {n for n, v in before.items() if not np.array_equal(params[n].get_value(), v)}

    assert changed(classifier.model_.net.params) == {"block2_conv.W"}
    assert changed(net.params) == set()  # a parameter of the estimator
    assert len(classifier.model_.history) == 2


@pytest.mark.slow
def test_fitting_again_starts_anew(pictures):
    x, names, _ = pictures
    options = {"base": "squeezenet1_1", "weights": None, "input_shape": (3, 32, 32), "epochs": 2}
    first = make(**options).fit(x, names)
    found = first.predict_proba(x)
    assert first.fit(x, names) is first
    np.testing.assert_array_equal(first.predict_proba(x), found)
    np.testing.assert_array_equal(make(**options).fit(x, names).predict_proba(x), found)


@pytest.mark.parametrize("kind", [BOTH[0], pytest.param(BOTH[1], marks=pytest.mark.slow)])
def test_pickles_and_joblib_predict_the_same(pictures, tmp_path, kind):
    joblib = pytest.importorskip("joblib")
    x, names, numbers = pictures
    options = {"base": "squeezenet1_1", "weights": None, "input_shape": (3, 32, 32), "epochs": 1}
    estimator = make(kind, **options).fit(x, names if kind is BOTH[0] else numbers)
    expected = estimator.predict(x)
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.predict(x), expected)
    assert again.get_params() == estimator.get_params()
    joblib.dump(estimator, tmp_path / "e.joblib")
    np.testing.assert_array_equal(joblib.load(tmp_path / "e.joblib").predict(x), expected)
    assert not hasattr(pickle.loads(pickle.dumps(kind())), "model_")


def test_searches_compute_features_once(pictures, paths, computed):
    from sklearn.model_selection import GridSearchCV

    cache = tt.FeatureCache()
    options = {"base": "squeezenet1_1", "weights": None, "input_shape": (3, 32, 32)}
    search = GridSearchCV(
        make(**options, epochs=3, cache=cache), {"learning_rate": [0.001, 0.05]}, cv=2
    )
    search.fit(paths, pictures[1])
    assert len(cache) == sum(computed) == 30  # two folds, two candidates, the best one again
    assert list(search.predict(paths[:2])) == list(search.best_estimator_.predict(paths[:2]))


def test_cross_validation_is_stratified_and_pipelines_work(pictures):
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    x, names, numbers = pictures
    scores = cross_val_score(make(), x, names, cv=3)
    assert scores.mean() > 0.8
    turned = FunctionTransformer(lambda images: images[..., ::-1].copy())
    pipeline = make_pipeline(turned, make(tt.FineTunedRegressor, epochs=150)).fit(x, numbers)
    assert pipeline.score(x, numbers) > 0.8


@pytest.mark.parametrize(
    ("X", "y", "text"),
    [
        (slice(None), np.zeros(30), "at least two classes"),
        (slice(None), np.zeros(29), "30 pictures and 29 labels"),
        (slice(None), np.zeros((30, 2)), r"one label for each picture.*\(30, 2\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(pictures, X, y, text):
    with pytest.raises(ValueError, match=text):
        make().fit(pictures[0][X], y)


def test_numbers_that_do_not_fit_are_refused(pictures):
    for wrong, text in (([], "not empty"), (np.full(30, np.nan), "NaN")):
        with pytest.raises(ValueError, match=text):
            make(tt.FineTunedRegressor).fit(pictures[0], wrong)


def test_wrong_parameters_name_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'epochs'"):
        make().set_params(epoch=3)


# What of scikit-learn's own checks can be asked without tables of numbers to fit.
DATA_FREE = (
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
)


@pytest.mark.parametrize("kind", [*BOTH, tt.FeatureExtractor])
@pytest.mark.parametrize("name", DATA_FREE)
def test_checks_of_scikit_learn(kind, name):
    from sklearn.utils import estimator_checks

    check = getattr(estimator_checks, name, None)
    if check is None:
        pytest.skip(f"this scikit-learn has no {name}")
    check(kind.__name__, kind())


# The rest of them, asked with pictures.


@pytest.mark.parametrize("kind", BOTH)
def test_the_unfitted_say_so(pictures, kind):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        kind().predict(pictures[0])


def test_parameters_and_data_are_left_alone(fitted, pictures):
    from sklearn.base import clone

    x, names, _ = pictures
    before, estimator = x.copy(), make(epochs=1)
    given = estimator.get_params()
    estimator.fit(x, names)
    assert estimator.get_params() == given
    np.testing.assert_array_equal(x, before)
    assert not hasattr(clone(estimator), "classes_")
    added = set(vars(estimator)) - set(given)
    assert all(name.endswith("_") or name.startswith("_") for name in added)


def test_parts_and_order_do_not_matter_to_predictions(fitted, pictures):
    x, _, _ = pictures
    whole = fitted.predict_proba(x)
    order = np.random.default_rng(0).permutation(30)
    np.testing.assert_allclose(fitted.predict_proba(x[order]), whole[order], rtol=1e-4, atol=1e-6)
    parts = [fitted.predict_proba(x[k : k + 7]) for k in range(0, 30, 7)]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-4, atol=1e-6)


def test_kinds_are_known_to_scikit_learn():
    from sklearn.base import is_classifier, is_regressor

    assert is_classifier(tt.FineTunedClassifier())
    assert is_regressor(tt.FineTunedRegressor())


def test_weights_count(pictures):
    x, names, _ = pictures
    weights = (names == "cat").astype(float)
    classifier = make(epochs=10).fit(x, names, sample_weight=weights)
    assert (classifier.predict(x) == "cat").all()
    with pytest.raises(ValueError, match="zero for all pictures"):
        make().fit(x, names, sample_weight=np.zeros(30))
