"""``theano-transfer features``: what a network makes of very many pictures, as a table."""

from __future__ import annotations

import argparse

from theano_transfer.cli._console import is_terminal, name, say, warn
from theano_transfer.cli._options import add_batch_size, add_device, positive_int

HELP = "write features or predictions of many pictures to Parquet files"
EPILOG = """\
Of folders, all pictures in them are taken, by their suffix. The output is a folder of Parquet files
with one row for each picture; pandas.read_parquet(FOLDER) reads it. Asked for the same again, the
command computes what is missing. What cannot be read is named, and makes the exit status 1.

examples:
  theano-transfer features pictures/ --output table
  theano-transfer features pictures/ --output table --base vgg16 --layer fc2
  theano-transfer features pictures/ --output table --model model.h5    (predictions)
  theano-transfer features pictures/ --output table --ray auto          (on a Ray cluster)
"""
MOST_NAMED = 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="IMAGES", help="pictures or folders of them")
    parser.add_argument("--output", required=True, metavar="FOLDER", help="where the files go")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--base", default="efficientnet_lite0", metavar="NAME",
        help="features of this network of the zoo (default: %(default)s)",
    )  # fmt: skip
    what.add_argument("--model", metavar="model.h5", help="predictions of a saved model instead")
    parser.add_argument(
        "--weights", default="imagenet", metavar="imagenet|FILE",
        help="with --base: its weights (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--layer", metavar="NAME", help="with --base: whose output is taken")
    parser.add_argument(
        "--size", type=positive_int, metavar="PIXELS",
        help="with --base: side of the pictures it gets (default: its usual one)",
    )  # fmt: skip
    add_batch_size(parser)
    parser.add_argument(
        "--rows", type=positive_int, default=1000, metavar="N",
        help="pictures in each file (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--ray", metavar="ADDRESS",
        help="compute on a Ray cluster: HOST:PORT, auto (this machine's) or local (a new one)",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=positive_int, metavar="N",
        help="with --ray: processes (default: one for each GPU or core)",
    )  # fmt: skip
    parser.add_argument(
        "--gpus", type=float, default=0, metavar="N", help="with --ray: GPUs of each (default: 0)"
    )
    add_device(parser)


def run(options: argparse.Namespace) -> int:
    from theano_transfer import features
    from theano_transfer.cli._predict import pictures_among

    paths = pictures_among(options.paths)
    common = {
        "batch_size": options.batch_size, "rows": options.rows, "verbose": is_terminal()
    }  # fmt: skip
    if options.ray is None:
        made = features.to_parquet(paths, options.output, _network(options), **common)
    else:
        made = features.on_ray(
            paths, options.output, _network(options),
            address=options.ray, workers=options.workers, gpus=options.gpus, **common,
        )  # fmt: skip
    for path, reason in made.failed[:MOST_NAMED]:
        warn(f"no numbers for {name(path)}: {reason}")
    if len(made.failed) > MOST_NAMED:
        warn(f"nor for {len(made.failed) - MOST_NAMED} others; the column 'error' says why")
    say(f"{made.pictures} rows in {name(made.folder)}")
    return 1 if made.failed else 0


def _network(options: argparse.Namespace):
    """What computes: a saved model, or the extractor that the options describe."""
    if options.model is not None:
        return options.model
    from theano_transfer import FeatureExtractor

    shape = None if options.size is None else (3, options.size, options.size)
    return FeatureExtractor(
        options.base,
        weights=options.weights,
        layer=options.layer,
        batch_size=options.batch_size,
        input_shape=shape,
    )
