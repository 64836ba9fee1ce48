"""Checking labels: class numbers, one-hot or multi-hot rows, or numbers to be predicted."""

from __future__ import annotations

import numpy as np

from theano_transfer.images._errors import DatasetError


def checked_labels(y, count, classes=None):
    """`y` as int32 (count,) class numbers or float32 (count, ...), or None where it is None.

    An integer column (count, 1), as Keras's own data sets have, holds class numbers too.
    Raises DatasetError or TypeError.
    """
    if y is None:
        return None
    y = np.asarray(y)
    if y.ndim == 0 or len(y) != count:
        raise DatasetError(f"{count} pictures need {count} labels, got y of shape {y.shape}")
    if y.dtype.kind not in "biuf":
        raise TypeError(
            f"labels must be numbers, got dtype {y.dtype}; for names, use "
            "classes, y = numpy.unique(names, return_inverse=True)"
        )
    if y.dtype.kind == "f":
        if not np.isfinite(y).all():
            row = int(np.argwhere(~np.isfinite(y))[0][0])
            raise DatasetError(f"y holds NaN or infinity, first in row {row}")
        labels = y.astype(np.float32)
    elif y.ndim == 1 or y.shape[1:] == (1,):
        labels = _class_numbers(y.reshape(count))
    else:
        labels = y.astype(np.float32)
    if classes is not None:
        _check_against(labels, classes)
    return labels


def checked_classes(classes):
    """`classes` as a list of distinct names, or None."""
    if classes is None:
        return None
    names = [classes] if isinstance(classes, str) else list(classes)
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise TypeError(f"classes must be names, got {wrong[0]!r}")
    if len(names) < 2:
        raise DatasetError(f"there must be at least two classes, got {names}")
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DatasetError(f"classes must be distinct, got more than once: {twice}")
    return names


def counted(labels, classes):
    """How many pictures each class has: by name, or by number where there are no names."""
    if labels is None or (labels.dtype.kind == "f" and (classes is None or labels.ndim != 2)):
        return None
    if labels.dtype.kind == "f":
        counts = labels.sum(axis=0)
    else:
        counts = np.bincount(labels, minlength=len(classes or ()))
    names = range(len(counts)) if classes is None else classes
    return {name: int(count) for name, count in zip(names, counts)}


def groups(labels, count):
    """An int for each picture, for splitting: its class, or 0 where there are no classes."""
    if labels is None or labels.ndim not in (1, 2):
        return np.zeros(count, int)
    if labels.dtype.kind != "f":
        return labels
    one_hot = labels.ndim == 2 and count and np.isin(labels, (0, 1)).all()
    if one_hot and (labels.sum(axis=1) == 1).all():
        return labels.argmax(axis=1)
    return np.zeros(count, int)


def _class_numbers(y):
    if len(y) and y.min() < 0:
        raise DatasetError(f"class numbers start at 0, got {y.min()}")
    if len(y) and y.max() > np.iinfo(np.int32).max:
        raise DatasetError(f"class numbers must fit into int32, got {y.max()}")
    return y.astype(np.int32)


def _check_against(labels, classes):
    if labels.dtype.kind == "f":
        if labels.ndim != 2 or labels.shape[1] != len(classes):
            raise DatasetError(
                f"with {len(classes)} classes, y must be class numbers or have one column for "
                f"each class; got {labels.dtype} of shape {labels.shape}"
            )
    elif len(labels) and labels.max() >= len(classes):
        raise DatasetError(
            f"y holds class number {labels.max()}, but there are {len(classes)} classes, "
            f"numbered from 0"
        )
