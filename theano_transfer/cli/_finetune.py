"""``theano-transfer finetune``: a pretrained network learns the classes of a folder."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from theano_transfer.cli._console import PROGRAM, name, note, say
from theano_transfer.cli._options import (
    add_device,
    cache,
    count,
    fraction,
    mebibytes,
    output_file,
    positive_int,
    rate,
)
from theano_transfer.cli._pictures import naming_skipped
from theano_transfer.cli._run_folder import outcome, prepare, write_record

HELP = "fine-tune a pretrained network to the pictures in a folder"
EPILOG = """\
DIR holds one folder per class, with its pictures in it, or such folders in DIR/train and
DIR/validation. First a new head is trained on the frozen base, then the top of the base is
unfrozen and trained along, more slowly. The model in the output file is at all times the best so
far, so that Ctrl-C loses nothing but the epoch it falls into.

The best epoch is chosen by the loss on the validation pictures, so their accuracy flatters a
little; `theano-transfer evaluate` measures on pictures that you kept apart.

examples:
  theano-transfer finetune examples/data/emoji
  theano-transfer finetune photos --base resnet50 --unfreeze conv5_block3_1_conv --output cats.h5
  theano-transfer finetune photos --epochs 10 --unfreeze none --quiet
  theano-transfer finetune photos --run runs/1
  theano-transfer finetune --resume runs/1
