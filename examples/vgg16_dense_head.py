"""VGG16 under Flatten, Dense 256, Dropout 0.5 and a softmax: the usual first tutorial.

Ten epochs with VGG16 frozen, then five with everything unfrozen and a small learning rate.
VGG16's ImageNet weights (59 MB) are downloaded on first use. Without a network the script says
which file to put where, and goes on with EfficientNet-Lite0, which ships with the project.
"""

import argparse
from pathlib import Path

import theano_transfer as tt

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("data", nargs="?", default=HERE / "data" / "emoji", help="class folders")
parser.add_argument("--base", default="vgg16", help="theano-transfer models lists all")
parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
parser.add_argument("--epochs", type=int, default=10, help="frozen; then half as many unfrozen")
parser.add_argument("--quick", action="store_true", help="few small pictures: does it run?")
options = parser.parse_args()

pictures = tt.images.ImageFolder(options.data)
if options.quick:
    options.epochs = 1
    pictures = pictures.subset(range(0, len(pictures), 12))
train, valid, _ = pictures.split(validation=0.2, seed=0)


def build(base):
    return tt.Model(
        base,
        weights=None if options.weights == "none" else options.weights,
        input_shape=(3, 64, 64) if options.quick else (3, 224, 224),
        classes=pictures.classes,
        # A number is a dense layer with relu. The softmax layer, one unit for each class, is
        # added by itself.
        head=["flatten", 256, ("dropout", 0.5)],
    )


try:
    model = build(options.base)
except tt.weights.WeightsUnavailableError as error:
    print(f"{error}\n\nGoing on with efficientnet_lite0 in place of {options.base}.\n")
    model = build("efficientnet_lite0")

# The base is frozen from the beginning. What it makes of each picture is computed once and kept,
# so that the epochs after the first are quick.
model.compile("adam", loss="categorical_crossentropy", learning_rate=1e-4)
model.fit(train, validation_data=valid, epochs=options.epochs)
print("frozen base: ", model.evaluate(valid))

# Everything may change now, a little. Compile again: a compiled function keeps to what was frozen
# when it was compiled, and fit refuses one that no longer fits.
model.unfreeze("all")
model.compile("adam", loss="categorical_crossentropy", learning_rate=1e-5)
model.fit(train, validation_data=valid, epochs=(options.epochs + 1) // 2)
print("all unfrozen:", model.evaluate(valid))
