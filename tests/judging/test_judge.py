"""Judging a model on pictures; augmentation at test time; comparisons."""

import numpy as np
import pytest
from scipy.stats import binom

import theano_transfer as tt
from theano_transfer import judging
from theano_transfer.tuning import DataMismatchError


def test_a_judgement_is_what_the_model_says(small_model, small_pictures):
    x, y = small_pictures
    judgement = judging.judge(small_model, x, y, batch_size=7)
    np.testing.assert_allclose(judgement.predictions, small_model.predict(x), rtol=1e-6)
    np.testing.assert_array_equal(judgement.labels, y)
    assert judgement.classes == ["cat", "dog", "owl"]
    measured = small_model.evaluate((x, y))
    assert judgement.measures()["accuracy"] == pytest.approx(measured["accuracy"])
    assert judgement.measures()["loss"] == pytest.approx(measured["loss"], rel=1e-4)


def test_what_has_no_labels_is_refused(small_model, small_pictures):
    x, y = small_pictures
    with pytest.raises(DataMismatchError, match="labels"):
        judging.judge(small_model, x)
    with pytest.raises(DataMismatchError, match="iterator"):
        judging.judge(small_model, iter([(x, y)]))


def test_variants_are_averaged(small_model, small_pictures):
    x, y = small_pictures

    def mirrored(picture, rng):
        return picture[:, :, ::-1]

    found = judging.predict_augmented(small_model, x, variants=3, augment=mirrored, batch_size=5)
    plain, turned = small_model.predict(x), small_model.predict(x[..., ::-1].copy())
    np.testing.assert_allclose(found, (plain + 2 * turned) / 3, atol=1e-6)
    np.testing.assert_array_equal(judging.predict_augmented(small_model, x, variants=1), plain)
    judgement = judging.judge(small_model, x, y, variants=2)
    np.testing.assert_allclose(
        judgement.predictions, judging.predict_augmented(small_model, x, variants=2), rtol=1e-6
    )


def test_variants_hang_on_the_seed_alone(small_model, small_pictures):
    x, _ = small_pictures
    one = judging.predict_augmented(small_model, x, variants=3, workers=2)
    np.testing.assert_array_equal(
        one, judging.predict_augmented(small_model, x, variants=3, workers=0)
    )
    assert not np.array_equal(one, judging.predict_augmented(small_model, x, variants=3, seed=1))
    with pytest.raises(ValueError, match="from 1 on"):
        judging.predict_augmented(small_model, x, variants=0)


def test_models_are_compared_on_the_same_pictures(answers):
    labels, probabilities = answers
    first = judging.judgement_of(labels, probabilities)
    better = probabilities.copy()
    wrong = np.flatnonzero(~first.right)[:9]
    better[wrong] = np.eye(3)[labels[wrong]]
    right = np.flatnonzero(first.right)[:2]
    better[right] = np.eye(3)[(labels[right] + 1) % 3]
    rows = judging.compare({"a": first, "b": judging.judgement_of(labels, better)})
    assert [row["model"] for row in rows] == ["a", "b"]
    assert rows[1]["accuracy"] == pytest.approx(rows[0]["accuracy"] + 7 / 200)
    assert (rows[1]["only_it"], rows[1]["only_first"]) == (9, 2)
    assert rows[1]["p_value"] == pytest.approx(2 * binom.cdf(2, 11, 0.5))
    with pytest.raises(ValueError, match="'c' was judged on other"):
        judging.compare({"a": first, "c": judging.judgement_of(labels[::-1], probabilities)})


def test_binary_models_and_their_labels(small_pictures):
    from tuning.conftest import make_small_net

    x, y = small_pictures
    model = tt.Model(make_small_net(), classes=["no", "yes"], task="binary", head=["avg"])
    judgement = judging.judge(model, x, y % 2)
    assert judgement.predictions.shape == (24, 2)
    assert set(judgement.measures()) >= {"accuracy", "roc_auc", "pr_auc"}
