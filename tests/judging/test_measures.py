"""Figures against scikit-learn's own reports and against counting by hand."""

import numpy as np
import pytest

from theano_transfer import judging

metrics = pytest.importorskip("sklearn.metrics")

NAMES = ["cat", "dog", "owl"]


def test_top_k_is_what_scikit_learn_counts(answers):
    labels, probabilities = answers
    for k in (1, 2):
        assert judging.top_k_accuracy(labels, probabilities, k) == pytest.approx(
            metrics.top_k_accuracy_score(labels, probabilities, k=k)
        )
    assert judging.top_k_accuracy(labels, probabilities, 3) == 1


def test_classes_are_reported_as_scikit_learn_does(answers):
    labels, probabilities = answers
    said = probabilities.argmax(axis=1)
    expected = metrics.classification_report(
        labels, said, target_names=NAMES, output_dict=True, zero_division=0
    )
    for row in judging.class_measures(labels, probabilities, NAMES):
        theirs = expected[row["class"]]
        assert row["pictures"] == theirs["support"]
        for ours, name in (("precision",) * 2, ("recall",) * 2, ("f1", "f1-score")):
            assert row[ours] == pytest.approx(theirs[name])
    found = judging.judgement_of(labels, probabilities, classes=NAMES).measures()
    averages = expected["macro avg"]
    assert found["precision"] == pytest.approx(averages["precision"])
    assert found["f1"] == pytest.approx(averages["f1-score"])
    assert found["accuracy"] == pytest.approx(expected["accuracy"])
    assert found["loss"] == pytest.approx(metrics.log_loss(labels, probabilities))
    assert found["roc_auc"] == pytest.approx(
        metrics.roc_auc_score(labels, probabilities, multi_class="ovr")
    )
    assert found["balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(labels, said)
    )


def test_areas_are_shares_of_pairs(answers):
    labels, probabilities = answers
    p, there = probabilities[:, 1], labels == 1
    above = (p[there][:, None] > p[~there]).mean()
    assert judging.class_measures(labels, probabilities, NAMES)[1]["roc_auc"] == pytest.approx(
        above
    )


def test_a_class_without_pictures_or_answers_is_no_number():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.8, 0.1, 0.1]])
    cat, dog, owl = judging.class_measures([0, 1], probabilities, NAMES)
    assert (cat["recall"], cat["precision"]) == (1, 0.5)
    assert np.isnan(dog["precision"])
    assert dog["recall"] == 0
    assert np.isnan([owl["precision"], owl["recall"], owl["roc_auc"]]).all()
    found = judging.judgement_of([0, 1], probabilities, classes=NAMES).measures()
    assert found["precision"] == pytest.approx(0.25)  # a class never said counts as 0
    assert found["balanced_accuracy"] == pytest.approx(0.5)


def test_a_binary_model_has_two_classes():
    judgement = judging.judgement_of(
        [0, 1, 1], [[0.2], [0.7], [0.4]], task="binary", classes=["no", "yes"]
    )
    np.testing.assert_array_equal(judgement.confusions(), [[1, 0], [1, 1]])
    assert judgement.measures()["accuracy"] == pytest.approx(2 / 3)
    assert judgement.measures()["loss"] == pytest.approx(-np.log([0.8, 0.7, 0.4]).mean())


def test_several_labels(rng):
    labels = rng.integers(0, 2, (50, 3))
    probabilities = rng.uniform(size=(50, 3)) * 0.6 + labels * 0.3
    judgement = judging.judgement_of(labels, probabilities, task="multilabel", classes=NAMES)
    found, said = judgement.measures(), probabilities > 0.5
    assert found["label_accuracy"] == pytest.approx((said == labels).mean())
    assert found["all_labels_right"] == pytest.approx(metrics.accuracy_score(labels, said))
    assert found["f1"] == pytest.approx(metrics.f1_score(labels, said, average="macro"))
    assert found["pr_auc"] == pytest.approx(
        metrics.average_precision_score(labels, probabilities, average="macro")
    )
    worst = np.where(labels, probabilities, 1 - probabilities)
    assert judgement.top_losses(1)[0] == np.log(worst).sum(axis=1).argmin()
    with pytest.raises(ValueError, match="one class per picture"):
        judgement.confusions()


def test_numbers(rng):
    y, p = rng.normal(size=(40, 2)), rng.normal(size=(40, 2))
    found = judging.judgement_of(y, p, task="regression").measures()
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(y, p))
    assert found["rmse"] == pytest.approx(metrics.mean_squared_error(y, p) ** 0.5)
    expected = metrics.r2_score(y, p, multioutput="variance_weighted")
    assert found["r2"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("labels", "probabilities", "text"),
    [([0, 1], [[1.0, 0.0]], "one row for each label"), ([2], [[1.0, 0.0]], "0 to 1")],
)
def test_what_does_not_fit_is_refused(labels, probabilities, text):
    with pytest.raises(ValueError, match=text):
        judging.judgement_of(labels, probabilities)


def test_the_most_confused_come_first():
    labels = [0] * 5 + [1] * 4 + [2] * 3
    said = [0, 1, 1, 2, 0] + [1, 0, 0, 0] + [2, 2, 2]
    judgement = judging.judgement_of(labels, np.eye(3)[said], classes=NAMES)
    expected = [("dog", "cat", 3), ("cat", "dog", 2), ("cat", "owl", 1)]
    assert judgement.most_confused() == expected
    assert judgement.most_confused(1) == expected[:1]


def test_the_dearest_come_first(answers):
    labels, probabilities = answers
    judgement = judging.judgement_of(labels, probabilities)
    given = probabilities[np.arange(200), labels]
    np.testing.assert_array_equal(judgement.top_losses(7), np.argsort(given)[:7])
