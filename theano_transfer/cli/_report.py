"""``theano-transfer report``: a page about a model, for people."""

from __future__ import annotations

import argparse

from theano_transfer.cli._console import is_terminal, name, note, say
from theano_transfer.cli._options import add_batch_size, count, output_file
from theano_transfer.cli._pictures import naming_skipped

HELP = "write a page about a saved model, or one that compares several"
EPILOG = """\
RUN_OR_MODEL is a model that finetune saved, or the folder of a training run. With --pictures, one
folder per class, best of pictures that the model was not trained with, the page has figures, a
confusion matrix, and wrong and right answers with maps of where the network saw the class. The
curves of training come from the table that finetune writes beside the model.

Several of them are compared: settings that differ, curves, and with --pictures the figures of each.

The page is one file without scripts that needs no network; it can be sent as it is.

examples:
  theano-transfer report model.h5 --pictures test_pictures --output page.html
  theano-transfer report runs/first --output page.html
  theano-transfer report runs/first runs/second --pictures test_pictures --output both.html
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", metavar="RUN_OR_MODEL", nargs="+", help="saved models, or folders of runs"
    )
    parser.add_argument(
        "--pictures", metavar="DIR", help="pictures to judge by, one folder per class"
    )
    parser.add_argument(
        "--output", type=output_file, default="report.html", metavar="FILE",
        help="page to write (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--title", metavar="TEXT", help="heading of the page")
    parser.add_argument(
        "--show", type=count, default=12, metavar="N",
        help="at most so many wrong and so many right answers (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--on-error", choices=("skip", "raise"), default="skip",
        help="what to do about files that are no readable pictures (default: %(default)s)",
    )  # fmt: skip
    add_batch_size(parser)


def run(options: argparse.Namespace) -> int:
    from theano_transfer import judging

    if len(options.runs) > 1:
        return _compare(options)
    from theano_transfer.judging._runs import find_run, read_record
    from theano_transfer.tuning import Model

    (given,) = options.runs
    path, table = find_run(given)
    model = Model.load(path)
    data = _pictures(options, given, model)
    if data is None and table is None:
        raise ValueError(
            f"there is nothing to report about {given!r}: give --pictures DIR (no table of "
            "its training was found beside it)"
        )
    if is_terminal():
        note("predicting, and looking at where the network sees what it says")
    judgement = judging.report(
        model,
        options.output,
        data,
        history=None if table is None else judging.read_history(table),
        title=options.title,
        pictures=options.show,
        details=read_record(given),
        batch_size=options.batch_size,
    )
    if judgement is not None:
        right = int(judgement.right.sum())
        say(f"accuracy  {right / len(judgement):.3f} ({right} of {len(judgement)})")
    say(f"page      {name(options.output)}")
    return 0


def _compare(options) -> int:
    from theano_transfer import judging
    from theano_transfer.judging._runs import find_run
    from theano_transfer.tuning import Model

    data = None
    if options.pictures is not None:
        first = Model.load(find_run(options.runs[0])[0])
        data = _pictures(options, options.runs[0], first)
        del first
    judging.report_runs(
        options.runs, options.output, data, title=options.title, batch_size=options.batch_size
    )
    say(f"page      {name(options.output)}")
    return 0


def _pictures(options, given, model):
    """The folder of pictures as data; None where none was given."""
    from theano_transfer.images import ImageFolder

    if options.pictures is None:
        return None
    if model.task not in ("classification", "binary"):
        raise ValueError(
            f"{given!r} is a {model.task} model, and a folder has one class per "
            "picture; tt.judging.report takes other labels"
        )
    return naming_skipped(
        lambda: ImageFolder(options.pictures, on_error=options.on_error, classes=model.classes)
    )
