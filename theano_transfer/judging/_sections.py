"""The parts of a report, each of them HTML made from a judgement, a history or a model."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from theano_transfer import show
from theano_transfer.judging import _gallery
from theano_transfer.judging._calibration import calibration_error, with_temperature
from theano_transfer.judging._charts import chart, curves
from theano_transfer.judging._judgement import SINGLE, Judgement
from theano_transfer.judging._page import (
    Section,
    charts,
    facts,
    matrix,
    scale,
    section,
    side_by_side,
    table,
    tiles,
)

MANY_CLASSES = 25  # a table of so many can still be read
PAIRS = 10
CALLED = {
    "top3_accuracy": "top-3 accuracy",
    "top5_accuracy": "top-5 accuracy",
    "pr_auc": "PR area",
    "roc_auc": "ROC area",
    "f1": "F1",
    "mae": "mean absolute error",
    "rmse": "root mean square error",
    "r2": "R\N{SUPERSCRIPT TWO}",
}


def lead(judgement: Judgement) -> str:
    """The answer in one sentence; nothing where no answer is simply right or wrong."""
    if judgement.task not in SINGLE:
        return ""
    from scipy.stats import binomtest

    right, count = int(judgement.right.sum()), len(judgement)
    low, high = binomtest(right, count).proportion_ci(method="wilson")
    return (
        f"{right:,} of {count:,} pictures right: {right / count:.1%}. For pictures like these, the "
        f"share is between {low:.1%} and {high:.1%} (95 % interval, Wilson 1927)."
    )


def figures_of(judgement: Judgement) -> Section:
    measured = {CALLED.get(k, k.replace("_", " ")): v for k, v in judgement.measures().items()}
    if judgement.task in SINGLE:
        measured.pop("balanced accuracy")  # the mean recall, which is there
        explanation = (
            "Precision, recall, F1 and the areas under the curves (ROC; precision over recall, PR) "
            "are means over the classes; the loss is in nats. "
            "A calibration error of 0.05 means that probabilities are off by 5 % on average."
        )
    else:
        explanation = ""
    return section("Figures", explanation, tiles({**measured, "pictures": len(judgement)}))


def training(history) -> Section:
    return section(
        "Training", "Solid: training pictures. Dashed: validation pictures.",
        charts(*curves(history)),
    )  # fmt: skip


def about_classes(judgement: Judgement) -> Iterator[Section]:
    """Everything but pictures, for a task with classes or labels."""
    if judgement.task in SINGLE:
        yield _confusions(judgement)
    rows = judgement.per_class()
    yield section(
        "Class by class",
        "Recall: share of the class that was recognised. Precision: share of what was said that "
        "is right.",
        table(
            "figures of each class",
            ["class", *(CALLED.get(k, k) for k in rows[0] if k != "class")],
            [tuple(row.values()) for row in rows],
            shares=True,
        ),
    )
    if judgement.task not in SINGLE:
        yield section("Decisions", "Each label by itself.", charts(*_decisions(judgement)))
        return
    temperature = judgement.temperature()
    cooled = with_temperature(judgement.predictions, temperature)
    after = calibration_error(judgement.labels, cooled)
    diagram = chart(
        lambda path: show.reliability_diagram(judgement.calibration(), path),
        "share of right answers over the probability that was said",
    )
    yield section(
        "Decisions and probabilities",
        "Curves: each class against the others. Dots below the line are answers surer than they "
        f"should be. Dividing scores by a temperature of {temperature:.2f} fits these pictures "
        f"best; the calibration error is then {after:.3f} (on the same pictures, which flatters).",
        charts(*_decisions(judgement), diagram),
    )


def about_numbers(judgement: Judgement) -> Section:
    drawn = chart(
        lambda path: show.predictions_over_targets(judgement.labels, judgement.predictions, path),
        "predicted numbers over true ones",
    )
    return section("Predictions", "On the line they are right.", charts(drawn))


def pictures(model, judgement: Judgement, count: int) -> Iterator[Section]:
    """Galleries; nothing where no pictures are asked for."""
    if not count or not len(judgement):
        return
    if judgement.task not in SINGLE:
        yield section("Largest losses", "", _gallery.dearest(model, judgement, count))
        return
    mapped = judgement.task in _gallery.MAPPED
    how = "Coloured is where the network sees the class (Grad-CAM)." if mapped else ""
    legend = [scale(show.heat_colours(), "no sign of it", "most")] if mapped else []
    wrong = int((~judgement.right).sum())
    if wrong:
        yield section(
            "Wrong answers",
            f"The {min(count, wrong)} that cost the most, of {wrong}. {how}",
            *legend,
            _gallery.wrong_answers(model, judgement, count),
        )
    if wrong < len(judgement):
        yield section(
            "Right answers",
            f"The surest of each class. {how}",
            *legend,
            _gallery.right_answers(model, judgement, count),
        )


def about_model(model, details) -> Section:
    total = model.net.num_parameters
    moving = sum(param.get_value(borrow=True).size for param in model.trainable.values())
    rows, columns = model.input_size
    rows_of = [
        ("base", model.base_name or "a network of its own"),
        ("head", ", ".join(str(step) for step in model.head)),
        ("task", model.task),
        ("classes", len(model.classes) if model.classes else model.num_classes),
        ("pictures are brought to", f"{rows} x {columns}"),
        ("preprocessing", _called(model.preprocessing)),
        ("parameters", total),
        ("of them trainable", moving),
        ("precision", model.precision),
        *details.items(),
    ]
    return section("Model", "", facts(rows_of))


def _confusions(judgement: Judgement) -> Section:
    counts, names = judgement.confusions(), judgement.classes
    if len(names) <= MANY_CLASSES:
        drawn = matrix(counts, names)
    else:
        drawn = charts(
            chart(
                lambda path: show.confusion_matrix(
                    judgement.labels, judgement.said, names, path=path
                ),
                "confusion matrix",
            )
        )
    pairs = judgement.most_confused(PAIRS)
    most = [table("most confused", ["it was", "taken for", "times"], pairs)] if pairs else []
    return section(
        "Confusions",
        "Row: what it is. Column: what was said. The shade is the share of the row.",
        side_by_side(drawn, *most),
    )


def _decisions(judgement: Judgement) -> Iterator[str]:
    """A chart for each kind of curve."""
    for kind, description in (
        ("roc", "ROC curves: share of the class that passes over share of the others"),
        ("pr", "precision over recall"),
    ):
        yield chart(
            functools.partial(
                show.decision_curves,
                judgement.labels,
                judgement.predictions,
                judgement.classes,
                kinds=[kind],
            ),
            f"{description}, each class against the others",
        )


def _called(preprocessing) -> str:
    return str(getattr(preprocessing, "name", None) or getattr(
        preprocessing, "__name__", preprocessing
    ))  # fmt: skip
