"""What freezing does: the same network on the same pictures, trained in four ways.

Prints a Markdown table with the validation accuracy, its mean and spread over several splits of
the pictures, and the time that training took.
"""

import argparse
import time
from pathlib import Path

import numpy as np

import theano_transfer as tt

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("data", nargs="?", default=HERE / "data" / "emoji", help="class folders")
parser.add_argument("--base", default="efficientnet_lite0", help="theano-transfer models lists all")
parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
parser.add_argument("--epochs", type=int, default=10, help="after the head; from scratch thrice")
parser.add_argument("--seeds", type=int, default=3, help="how many splits of the pictures")
parser.add_argument("--quick", action="store_true", help="few small pictures: does it run?")
options = parser.parse_args()

pictures = tt.images.ImageFolder(options.data)
if options.quick:
    options.epochs = options.seeds = 1
    pictures = pictures.subset(range(0, len(pictures), 12))
given = None if options.weights == "none" else options.weights


def train(model, data, epochs, learning_rate):
    """Train and go back to the best epoch. Returns seconds, the time to compile included."""
    began = time.perf_counter()
    model.compile("adam", learning_rate=learning_rate)
    model.fit(data[0], validation_data=data[1], epochs=epochs, verbose=False)
    return time.perf_counter() - began


def build(weights, seed):
    size = 64 if options.quick else 224
    return tt.Model(
        options.base,
        weights=weights,
        classes=pictures.classes,
        input_shape=(3, size, size),
        seed=seed,
    )


def frozen(data, seed):
    model = build(given, seed)
    return model, train(model, data, 3 * options.epochs, 1e-3)


def partly_unfrozen(data, seed):
    model, seconds = frozen(data, seed)
    blocks = [block for block, _ in model.net.record.blocks]
    model.unfreeze(blocks[-3])
    return model, seconds + train(model, data, options.epochs, 1e-4)


def fully_unfrozen(data, seed):
    model, seconds = frozen(data, seed)
    model.unfreeze("all")
    return model, seconds + train(model, data, options.epochs, 1e-4)


def from_scratch(data, seed):
    model = build(None, seed)
    # Batch normalisation has no averages worth keeping here.
    model.unfreeze("all", batch_norm=True)
    return model, train(model, data, 3 * options.epochs, 1e-3)


print(f"{options.base}, {len(pictures)} pictures, {options.seeds} splits\n")
print("| strategy | trained parameters | validation accuracy | seconds |")
print("|---|---:|---:|---:|")
for strategy in (frozen, partly_unfrozen, fully_unfrozen, from_scratch):
    accuracies, times = [], []
    for seed in range(options.seeds):
        training, validation, _ = pictures.split(validation=0.2, seed=seed)
        model, seconds = strategy((training, validation), seed)
        accuracies.append(model.evaluate(validation)["accuracy"])
        times.append(seconds)
    count = sum(param.get_value(borrow=True).size for param in model.trainable.values())
    print(
        f"| {strategy.__name__.replace('_', ' ')} | {count:,} | "
        f"{np.mean(accuracies):.3f} ± {np.std(accuracies):.3f} | {np.mean(times):.0f} |",
        flush=True,
    )