"""
# Not argparse's: a run that is gone on with has to know which options were typed.
DEFAULTS: dict[str, Any] = {
    "base": "efficientnet_lite0",
    "weights": "imagenet",
    "epochs": 30,
    "unfreeze": "auto",
    "unfreeze_epochs": 10,
    "learning_rate": 1e-3,
    "batch_size": 32,
    "augment": False,
    "patience": 5,
    "seed": 0,
    "cache": "auto",
    "validation_split": 0.2,
    "on_error": "skip",
    "tensorboard": False,
}
SLOWER = 10  # the unfrozen part learns so many times more slowly than the head alone
TRAIN_NAMES = ("train", "training")
VALIDATION_NAMES = ("validation", "valid", "val")


def configure(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("folder", metavar="DIR", nargs="?", help="pictures, one folder per class")
    which.add_argument(
        "--resume", metavar="FOLDER",
        help="go on with the run in FOLDER, with its own options; more epochs can be asked for",
    )  # fmt: skip
    what = parser.add_argument_group("network")
    what.add_argument(
        "--base", metavar="NAME",
        help=f"network to start from; see theano-transfer models (default: {DEFAULTS['base']})",
    )  # fmt: skip
    what.add_argument(
        "--weights", metavar="imagenet|FILE|none",
        help="weights to start from; none: random, and all is trained "
        f"(default: {DEFAULTS['weights']})",
    )  # fmt: skip
    what.add_argument(
        "--size", type=positive_int, metavar="N",
        help="rows and columns that pictures are brought to (default: the network's own)",
    )  # fmt: skip
    training = parser.add_argument_group("training")
    training.add_argument(
        "--epochs", type=positive_int, metavar="N",
        help=f"epochs of the head, on a frozen base (default: {DEFAULTS['epochs']})",
    )  # fmt: skip
    training.add_argument(
        "--unfreeze", metavar="LAYER",
        help="then train from this layer or block on, too; auto: the upper third of the blocks, "
        f"all: everything, none: nothing more (default: {DEFAULTS['unfreeze']})",
    )  # fmt: skip
    training.add_argument(
        "--unfreeze-epochs", type=positive_int, metavar="N",
        help=f"epochs of that (default: {DEFAULTS['unfreeze_epochs']})",
    )  # fmt: skip
    training.add_argument(
        "--learning-rate", type=rate, metavar="RATE",
        help=f"of the head, by Adam; a {SLOWER}th of it after unfreezing "
        f"(default: {DEFAULTS['learning_rate']})",
    )  # fmt: skip
    training.add_argument(
        "--batch-size", type=positive_int, metavar="N",
        help=f"pictures in a training step (default: {DEFAULTS['batch_size']})",
    )  # fmt: skip
    training.add_argument(
        "--augment", action="store_true", default=None,
        help="train on randomly mirrored, turned, shifted and zoomed pictures; slower, because "
        "the frozen part has to see every picture in every epoch (but see --cache-variants)",
    )  # fmt: skip
    training.add_argument(
        "--patience", type=positive_int, metavar="N",
        help="stop after so many epochs without a better validation loss "
        f"(default: {DEFAULTS['patience']})",
    )  # fmt: skip
    training.add_argument("--seed", type=count, metavar="N", help="of all randomness")
    features = parser.add_argument_group(
        "features of the frozen part", "are computed once for each picture and kept"
    )
    features.add_argument(
        "--cache", type=cache, metavar="auto|memory|disk|FILE|none",
        help="where: auto and memory until the end, disk in your cache folder, FILE (.h5) in a "
        f"file of your own, for later runs too (default: {DEFAULTS['cache']})",
    )  # fmt: skip
    features.add_argument(
        "--cache-size", type=mebibytes, metavar="MIB", dest="cache_bytes",
        help="what they may take (default: 1024 in memory, 4096 on disk)",
    )  # fmt: skip
    features.add_argument(
        "--cache-variants", type=positive_int, metavar="N",
        help="with --augment: keep N variants of each picture and take them in turn, instead of "
        "new ones in every epoch",
    )  # fmt: skip
    data = parser.add_argument_group("data and output")
    held_out = data.add_mutually_exclusive_group()
    held_out.add_argument(
        "--validation", metavar="DIR", help="validation pictures in a folder of their own"
    )
    held_out.add_argument(
        "--validation-split", type=fraction, metavar="SHARE",
        help="share of the pictures of each class to validate with "
        f"(default: {DEFAULTS['validation_split']})",
    )  # fmt: skip
    data.add_argument(
        "--on-error", choices=("skip", "raise"),
        help="what to do about files that are no readable pictures "
        f"(default: {DEFAULTS['on_error']})",
    )  # fmt: skip
    data.add_argument(
        "--output", type=output_file, metavar="FILE",
        help="where to save the model (default: model.h5, with --run in its folder)",
    )  # fmt: skip
    whole = parser.add_argument_group(
        "a run that can be gone on with",
        "after Ctrl-C, SIGTERM or a crash; it ends with the same numbers as if it had not stopped",
    )
    whole.add_argument(
        "--run", metavar="FOLDER",
        help="keep the run in a new folder: the command, versions, hashes and seed (run.json), "
        "its states, logs and, unless --output is given, the model",
    )  # fmt: skip
    whole.add_argument(
        "--tensorboard", action="store_true", default=None,
        help="with --run: event files for TensorBoard too (needs tensorboardX)",
    )  # fmt: skip
    data.add_argument("--quiet", action="store_true", help="write nothing about the progress")
    add_device(data)


def run(options: argparse.Namespace) -> int:
    from theano_transfer import zoo

    prepare(options, DEFAULTS)
    if options.tensorboard and options.run is None:
        raise ValueError("--tensorboard writes into the folder of a run; give --run too")
    zoo.record(options.base)  # a wrong name is found before pictures are decoded
    if options.cache_variants and not options.augment:
        raise ValueError("--cache-variants is about augmented pictures; give --augment too")
    train, valid = load_data(options)
    from theano_transfer.cli._phases import Phases

    phases = Phases(options, train, valid)
    if options.run is not None:
        write_record(options, train, valid, phases.model.net)
    try:
        phases.run()
    except KeyboardInterrupt:
        phases.interrupted = True
    except SystemExit:
        note(f"{PROGRAM}: stopped by SIGTERM; {_way_on(options)}")
        raise
    except Exception:
        if phases.best.is_saved:
            note(f"{PROGRAM}: the best model before this error is in {name(options.output)}")
        raise
    if not phases.best.is_saved:
        note(f"{PROGRAM}: interrupted before the first epoch was finished; {_way_on(options)}")
        return 130
    if options.run is not None:
        outcome(options, phases.history)
    report(options, phases, valid)
    return 130 if phases.interrupted else 0


def _way_on(options) -> str:
    if options.run is None:
        return "nothing was saved"
    return f"`{_typed()} finetune --resume {_quoted(options.run)}` goes on"


def load_data(options: argparse.Namespace):
    """Training and validation pictures, as the options say."""
    from theano_transfer.images import ImageFolder

    folder, validation = options.folder, options.validation
    if validation is None:
        folder, validation = parts_of(folder)
    if validation is None:
        data = naming_skipped(lambda: ImageFolder(folder, on_error=options.on_error))
        train, valid, _ = data.split(options.validation_split, seed=options.seed)
    else:
        train, valid, _ = naming_skipped(
            lambda: ImageFolder.from_folders(
                train=folder, validation=validation, on_error=options.on_error
            )
        )
    if not options.quiet:
        note(
            f"{len(train)} pictures to train with, {len(valid)} to validate with, "
            f"{len(train.classes)} classes: {', '.join(map(name, train.classes))}"
        )
    return train, valid


def parts_of(folder: str) -> tuple[str, str | None]:
    """(folder, None), or folders for training and validation where `folder` holds just these."""
    try:
        inside = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
    except OSError:
        return folder, None  # the data set says what is wrong with it
    trains = [part for part in inside if part.lower() in TRAIN_NAMES]
    valids = [part for part in inside if part.lower() in VALIDATION_NAMES]
    if len(trains) == len(valids) == 1 and len(inside) == 2:
        return os.path.join(folder, trains[0]), os.path.join(folder, valids[0])
    return folder, None


def report(options: argparse.Namespace, phases, valid) -> None:
    """Pictures of the training, the figures of the best model, and what to type next."""
    from theano_transfer import show

    model, best = phases.model, phases.best
    best.restore(model)
    output = Path(options.output)
    curves = output.with_name(f"{output.stem}_curves.png")
    confusion = output.with_name(f"{output.stem}_confusion.png")
    show.curves(phases.history, curves)
    phases.history.write_csv(output.with_name(f"{output.stem}_history.csv"))
    predictions = model.predict(valid, batch_size=options.batch_size)
    matrix = show.confusion_matrix(valid.labels, predictions, model.classes, path=confusion)
    right, total = int(matrix.trace()), int(matrix.sum())
    if phases.interrupted:
        note(f"{PROGRAM}: interrupted; the best model so far is saved")
        if options.run is not None:
            note(f"{PROGRAM}: {_way_on(options)}")
    say(f"validation accuracy  {right / total:.3f} ({right} of {total}), epoch {best.epoch}")
    say(f"model                {name(output)}")
    say(f"curves               {name(curves)}")
    say(f"confusion matrix     {name(confusion)}")
    say()
    say("To try the model on a picture that it was not trained with:")
    say(f"  {_typed()} predict {_quoted(output)} {_quoted(example_of(valid.paths))}")


def example_of(paths: list[str]) -> str:
    """A path that can be typed, if there is one."""
    return next((path for path in paths if path.isprintable()), paths[0])


def _typed() -> str:
    """What to type for this program: its path where the shell would not find its name."""
    started = Path(sys.argv[0])
    if started.name != PROGRAM or shutil.which(PROGRAM) == str(started.resolve()):
        return PROGRAM
    return _quoted(os.path.relpath(started))


def _quoted(path) -> str:
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
