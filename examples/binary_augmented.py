"""One class or the other, from two folders, on randomly changed pictures.

As the tutorials have it: pixels times 1/255, shear 0.2, zoom 0.2, horizontal flip, and one
sigmoid unit: the probability of the second class.
"""

import argparse
from pathlib import Path

import numpy as np

import theano_transfer as tt  # makes the imports below work, and so comes first

# isort: split
import lasagne
import theano
import theano.tensor as T

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("data", nargs="?", default=HERE / "data" / "emoji", help="class folders")
parser.add_argument("--classes", nargs=2, metavar=("NO", "YES"), help="two of them (the first two)")
parser.add_argument("--base", default="efficientnet_lite0", help="theano-transfer models lists all")
parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--quick", action="store_true", help="few small pictures: does it run?")
options = parser.parse_args()

# The pictures of two folders; their labels are 0 and 1.
folder = tt.images.ImageFolder(options.data)
classes = options.classes or folder.classes[:2]
numbers = [folder.classes.index(name) for name in classes]
pairs = [(p, numbers.index(k)) for p, k in zip(folder.paths, folder.labels) if k in numbers]
pictures = tt.images.ImageFiles([p for p, _ in pairs], [k for _, k in pairs], classes=classes)
if options.quick:
    options.epochs = 1
    pictures = pictures.subset(range(0, len(pictures), 6))
train, valid, _ = pictures.split(validation=0.2, seed=0)
size = 64 if options.quick else 224

# Shear is in degrees, as in Keras: 0.2 is next to nothing, and 15 would be a shear one can see.
augmentation = tt.images.Augmentation(
    rescale=1 / 255, shear_range=0.2, zoom_range=0.2, horizontal_flip=True
)

# Pictures arrive as numbers from 0 to 1, but each network was trained with a preprocessing of its
# own. Preprocessing works on symbolic variables too, so it becomes part of the graph.
zero_to_one = T.tensor4("pictures")
preprocessing = tt.zoo.record(options.base).preprocessing
net = tt.zoo.build(
    options.base,
    weights=None if options.weights == "none" else options.weights,
    include_top=False,
    pooling="avg",
    input_shape=(3, size, size),
    input_var=tt.images.preprocess_input(255 * zero_to_one, preprocessing),
)
tt.freeze(net.output)
hidden = lasagne.layers.DropoutLayer(lasagne.layers.DenseLayer(net.output, 64), p=0.5)
top = lasagne.layers.DenseLayer(hidden, 1, nonlinearity=T.sigmoid)

# One output of shape (n, 1) against labels of shape (n,): flatten, or they would be broadcast.
label = T.ivector("label")
probability = lasagne.layers.get_output(top).flatten()
loss = lasagne.objectives.binary_crossentropy(probability, label).mean()
params = lasagne.layers.get_all_params(top, trainable=True)
updates = lasagne.updates.rmsprop(loss, params, learning_rate=1e-3)
step = theano.function([zero_to_one, label], loss, updates=updates)

says_yes = lasagne.layers.get_output(top, deterministic=True).flatten() > 0.5
count_right = theano.function([zero_to_one, label], T.eq(says_yes, label).sum())

# 'identity': rescale is all that happens to the pixels outside of the graph.
how = {"batch_size": 32, "size": size, "preprocess": "identity"}
print(f"{classes[0]} (0) or {classes[1]} (1): {len(train)} pictures, {len(valid)} for validation")
for epoch in range(options.epochs):
    changed = train.batches(shuffle=True, epoch=epoch, augment=augmentation, **how)
    losses = [step(x, y) for x, y in changed]
    unchanged = valid.batches(augment=augmentation.for_evaluation(), **how)
    right = sum(count_right(x, y) for x, y in unchanged)
    print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, "
          f"validation accuracy {right / len(valid):.3f}")  # fmt: skip
