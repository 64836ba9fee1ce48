"""``theano-transfer fetch``: published weights into the cache, ahead of time."""

from __future__ import annotations

import argparse

from theano_transfer.cli._console import say
from theano_transfer.cli._options import arguments_option, positive_int

HELP = "download ImageNet weights, check and convert them"
EPILOG = """\
What is in the cache is not downloaded again, and what was cut is continued. Prints the path of the
converted file. $THEANO_TRANSFER_HOME is where files are kept, $THEANO_TRANSFER_MIRRORS lists
folders and addresses to look in before the publisher's, separated by blanks.

examples:
  theano-transfer fetch resnet50
  theano-transfer fetch vgg16 --without-top
  theano-transfer fetch vgg16 --from /media/weights
  theano-transfer fetch mobilenet_v2 --with alpha=0.5 --image-size 160
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="NAME", help="network of the zoo (theano-transfer models)")
    parser.add_argument(
        "--without-top", action="store_true", help="the file without the classifier"
    )
    arguments_option(
        parser,
        "an argument of the network, as theano-transfer models --files shows it (repeatable)",
    )
    parser.add_argument(
        "--image-size",
        type=positive_int,
        metavar="N",
        help="rows of the pictures that the MobileNets were trained with (default: the most)",
    )
    parser.add_argument(
        "--from",
        dest="place",
        metavar="FOLDER",
        help="address (https) or folder that has the file; its hash is checked all the same",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def run(options: argparse.Namespace) -> int:
    from theano_transfer import weights, zoo

    zoo.record(options.model)  # a wrong name gets the right ones in answer
    path = weights.fetch(
        options.model,
        not options.without_top,
        arguments=dict(options.arguments),
        image_size=options.image_size,
        base_url=options.place,
        progressbar=not options.quiet,
    )
    say(path)
    return 0
