"""FeatureExtractor: the numbers, scikit-learn's conventions, and what is refused."""

import copy
import pickle

import lasagne
import numpy as np
import pytest
from PIL import Image

import theano_transfer as tt
from theano_transfer.features import FeatureExtractor
from theano_transfer.tuning import UnknownLayerError

SIZE = 32
pytestmark = pytest.mark.usefixtures("uncompiled")


@pytest.fixture(scope="module")
def net():
    return tt.zoo.efficientnet_lite0(weights=None, include_top=False, input_shape=(3, SIZE, SIZE))


@pytest.fixture
def pictures():
    """Twelve pictures of two kinds: the second has stripes."""
    x = np.random.default_rng(0).integers(0, 80, (12, 3, SIZE, SIZE)).astype(np.uint8)
    x[1::2, :, ::4] += 150
    return x


@pytest.fixture
def paths(tmp_path, pictures):
    made = [tmp_path / f"{number:02}.png" for number in range(len(pictures))]
    for path, picture in zip(made, pictures):
        Image.fromarray(picture.transpose(1, 2, 0)).save(path)
    return made


def by_hand(net, layer, pictures):
    x = tt.images.preprocess_input(pictures, "lite")
    return lasagne.layers.get_output(net[layer], x, deterministic=True).eval()


@pytest.mark.parametrize(
    ("pooling", "reduce"),
    [
        ("avg", lambda maps: maps.mean(axis=(2, 3))),
        ("max", lambda maps: maps.max(axis=(2, 3))),
        (None, lambda maps: maps.reshape(len(maps), -1)),
    ],
)
def test_features_are_what_the_layer_gives(net, pictures, pooling, reduce):
    found = FeatureExtractor(net, layer="block3a_project_bn", pooling=pooling).transform(pictures)
    expected = reduce(by_hand(net, "block3a_project_bn", pictures))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_usual_layer_is_the_last_in_front_of_the_top(net, pictures):
    extractor = FeatureExtractor(net)
    found = extractor.fit_transform(pictures)
    assert found.shape == (12, 1280)
    np.testing.assert_allclose(
        found, by_hand(net, "top_activation", pictures).mean(axis=(2, 3)), rtol=1e-4, atol=1e-5
    )
    names = extractor.get_feature_names_out()
    assert (names[0], names[-1], len(names)) == ("top_activation0", "top_activation1279", 1280)


def test_layers_of_the_top_are_built_when_asked_for():
    extractor = FeatureExtractor(
        "efficientnet_lite0", weights=None, layer="predictions", input_shape=(3, SIZE, SIZE)
    )
    assert len(extractor.get_feature_names_out()) == 1000


def test_paths_arrays_and_data_sets_give_the_same(net, pictures, paths):
    extractor = FeatureExtractor(net, layer="stem_activation", batch_size=5)
    expected = extractor.transform(pictures)
    for X in (paths, np.array([str(path) for path in paths]), tt.images.ImageFiles(paths)):
        np.testing.assert_array_equal(extractor.transform(X), expected)


def test_nothing_gives_nothing(net, pictures):
    assert FeatureExtractor(net, layer="stem_conv").transform(pictures[:0]).shape == (0, 32)


def test_parameters_are_kept_as_given(net):
    extractor = FeatureExtractor(net, pooling="max", batch_size=7)
    params = extractor.get_params()
    assert params["base"] is net
    assert (params["pooling"], params["batch_size"], params["layer"]) == ("max", 7, None)
    assert extractor.set_params(pooling=None, layer="stem_conv") is extractor
    assert (extractor.pooling, extractor.layer) == (None, "stem_conv")
    with pytest.raises(ValueError, match=r"'pool'.*pooling"):
        extractor.set_params(batch_size=1, pool="avg")
    assert extractor.batch_size == 7


def test_changed_parameters_take_effect(net, pictures):
    extractor = FeatureExtractor(net, layer="stem_activation")
    average = extractor.transform(pictures)
    assert not np.allclose(extractor.set_params(pooling="max").transform(pictures), average)
    np.testing.assert_array_equal(extractor.set_params(pooling="avg").transform(pictures), average)


