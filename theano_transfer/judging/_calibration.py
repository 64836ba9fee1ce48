"""Whether a probability means what it says, and making it so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEAST = 1e-7  # a probability of 0 for what is there would make a loss infinite
BINS = 15


class Reliability(NamedTuple):
    """Pictures in groups by the probability of what was said; groups without any are left out.

    Attributes
    ----------
    confidence : float64 array (groups,)
        Mean probability of the class that was said.
    accuracy : float64 array (groups,)
        Share of them that were right.
    pictures : int64 array (groups,)
        How many there are.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    pictures: np.ndarray


def reliability(labels, probabilities, bins: int = BINS) -> Reliability:
    """How often a class is right that is said with a certain probability.

    Parameters
    ----------
    labels : (n,) class numbers
    probabilities : (n, classes) array
        Rows add up to 1. The group of a picture is that of its largest probability, among `bins`
        equally wide ones from 0 to 1.
    bins : int
    """
    labels, probabilities = checked(labels, probabilities)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    there = count > 0
    sums = (np.bincount(place, weights=w, minlength=bins)[there] for w in (confidence, right))
    confidences, rights = (total / count[there] for total in sums)
    return Reliability(confidences, rights, count[there])


def calibration_error(labels, probabilities, bins: int = BINS) -> float:
    """Mean distance of probability and share of right answers, by groups of :func:`reliability`.

    The "expected calibration error" of Guo et al., "On Calibration of Modern Neural Networks",
    2017, https://arxiv.org/abs/1706.04599.
    """
    confidence, accuracy, count = reliability(labels, probabilities, bins)
    if not count.sum():
        return float("nan")
    return float((np.abs(confidence - accuracy) * count).sum() / count.sum())


def find_temperature(labels, probabilities) -> float:
    """The number that scores are best divided by in front of the softmax.

    Guo et al., 2017, as above: one number, found on validation pictures, that makes the loss the
    least. Above 1, the network was too sure. What is most probable stays most probable.

    Parameters
    ----------
    labels : (n,) class numbers
    probabilities : (n, classes) array
        Rows add up to 1.

    Returns
    -------
    float
        From 0.01 to 100.
    """
    from scipy.optimize import minimize_scalar

    labels, probabilities = checked(labels, probabilities)
    if not len(labels):
        raise ValueError("there are no pictures to find a temperature with")

    def loss(logarithm):
        return log_loss(labels, with_temperature(probabilities, np.exp(logarithm)))

    return float(np.exp(minimize_scalar(loss, bounds=np.log([0.01, 100]), method="bounded").x))


def with_temperature(probabilities, temperature: float) -> np.ndarray:
    """What the softmax gives for scores divided by `temperature`, from what it gave for them.

    Parameters
    ----------
    probabilities : (n, classes) array, or (n, 1) of a binary model
    temperature : float

    Returns
    -------
    float64 array of the same shape
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(f"a temperature is a finite number above 0; got {temperature!r}")
    given = np.asarray(probabilities, dtype=float)
    rows = np.hstack([1 - given, given]) if given.shape[1] == 1 else given
    # logarithms of probabilities are scores, but for a number that the softmax takes out again
    scores = np.log(np.maximum(rows, np.finfo(np.float32).tiny)) / temperature
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    made = powers / powers.sum(axis=1, keepdims=True)
    return made[:, 1:] if given.shape[1] == 1 else made


def log_loss(labels, probabilities) -> float:
    """Mean of the negative logarithms of what was given to the right classes; in nats."""
    return float(item_losses(labels, probabilities).mean()) if len(labels) else float("nan")


def item_losses(labels, probabilities) -> np.ndarray:
    """(n,) negative logarithms of what was given to the right classes."""
    given = probabilities[np.arange(len(labels)), labels].astype(float)
    return -np.log(np.maximum(given, LEAST))


def checked(labels, probabilities) -> tuple[np.ndarray, np.ndarray]:
    """Class numbers (n,) and float64 (n, classes), or a ValueError that says what does not fit.

    The one column of a binary model becomes two.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=float)
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(axis=1)
    labels = labels.reshape(-1)
    if probabilities.ndim != 2 or len(probabilities) != len(labels):
        raise ValueError(
            f"probabilities are (n, classes), one row for each label; got {probabilities.shape} "
            f"for {len(labels)} labels"
        )
    if probabilities.shape[1] == 1:
        probabilities = np.hstack([1 - probabilities, probabilities])
    numbers = labels.astype(np.int64)
    count = probabilities.shape[1]
    if not np.array_equal(numbers, labels) or (
        numbers.size and not 0 <= numbers.min() <= numbers.max() < count
    ):
        raise ValueError(f"labels are class numbers from 0 to {count - 1}; got {labels!r}")
    return numbers, probabilities
