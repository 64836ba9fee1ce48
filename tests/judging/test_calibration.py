"""Calibration against loops, and temperatures that are known."""

import numpy as np
import pytest

from theano_transfer import judging


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_the_error_is_what_a_loop_over_groups_gives(answers):
    labels, probabilities = answers
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    expected = 0.0
    for k in range(10):
        inside = (confidence >= k / 10) & (confidence < (k + 1) / 10)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert judging.calibration_error(labels, probabilities, bins=10) == pytest.approx(expected)
    assert judging.reliability(labels, probabilities).pictures.sum() == 200


def test_certain_and_right_is_well_calibrated():
    found = judging.reliability([0, 1, 1], np.eye(2)[[0, 1, 1]])
    assert [list(column) for column in found] == [[1.0], [1.0], [3]]
    assert judging.calibration_error([0, 1], np.eye(2)[[1, 0]]) == 1


@pytest.mark.parametrize("known", [0.5, 1.0, 3.0])
def test_a_known_temperature_is_found(rng, known):
    # labels drawn by the softmax of some scores, which are then made so much surer
    scores = rng.normal(size=(20000, 4)) * 1.5
    labels = (softmax(scores).cumsum(axis=1) < rng.uniform(size=(20000, 1))).sum(axis=1)
    surer = softmax(scores * known)
    found = judging.find_temperature(labels, surer)
    assert found == pytest.approx(known, rel=0.05)
    calibrated = judging.with_temperature(surer, found)
    np.testing.assert_allclose(calibrated, softmax(scores * known / found), atol=1e-6)
    assert judging.calibration_error(labels, calibrated) < 0.02


def test_a_temperature_changes_no_answer_and_binary_stays_binary(answers):
    _, probabilities = answers
    hot = judging.with_temperature(probabilities, 2.5)
    np.testing.assert_array_equal(hot.argmax(axis=1), probabilities.argmax(axis=1))
    np.testing.assert_allclose(hot.sum(axis=1), 1)
    one = judging.with_temperature([[0.9], [0.2]], 2.0)
    np.testing.assert_allclose(one, [[0.75], [1 / 3]])


@pytest.mark.parametrize("temperature", [0, -1, np.nan])
def test_wrong_temperatures_are_refused(answers, temperature):
    with pytest.raises(ValueError, match="above 0"):
        judging.with_temperature(answers[1], temperature)