def test_it_shows_what_differs_from_the_defaults():
    assert repr(FeatureExtractor()) == "FeatureExtractor()"
    assert repr(FeatureExtractor("vgg16", layer="fc2")) == (
        "FeatureExtractor(base='vgg16', layer='fc2')"
    )


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_compile_their_own(pictures, duplicate):
    extractor = FeatureExtractor(weights=None, layer="stem_activation", input_shape=(3, SIZE, SIZE))
    extractor.fit(None)
    again = duplicate(extractor)
    assert again.get_params() == extractor.get_params()
    assert "_extraction" in vars(extractor)
    assert "_extraction" not in vars(again)
    assert again.transform(pictures).shape == (12, 32)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"pooling": "mean"}, ValueError, "'mean'"),
        ({"layer": "stem_cnv"}, UnknownLayerError, "'stem_conv'"),
        ({"input_shape": (3, 64, 64)}, ValueError, "has its own"),
        ({"preprocessing": "vgg"}, ValueError, "'vgg'"),
    ],
)
def test_wrong_parameters_are_found_by_fit(net, options, error, text):
    with pytest.raises(error, match=text):
        FeatureExtractor(net, **options).fit(None)


@pytest.mark.parametrize("pooling", ["avg", None])
def test_a_cache_computes_each_picture_once(net, pictures, tmp_path, pooling, computed):
    options = {"layer": "stem_activation", "pooling": pooling, "batch_size": 5}
    expected = FeatureExtractor(net, **options).transform(pictures)
    for cache in ("memory", tmp_path / "features.h5", tt.FeatureCache()):
        extractor = FeatureExtractor(net, **options, cache=cache)
        computed.clear()
        for _ in range(2):
            np.testing.assert_allclose(extractor.transform(pictures), expected, rtol=1e-5)
        extractor.transform(pictures[3:7])
        assert sum(computed) == 12
        assert extractor.transform(pictures[:0]).shape == (0, expected.shape[1])
    # another layer is another feature
    other = FeatureExtractor(net, layer="stem_conv", pooling=pooling, cache=cache)
    other.transform(pictures)
    assert len(cache) == 24


def test_copies_share_a_cache_and_pickles_open_their_own(tmp_path):
    for cache in (tt.FeatureCache(), tt.FeatureCache(tmp_path / "f.h5", max_bytes=1 << 20)):
        extractor = FeatureExtractor(weights=None, cache=cache)
        assert copy.deepcopy(extractor).cache is cache
        again = pickle.loads(pickle.dumps(extractor)).cache
        assert again is not cache
        assert (again.path, again.max_bytes) == (cache.path, cache.max_bytes)


# With scikit-learn

sklearn = pytest.importorskip("sklearn")


def test_scikit_learn_clones_it():
    from sklearn.base import clone

    extractor = FeatureExtractor("vgg16", layer="fc1", preprocessing="caffe")
    again = clone(extractor)
    assert again is not extractor
    assert again.get_params() == extractor.get_params()


def test_it_works_in_a_pipeline_on_paths(net, paths):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = np.arange(12) % 2
    extractor = FeatureExtractor(net, layer="stem_activation")
    pipeline = make_pipeline(extractor, StandardScaler(), LogisticRegression())
    pipeline.fit(paths, labels)
    assert pipeline.score(paths, labels) == 1
    assert list(pipeline.predict(paths[:4])) == [0, 1, 0, 1]
    assert "featureextractor" in repr(pipeline).lower()


def test_it_works_in_a_search(paths):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    extractor = FeatureExtractor(weights=None, layer="stem_activation", input_shape=(3, SIZE, SIZE))
    search = GridSearchCV(
        make_pipeline(extractor, LogisticRegression()),
        {"featureextractor__pooling": ["avg", "max"]},
        cv=2,
    )
    search.fit(np.array([str(path) for path in paths]), np.arange(12) % 2)
    assert search.best_score_ == 1


def test_a_search_for_what_follows_computes_features_once(net, paths, computed):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    extractor = FeatureExtractor(net, layer="stem_activation", cache=tt.FeatureCache())
    search = GridSearchCV(
        make_pipeline(extractor, LogisticRegression()), {"logisticregression__C": [0.1, 1]}, cv=3
    )
    search.fit(np.array([str(path) for path in paths]), np.arange(12) % 2)
    assert search.best_score_ == 1
    assert sum(computed) == 12


def test_scikit_learn_clones_share_a_cache(pictures):
    from sklearn.base import clone

    cache = tt.FeatureCache()
    extractor = FeatureExtractor(
        weights=None, layer="stem_activation", input_shape=(3, SIZE, SIZE), cache=cache
    )
    assert clone(extractor).cache is cache
