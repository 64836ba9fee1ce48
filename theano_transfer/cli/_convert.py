"""``theano-transfer convert``: weight files of one kind into another."""

from __future__ import annotations

import argparse

from theano_transfer.cli._console import note, say
from theano_transfer.cli._options import arguments_option, known_hash, output_file

HELP = "convert a weight file into this project's layout, or into another project's"
EPILOG = """\
What SOURCE is, its content says, not its name: Keras files of any age, whole Keras models,
PyTorch, safetensors, ONNX and Lasagne files, files of this project. docs/converting.md lists
them. Nothing in a file is ever executed. TARGET is written whole or not at all.

examples:
  theano-transfer convert vgg16_weights_tf_dim_ordering_tf_kernels.h5 vgg16.h5 --model vgg16
  theano-transfer convert narrow.weights.h5 narrow.h5 --model mobilenet --with alpha=0.25
  theano-transfer inspect vgg16.h5
  theano-transfer convert vgg16.h5 vgg16.weights.h5 --to keras
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="file to read")
    parser.add_argument("target", metavar="TARGET", type=output_file, help="file to write")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="network of the zoo that the weights belong to (theano-transfer models); whole Keras "
        "models, ONNX graphs and files of this project need none, and published files are mostly "
        "recognised",
    )
    arguments_option(
        parser,
        "an argument of the network --model, as alpha=0.5 or style=keras, where it is not the "
        "default and the file does not tell (repeatable)",
    )
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        help="what to write: keras (.weights.h5), keras-h5 (the layout of Keras 2), npz, "
        "safetensors, onnx (a graph); by default this project's layout",
    )
    parser.add_argument(
        "--backend",
        choices=("theano", "tensorflow"),
        help="what Keras ran on when it wrote SOURCE, where that does not say (Keras 1)",
    )
    parser.add_argument(
        "--hash",
        type=known_hash,
        metavar="md5:HEX",
        help="refuse SOURCE unless it has this hash, md5:HEX or sha256:HEX",
    )


def run(options: argparse.Namespace) -> int:
    from theano_transfer import weights, zoo

    if options.model is not None:
        zoo.record(options.model)  # a wrong name is found before a large file is read
    note(f"reading {options.source}")
    report = weights.convert(
        options.source,
        options.target,
        options.model,
        arguments=dict(options.arguments),
        format=options.to,
        known_hash=options.hash,
        backend=options.backend,
    )
    say(report)
    return 0
