"""``theano-transfer predict``: what pictures show."""

from __future__ import annotations

import argparse
import json
import os

from theano_transfer.cli._console import is_terminal, name, say
from theano_transfer.cli._options import add_batch_size, add_device, positive_int
from theano_transfer.cli._pictures import naming_skipped

HELP = "say what pictures show"
EPILOG = """\
Of folders, all pictures in them are taken, by their suffix (.png, .jpg, .jpeg, .bmp, .gif,
.webp). What cannot be read is named, and makes the exit status 1.

examples:
  theano-transfer predict model.h5 picture.jpg more_pictures/
  theano-transfer predict model.h5 pictures/ --top 1 --json
  theano-transfer predict --base efficientnet_lite0 cat.jpg     (the 1000 classes of ImageNet)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [options] model.h5 IMAGES ..."
    parser.add_argument(
        "paths", nargs="+", metavar="model.h5 IMAGES",
        help="a saved model (not with --base), then pictures or folders of them",
    )  # fmt: skip
    parser.add_argument(
        "--base", metavar="NAME", help="use this network of the zoo and its ImageNet classes"
    )
    parser.add_argument(
        "--weights", default="imagenet", metavar="imagenet|FILE",
        help="with --base: its weights (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--top", type=positive_int, default=5, metavar="N",
        help="how many classes to name for each picture (default: %(default)s)",
    )  # fmt: skip
    add_batch_size(parser)
    parser.add_argument("--json", action="store_true", help="write JSON")
    add_device(parser)


def run(options: argparse.Namespace) -> int:
    from theano_transfer.images import ImageFiles

    given = options.paths if options.base else options.paths[1:]
    if not given:
        raise ValueError(
            f"no pictures were given after the model {options.paths[0]!r}; to predict without a "
            "model of your own, name a network: --base efficientnet_lite0"
        )
    paths = pictures_among(given)
    model = _open_model(options)
    data = naming_skipped(lambda: ImageFiles(paths, on_error="skip", max_skipped=1.0))
    results = _results(model, data, options)
    if options.json:
        say(json.dumps(results, indent=1))
    else:
        say("\n".join(_as_text(result) for result in results))
    return 1 if data.skipped else 0


def pictures_among(given: list[str]) -> list[str]:
    """The files of `given`, and in place of folders the pictures in them, in order."""
    from theano_transfer.images._found import pictures_below

    paths: list[str] = []
    for path in given:
        if not os.path.isdir(path):
            paths.append(path)
            continue
        paths += pictures_below(path)
    return paths


def _open_model(options: argparse.Namespace):
    """Something with predict(data), task and classes."""
    if options.base is None:
        from theano_transfer.tuning import Model

        return Model.load(options.paths[0])
    from theano_transfer.cli._pretrained import Pretrained

    return Pretrained(options.base, options.weights)


def _results(model, data, options) -> list[dict]:
    """For each picture its file, and its classes with their probabilities or its numbers."""
    predictions = model.predict(
        data, batch_size=options.batch_size, verbose=is_terminal() and not options.json
    )
    if model.task == "regression":
        return [
            {"file": path, "values": [float(value) for value in row]}
            for path, row in zip(data.paths, predictions)
        ]
    from theano_transfer.tuning._decode import top_classes

    ranks = top_classes(predictions, task=model.task, classes=model.classes, top=options.top)
    return [
        {
            "file": path,
            "predictions": [{"class": label, "probability": share} for label, share in best],
        }
        for path, best in zip(data.paths, ranks)
    ]


def _as_text(result: dict) -> str:
    lines = [name(result["file"])]
    for guess in result.get("predictions", ()):
        lines.append(f"  {guess['probability']:7.2%}  {name(str(guess['class']))}")
    lines += [f"  {value:.6g}" for value in result.get("values", ())]
    return "\n".join(lines)
