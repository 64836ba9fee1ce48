"""A number instead of a class: how much of a picture is not background.

The labels are measured, not made up: the share of pixels that are not white. A network that was
trained to tell a thousand things apart has to learn to say how large one is.
"""

import argparse
from pathlib import Path

import numpy as np

import theano_transfer as tt

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("data", nargs="?", default=HERE / "data" / "emoji", help="class folders")
parser.add_argument("--base", default="efficientnet_lite0", help="theano-transfer models lists all")
parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--quick", action="store_true", help="few small pictures: does it run?")
options = parser.parse_args()

paths = sorted(Path(options.data).glob("*/*.png"))
if options.quick:
    options.epochs = 1
    paths = paths[::12]


def share_of_foreground(path):
    """Share of the pixels that are not white; what is transparent shows white."""
    return (tt.images.load(path) < 250).any(axis=0).mean()


shares = np.array([share_of_foreground(path) for path in paths], dtype="float32")
pictures = tt.images.ImageFiles(paths, shares)
train, valid, _ = pictures.split(validation=0.2, seed=0)

model = tt.Model(
    options.base,
    weights=None if options.weights == "none" else options.weights,
    input_shape=(3, 64, 64) if options.quick else (3, 224, 224),
    classes=1,  # one number
    task="regression",  # a linear last layer
    head=["avg", 64],
)
model.compile("adam", loss="mse", metrics=["mae"], learning_rate=1e-3)
model.fit(train, validation_data=valid, epochs=options.epochs)

predicted = model.predict(valid)[:, 0]
error = np.abs(predicted - valid.labels).mean()
# What a model has to beat: saying the mean of the training pictures every time.
guessing = np.abs(train.labels.mean() - valid.labels).mean()
print(f"mean absolute error {error:.3f}; always saying the mean: {guessing:.3f}")
for path, share, guess in list(zip(valid.paths, valid.labels, predicted))[:5]:
    print(f"{Path(path).name}: {share:.2f}, predicted {guess:.2f}")
