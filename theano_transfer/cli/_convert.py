"""``theano-transfer convert``: other projects' weight files into our own layout."""

from __future__ import annotations

import argparse

from theano_transfer.cli._console import note, say
from theano_transfer.cli._options import known_hash, output_file

HELP = "convert a Keras or PyTorch weight file into this project's layout"
EPILOG = """\
Read are `save_weights('x.h5')` and `save('x.h5')` of Keras 2 and 3, the ImageNet files that Keras
hosts, and the PyTorch file of EfficientNet-Lite0. Nothing in a file is ever executed. TARGET is
written whole or not at all.

examples:
  theano-transfer convert vgg16_weights_tf_dim_ordering_tf_kernels.h5 vgg16.h5 --model vgg16
  theano-transfer inspect vgg16.h5
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="file to read")
    parser.add_argument("target", metavar="TARGET", type=output_file, help="file to write")
    parser.add_argument(
        "--model",
        required=True,
        metavar="NAME",
        help="network of the zoo that the weights belong to (theano-transfer models)",
    )
    parser.add_argument(
        "--hash",
        type=known_hash,
        metavar="md5:HEX",
        help="refuse SOURCE unless it has this hash, md5:HEX or sha256:HEX",
    )


def run(options: argparse.Namespace) -> int:
    from theano_transfer import weights, zoo

    zoo.record(options.model)  # a wrong name is found before a large file is read
    note(f"reading {options.source}")
    report = weights.convert(options.source, options.target, options.model, known_hash=options.hash)
    say(report)
    return 0
