"""Figures about predictions: one set for each task, most of them scikit-learn's."""

from __future__ import annotations

import math

import numpy as np

from theano_transfer._optional import optional
from theano_transfer.judging._calibration import calibration_error, checked, log_loss

HALF = 0.5
NAN = math.nan
TOPS = (3, 5)


def top_k_accuracy(labels, probabilities, k: int) -> float:
    """Share of pictures for which fewer than `k` classes are more probable than the right one.

    Parameters
    ----------
    labels : (n,) class numbers
    probabilities : (n, classes) array
    k : int
    """
    labels, probabilities = checked(labels, probabilities)
    if k < 1:
        raise ValueError(f"k is an int from 1 on; got {k!r}")
    right = probabilities[np.arange(len(labels)), labels]
    above = (probabilities > right[:, None]).sum(axis=1)
    return float((above < k).mean()) if len(labels) else NAN


def class_measures(labels, probabilities, classes) -> list[dict]:
    """A row for each class: how well it is told from the others.

    Parameters
    ----------
    labels : (n,) class numbers
    probabilities : (n, classes) array
    classes : list of str

    Returns
    -------
    list of dict
        class, pictures (of it), said (how often it was predicted), precision, recall, f1,
        roc_auc and pr_auc (average precision) against all others. NaN where there is nothing to
        measure: no such picture, or nothing said.
    """
    labels, probabilities = checked(labels, probabilities)
    said = probabilities.argmax(axis=1)
    return [
        {"class": name, **_told_apart(labels == number, said == number, probabilities[:, number])}
        for number, name in enumerate(classes)
    ]


def label_measures(labels, probabilities, classes) -> list[dict]:
    """The same for labels of which a picture may have several; said is what is above one half.

    Parameters
    ----------
    labels : (n, classes) rows of 0 and 1
    probabilities : (n, classes) array
    classes : list of str
    """
    labels, probabilities = np.asarray(labels) > HALF, np.asarray(probabilities, dtype=float)
    return [
        {"class": name, **_told_apart(there, p > HALF, p)}
        for name, there, p in zip(classes, labels.T, probabilities.T)
    ]


def classification(labels, probabilities, classes) -> dict[str, float]:
    """Figures about one class for each picture; averages are over classes that are there."""
    labels, probabilities = checked(labels, probabilities)
    rows = class_measures(labels, probabilities, classes)
    found = {"accuracy": top_k_accuracy(labels, probabilities, 1)}
    for k in TOPS:
        if k < len(classes):
            found[f"top{k}_accuracy"] = top_k_accuracy(labels, probabilities, k)
    found.update(_averages(rows))
    found["balanced_accuracy"] = found["recall"]
    found["loss"] = log_loss(labels, probabilities)
    found["calibration_error"] = calibration_error(labels, probabilities)
    return found


def multilabel(labels, probabilities, classes) -> dict[str, float]:
    """Figures about several labels for each picture."""
    there, said = np.asarray(labels) > HALF, np.asarray(probabilities) > HALF
    found = {
        "label_accuracy": float((there == said).mean()) if there.size else NAN,
        "all_labels_right": float((there == said).all(axis=1).mean()) if there.size else NAN,
    }
    found.update(_averages(label_measures(labels, probabilities, classes)))
    return found


def regression(targets, predictions) -> dict[str, float]:
    """Figures about numbers, over all outputs: errors in the units of the targets."""
    targets = np.asarray(targets, dtype=float)
    predictions = np.asarray(predictions, dtype=float).reshape(targets.shape)
    if not targets.size:
        return dict.fromkeys(("mae", "rmse", "median_error", "largest_error", "r2"), NAN)
    error = np.abs(predictions - targets)
    spread = ((targets - targets.mean(axis=0)) ** 2).sum()
    return {
        "mae": float(error.mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "median_error": float(np.median(error)),
        "largest_error": float(error.max()),
        "r2": float(1 - (error**2).sum() / spread) if spread else NAN,
    }


def _told_apart(there, said, probabilities) -> dict[str, float]:
    """Figures of one class against the rest: two bool arrays (n,) and its probabilities (n,)."""
    right = int((there & said).sum())
    precision = right / said.sum() if said.any() else NAN
    recall = right / there.sum() if there.any() else NAN
    both = there.any() and not there.all()
    metrics = optional("sklearn.metrics")
    return {
        "pictures": int(there.sum()),
        "said": int(said.sum()),
        "precision": float(precision),
        "recall": float(recall),
        "f1": 2 * right / int(there.sum() + said.sum()) if there.any() or said.any() else NAN,
        "roc_auc": float(metrics.roc_auc_score(there, probabilities)) if both else NAN,
        "pr_auc": float(metrics.average_precision_score(there, probabilities)) if both else NAN,
    }


def _averages(rows) -> dict[str, float]:
    """Means over the classes that have pictures; a class never said has precision 0 in it."""
    there = [row for row in rows if row["pictures"]]
    found = {}
    for name in ("precision", "recall", "f1", "roc_auc", "pr_auc"):
        values = [row[name] for row in there]
        if name == "precision":
            values = [0.0 if math.isnan(value) else value for value in values]
        known = [value for value in values if not math.isnan(value)]
        found[name] = float(np.mean(known)) if known else NAN
    return found
