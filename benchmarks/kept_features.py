"""Seconds of an epoch that runs the frozen base, and of one on kept features.

    python benchmarks/kept_features.py
    python benchmarks/kept_features.py --base vgg16 --head flatten,256,dropout --weights none

Both train a head on the pictures of a folder and validate on a fifth of them. Printed are medians
over the epochs after the first, and how many times the one takes the other.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np

import theano_transfer as tt

EMOJI = Path(__file__).parents[1] / "examples" / "data" / "emoji"


def main():
    options = parsed()
    train, valid = data_sets(options)
    print(f"{options.base}: {len(train)} pictures to train with, {len(valid)} to validate with")
    without = seconds(options, train, valid, options.epochs, cache=False)
    usual = statistics.median(without[1:])
    print(f"base in every epoch  first {without[0]:7.2f} s, then {1000 * usual:9.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "features.h5"
        kept = (("kept in memory", "memory"), ("kept in a file", file), ("file, found again", file))
        for title, cache in kept:
            measured = seconds(options, train, valid, options.cached_epochs, cache=cache)
            median = statistics.median(measured[1:])
            print(
                f"{title:19}  first {measured[0]:7.2f} s, then {1000 * median:9.1f} ms: "
                f"1/{usual / median:.0f}"
            )
        print(f"the file took {file.stat().st_size / 2**20:.1f} MiB")


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="efficientnet_lite0")
    parser.add_argument("--weights", default="imagenet", help="or none, for random ones")
    parser.add_argument("--head", default="avg,dropout", help="steps with commas between")
    parser.add_argument("--folder", default=EMOJI, help="pictures, one folder per class")
    parser.add_argument("--times", type=int, default=1, help="so many shifted copies of each")
    parser.add_argument("--epochs", type=int, default=4, help="with the base in each")
    parser.add_argument("--cached-epochs", type=int, default=12)
    return parser.parse_args()


def data_sets(options):
    data = tt.images.ImageFolder(options.folder)
    if options.times > 1:
        pictures = np.stack([tt.images.load(path, size=(224, 224)) for path in data.paths])
        copies = [np.roll(pictures, number, axis=3) for number in range(options.times)]
        labels = np.tile(data.labels, options.times)
        arrays = tt.images.ArrayData(np.concatenate(copies), labels, classes=data.classes)
        return arrays.split(validation=0.2, seed=0)[:2]
    return data.split(validation=0.2, seed=0)[:2]


def seconds(options, train, valid, epochs, cache):
    model = tt.Model(
        options.base,
        classes=train.classes,
        weights=None if options.weights == "none" else options.weights,
        head=[int(step) if step.isdigit() else step for step in options.head.split(",")],
    )
    model.compile("adam", learning_rate=1e-3)
    history = model.fit(train, validation_data=valid, epochs=epochs, cache=cache, verbose=False)
    return history.seconds


if __name__ == "__main__":
    main()
