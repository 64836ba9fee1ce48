"""Confusion matrices: which class was taken for which."""

from __future__ import annotations

import numpy as np

from theano_transfer.show._figure import figure


def count_confusions(y_true, y_pred, count: int) -> np.ndarray:
    """How often each class was predicted for each class.

    Parameters
    ----------
    y_true, y_pred : array-like
        Class numbers (n,), or rows (n, classes) of which the largest counts.
    count : int
        How many classes there are.

    Returns
    -------
    (count, count) int64 array
        Row: true class, column: predicted class.

    Raises
    ------
    ValueError
        If lengths differ or a number is not that of a class.
    """
    true, predicted = _numbers(y_true, "y_true", count), _numbers(y_pred, "y_pred", count)
    if len(true) != len(predicted):
        raise ValueError(f"y_true has {len(true)} entries and y_pred has {len(predicted)}")
    matrix = np.zeros((count, count), dtype=np.int64)
    np.add.at(matrix, (true, predicted), 1)
    return matrix


def confusion_matrix(y_true, y_pred, classes, path=None) -> np.ndarray:
    """Count confusions, and draw them if a path is given.

    Parameters
    ----------
    y_true, y_pred : array-like
        Class numbers (n,), or rows (n, classes) of which the largest counts.
    classes : list of str, or int
        Names of the classes, or how many there are.
    path : str or path, optional
        Picture to write; its suffix (.png, .svg, .pdf) tells the format. The shade is the share
        within the row, so that large classes do not drown small ones.

    Returns
    -------
    (classes, classes) int64 array
        Row: true class, column: predicted class.
    """
    names = [str(k) for k in range(classes)] if isinstance(classes, int) else list(classes)
    matrix = count_confusions(y_true, y_pred, len(names))
    if path is not None:
        _draw(matrix, names, path)
    return matrix


def _numbers(values, name, count) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim == 2:
        values = values.argmax(axis=1) if values.shape[1] > 1 else values[:, 0] > 0.5
    if values.ndim != 1 or values.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds class numbers (n,) or rows (n, classes); got {values!r}")
    numbers = values.astype(np.int64)
    if not np.array_equal(numbers, values):
        raise ValueError(f"{name} holds numbers that are no class numbers: {values!r}")
    if numbers.size and (numbers.min() < 0 or numbers.max() >= count):
        raise ValueError(
            f"{name} runs from {numbers.min()} to {numbers.max()}, but there are {count} classes "
            f"(0 to {count - 1})"
        )
    return numbers


def _draw(matrix, names, path):
    count = len(names)
    totals = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(totals, 1)
    side = min(max(0.55 * count, 3.0), 20.0)
    longest = max(len(name) for name in names)
    with figure(path, width=side + 0.09 * longest + 1.6, height=side + 0.07 * longest + 1.0) as fig:
        axes = fig.add_subplot()
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(count), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(count), names)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        right = int(np.trace(matrix))
        axes.set_title(f"{right} of {int(matrix.sum())} right")
        axes.tick_params(length=0)
        for row, column in np.argwhere(matrix if count <= 40 else np.zeros_like(matrix)):
            axes.text(
                column,
                row,
                str(matrix[row, column]),
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.55 else "black",
                fontsize=9 if count <= 20 else 8,
            )
        bar = fig.colorbar(image, ax=axes, fraction=0.046, pad=0.03, aspect=30)
        bar.set_label("share of the true class")
        bar.outline.set_visible(False)
        axes.spines[:].set_visible(False)
