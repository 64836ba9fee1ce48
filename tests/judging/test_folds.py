"""Cross-validation: each picture judged once, by a model that did not see it."""

import numpy as np
import pytest
from tuning.conftest import make_small_net

import theano_transfer as tt
from theano_transfer import judging


@pytest.fixture(scope="module")
def model():
    made = tt.Model(make_small_net(), classes=3, head=["avg", "dropout"], seed=1)
    made.compile("adam", learning_rate=0.05)
    return made


def test_folds_are_judged_by_models_that_did_not_see_them(model, small_pictures):
    x, y = small_pictures
    before = {name: p.get_value() for name, p in model.net.params.items()}
    found = judging.cross_validate(model, x, y, folds=4, epochs=3, batch_size=8)
    assert [len(judgement) for judgement in found] == [6] * 4
    for name, value in before.items():
        np.testing.assert_array_equal(model.net.params[name].get_value(), value)

    # the third fold again, by a model of its own
    train, valid = list(tt.images.folds(tt.images.ArrayData(x, y), 4))[2]
    alone = tt.Model(make_small_net(), classes=3, head=["avg", "dropout"], seed=1)
    alone.compile("adam", learning_rate=0.05)
    alone.fit(train, epochs=3, batch_size=8, verbose=False)
    np.testing.assert_allclose(found[2].predictions, alone.predict(valid), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found[2].labels, valid.labels)

    again = judging.cross_validate(model, x, y, folds=4, epochs=3, batch_size=8)
    for one, other in zip(found, again):
        np.testing.assert_array_equal(one.predictions, other.predictions)


def test_features_are_computed_once_for_all_folds(model, small_pictures):
    x, y = small_pictures
    cache = tt.FeatureCache()
    judging.cross_validate(model, x, y, folds=3, epochs=2, cache=cache)
    assert len(cache) == 24


def test_groups_are_not_torn(model, small_pictures):
    x, y = small_pictures
    groups = np.arange(24) // 4
    found = judging.cross_validate(model, x, y, folds=3, epochs=1, groups=groups)
    assert [len(judgement) % 4 for judgement in found] == [0, 0, 0]


def test_the_summary_is_mean_and_deviation(answers):
    labels, probabilities = answers
    parts = [judging.judgement_of(labels[k::4], probabilities[k::4]) for k in range(4)]
    accuracies = [part.measures()["accuracy"] for part in parts]
    found = judging.summary(parts)["accuracy"]
    assert found == pytest.approx((np.mean(accuracies), np.std(accuracies, ddof=1)))


def test_what_has_no_place_is_refused(model, small_pictures):
    x, y = small_pictures
    with pytest.raises(ValueError, match="validation_split has no place"):
        judging.cross_validate(model, x, y, validation_split=0.2)
    with pytest.raises(ValueError, match="with labels"):
        judging.cross_validate(model, x)
