"""Points of the plane by class, and curves of decisions."""

from __future__ import annotations

import numpy as np

from theano_transfer._choice import checked_choice
from theano_transfer._optional import optional
from theano_transfer.show._figure import BLUE, GREY, MANY, ORANGE, colours, figure

NEARLY_WHITE = 245
AXES = {
    "roc": ("share of the others that pass", "share of the class that passes"),
    "pr": ("recall", "precision"),
}
KINDS = tuple(AXES)


def scatter(points, labels, classes, path) -> None:
    """Draw pictures as points, coloured by class.

    Parameters
    ----------
    points : array (n, 2)
        From ``tt.explain.project``.
    labels : (n,) class numbers
    classes : list of str
    path : str or path
        Picture to write; its suffix (.png, .svg, .pdf) tells the format.
    """
    points, labels = np.asarray(points), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(labels):
        raise ValueError(
            f"points are (n, 2), one for each label; got {points.shape} and {len(labels)} labels"
        )
    with figure(path, width=6.0, height=4.6) as drawing:
        axes = drawing.add_subplot()
        for number, (name, colour) in enumerate(zip(classes, colours(len(classes)))):
            mine = points[labels == number]
            axes.scatter(*mine.T, s=16, color=colour, label=name, alpha=0.8, linewidths=0)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_color("#cccccc")
        if len(classes) <= 2 * MANY:
            axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)


def picture_map(points, pictures, path, *, side: float = 0.035) -> None:
    """Draw pictures at their points, so that neighbours can be looked at.

    Parameters
    ----------
    points : array (n, 2)
        From ``tt.explain.project``.
    pictures : array (n, 3, rows, columns)
        RGB values 0..255; small ones will do. What is nearly white is left out of them.
    path : str or path
        Picture to write; its suffix (.png, .svg, .pdf) tells the format.
    side : float
        Of a picture, as a share of the map's.
    """
    points, pictures = np.asarray(points, float), np.asarray(pictures)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(pictures):
        raise ValueError(
            f"points are (n, 2), one for each picture; got {points.shape} and {len(pictures)} "
            "pictures"
        )
    least = points.min(axis=0)
    places = (points - least) / np.maximum(points.max(axis=0) - least, 1e-12)
    with figure(path, width=7.0, height=7.0) as drawing:
        axes = drawing.add_subplot()
        for (across, up), picture in zip(places, pictures):
            shown = picture.transpose(1, 2, 0).clip(0, 255).astype(np.uint8)
            clear = np.where(shown.min(axis=2, keepdims=True) > NEARLY_WHITE, 0, 255)
            extent = (across - side / 2, across + side / 2, up - side / 2, up + side / 2)
            axes.imshow(np.dstack([shown, clear.astype(np.uint8)]), extent=extent)
        axes.set_xlim(-side, 1 + side)
        axes.set_ylim(-side, 1 + side)
        axes.axis("off")


def decision_curves(labels, probabilities, classes, path, *, kinds=KINDS) -> None:
    """Draw ROC curves and precision over recall, each class against the others.

    Parameters
    ----------
    labels : (n,) class numbers, or (n, classes) rows of 0 and 1
    probabilities : (n, classes) array
    classes : list of str
    path : str or path
        Picture to write; its suffix (.png, .svg, .pdf) tells the format.
    kinds : sequence of 'roc' and 'pr'
        Which of them, from the top down.
    """
    metrics = optional("sklearn.metrics")
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    for kind in kinds:
        checked_choice(kind, KINDS, "kind of curve")
    there = labels > 0.5 if labels.ndim == 2 else labels[:, None] == np.arange(len(classes))
    with figure(path, width=5.2, height=3.6 * len(kinds)) as drawing:
        for axes, kind in zip(drawing.subplots(len(kinds), squeeze=False)[:, 0], kinds):
            if kind == "roc":
                axes.plot([0, 1], [0, 1], ":", color=GREY, linewidth=0.8)
            for name, colour, is_it, p in zip(
                classes, colours(len(classes)), there.T, probabilities.T
            ):
                if is_it.all() or not is_it.any():
                    continue  # nothing to tell apart
                style = {"color": colour, "linewidth": 1.3, "label": name}
                if kind == "roc":
                    wrong, right, _ = metrics.roc_curve(is_it, p)
                    axes.plot(wrong, right, **style)
                else:
                    precision, recall, _ = metrics.precision_recall_curve(is_it, p)
                    axes.step(recall, precision, where="post", **style)
            across, up = AXES[kind]
            axes.set_xlim(-0.02, 1.02)
            axes.set_ylim(-0.02, 1.02)
            axes.set_xlabel(across)
            axes.set_ylabel(up)
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
        if len(classes) <= MANY:
            place = "lower right" if kinds[-1] == "roc" else "lower left"
            axes.legend(frameon=False, fontsize=8, loc=place)


def reliability_diagram(found, path) -> None:
    """Draw how often a class is right that is said with a certain probability.

    Parameters
    ----------
    found : Reliability
        From ``tt.judging.reliability``.
    path : str or path
        Picture to write; its suffix (.png, .svg, .pdf) tells the format. The area of a dot is the
        number of pictures; dots below the line are too sure.
    """
    confidence, accuracy, count = found
    with figure(path, width=5.2, height=3.6) as drawing:
        axes = drawing.add_subplot()
        axes.plot([0, 1], [0, 1], ":", color=GREY, linewidth=0.8, label="means what it says")
        axes.plot(confidence, accuracy, "-", color=BLUE, linewidth=1)
        area = 250 * np.asarray(count) / max(np.sum(count), 1) + 8
        axes.scatter(confidence, accuracy, s=area, color=ORANGE, zorder=3, label="this model")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("probability that was said")
        axes.set_ylabel("share that was right")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="upper left")


def predictions_over_targets(targets, predictions, path) -> None:
    """Draw predicted numbers over true ones.

    Parameters
    ----------
    targets, predictions : arrays (n, outputs)
    path : str or path
        Picture to write; its suffix (.png, .svg, .pdf) tells the format.
    """
    targets, predictions = np.asarray(targets), np.asarray(predictions)
    both = np.concatenate([targets.ravel(), predictions.ravel()])
    ends = [both.min(), both.max()]
    with figure(path, width=5.2, height=4.6) as drawing:
        axes = drawing.add_subplot()
        axes.plot(ends, ends, ":", color=GREY, linewidth=0.8)
        for true, said in zip(targets.T, predictions.T):
            axes.scatter(true, said, s=14, alpha=0.6, linewidths=0)
        axes.set_xlabel("true")
        axes.set_ylabel("predicted")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
