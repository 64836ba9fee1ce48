"""``theano-transfer evaluate``: how often a saved model is right."""

from __future__ import annotations

import argparse
import json

import numpy as np

from theano_transfer.cli._console import is_terminal, say, table
from theano_transfer.cli._options import add_batch_size, add_device, output_file
from theano_transfer.cli._pictures import naming_skipped

HELP = "measure a saved model on a folder of pictures"
EPILOG = """\
DIR holds one folder per class, named as the model's classes are.

examples:
  theano-transfer evaluate model.h5 test_pictures
  theano-transfer evaluate model.h5 test_pictures --confusion confusion.png
"""
LEAST = 1e-7  # a probability of 0 for what is there would make the loss infinite


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="model.h5", help="a model that finetune saved")
    parser.add_argument("folder", metavar="DIR", help="pictures, one folder per class")
    parser.add_argument(
        "--on-error", choices=("skip", "raise"), default="skip",
        help="what to do about files that are no readable pictures (default: %(default)s)",
    )  # fmt: skip
    add_batch_size(parser)
    parser.add_argument(
        "--confusion", type=output_file, metavar="PICTURE", help="draw the confusion matrix too"
    )
    parser.add_argument("--json", action="store_true", help="write JSON")
    add_device(parser)


def run(options: argparse.Namespace) -> int:
    from theano_transfer import show
    from theano_transfer.images import ImageFolder
    from theano_transfer.tuning import Model
    from theano_transfer.tuning._targets import check_classes

    model = Model.load(options.model)
    if model.task not in ("classification", "binary"):
        raise ValueError(
            f"{options.model!r} is a {model.task} model, and a folder has one class per picture; "
            "Model.evaluate takes other labels"
        )
    data = naming_skipped(
        lambda: ImageFolder(options.folder, on_error=options.on_error, classes=model.classes)
    )
    check_classes(data.classes, model.classes, model.num_classes)
    predictions = model.predict(
        data, batch_size=options.batch_size, verbose=is_terminal() and not options.json
    )
    matrix = show.confusion_matrix(data.labels, predictions, data.classes, path=options.confusion)
    measured = measures(matrix, predictions, data.labels, data.classes)
    say(json.dumps(measured, indent=1) if options.json else _as_text(measured))
    return 0


def measures(matrix, predictions, labels, classes) -> dict:
    """Figures from a confusion matrix (row: true class) and probabilities."""
    if predictions.shape[1] == 1:
        predictions = np.hstack([1 - predictions, predictions])
    of_truth = predictions[np.arange(len(labels)), labels].astype(float)
    per_class = {}
    for number, label in enumerate(classes):
        right, there, said = matrix[number, number], matrix[number].sum(), matrix[:, number].sum()
        per_class[label] = {
            "pictures": int(there),
            "recall": float(right / there),
            "precision": float(right / said) if said else None,
        }
    return {
        "pictures": int(matrix.sum()),
        "accuracy": float(matrix.trace() / matrix.sum()),
        "loss": float(-np.log(np.maximum(of_truth, LEAST)).mean()),
        "classes": per_class,
    }


def _as_text(measured: dict) -> str:
    rows = [("class", "pictures", "recognised", "right when said")]
    for label, figures in measured["classes"].items():
        precision = figures["precision"]
        rows.append(
            (
                label,
                str(figures["pictures"]),
                f"{figures['recall']:.3f}",
                "never said" if precision is None else f"{precision:.3f}",
            )
        )
    return (
        f"accuracy {measured['accuracy']:.3f}, loss {measured['loss']:.4f}, "
        f"{measured['pictures']} pictures\n\n{table(rows, right=(1, 2, 3))}"
    )
