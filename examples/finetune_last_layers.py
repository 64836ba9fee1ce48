"""Fine-tune the last layers only: the head first, then the top blocks along with it.

Early layers see edges and colours, which serve any pictures; late ones see what ImageNet is about.
"""

import argparse
from pathlib import Path

import theano_transfer as tt

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("data", nargs="?", default=HERE / "data" / "emoji", help="class folders")
parser.add_argument("--base", default="efficientnet_lite0", help="theano-transfer models lists all")
parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
parser.add_argument("--unfreeze", help="layer or block to unfreeze from (the third from the end)")
parser.add_argument("--epochs", type=int, default=20, help="of the head; then half as many of both")
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
    head=["avg", "dropout"],
)

# A new head gives random gradients at first. They would spoil what lies below, which is frozen.
model.compile("adam", learning_rate=1e-3)
model.fit(train, validation_data=valid, epochs=options.epochs)
print("head only:  ", model.evaluate(valid))

blocks = [block for block, _ in model.net.record.blocks]
model.unfreeze(options.unfreeze or blocks[-3])
print(model.summary())
model.compile("adam", learning_rate=1e-4)
model.fit(train, validation_data=valid, epochs=(options.epochs + 1) // 2)
print("last blocks:", model.evaluate(valid))
