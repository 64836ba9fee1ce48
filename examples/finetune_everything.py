"""Fine-tune the whole network, in small steps, once its new head has settled."""

import argparse
from pathlib import Path

import theano_transfer as tt

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("data", nargs="?", default=HERE / "data" / "emoji", help="class folders")
parser.add_argument("--base", default="efficientnet_lite0", help="theano-transfer models lists all")
parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
parser.add_argument("--epochs", type=int, default=8, help="of everything, after the head's")
parser.add_argument("--output", help="where to save the model")
parser.add_argument("--quick", action="store_true", help="few small pictures: does it run?")
options = parser.parse_args()

pictures = tt.images.ImageFolder(options.data)
if options.quick:
    options.epochs = 1
    pictures = pictures.subset(range(0, len(pictures), 12))
train, valid, _ = pictures.split(validation=0.2, seed=0)

model = tt.Model(
    options.base,
    weights=None if options.weights == "none" else options.weights,
    input_shape=(3, 64, 64) if options.quick else (3, 224, 224),
    classes=pictures.classes,
)
model.compile("adam", learning_rate=1e-3)
model.fit(train, validation_data=valid, epochs=2 * options.epochs)
print("head only: ", model.evaluate(valid))

# Batch normalisation stays frozen unless unfreeze is told otherwise: with batches of 32 its
# averages would drift away from those of the million pictures that it has seen.
model.unfreeze("all")
model.compile("adam", learning_rate=1e-4)
# Ctrl-C ends training in good order: the best weights so far come back.
history = model.fit(
    train,
    validation_data=valid,
    epochs=options.epochs,
    early_stopping=4,
    augment=tt.images.Augmentation(horizontal_flip=True, zoom_range=0.1, rotation_range=10),
)
print("everything:", model.evaluate(valid))
if options.output:
    model.save(options.output)
    tt.show.curves(history, Path(options.output).with_suffix(".png"))
