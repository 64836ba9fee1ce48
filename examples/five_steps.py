"""Transfer learning in five steps, in plain Theano and Lasagne.

Prepare pictures, build a pretrained network, freeze it, add a new top, fine-tune. A frozen
parameter is one that no update expression names: the script prints which ones they name.
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
parser.add_argument("--base", default="efficientnet_lite0", help="theano-transfer models lists all")
parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
parser.add_argument("--epochs", type=int, default=15, help="of the new top; then a third of it")
parser.add_argument("--quick", action="store_true", help="few small pictures: does it run?")
options = parser.parse_args()

# 1. Prepare: pictures in one folder per class, a fifth of each class kept for validation.
pictures = tt.images.ImageFolder(options.data)
if options.quick:
    options.epochs = 1
    pictures = pictures.subset(range(0, len(pictures), 12))
train, valid, _ = pictures.split(validation=0.2, seed=0)

# 2. Build: a network trained on ImageNet, without the top that tells the 1000 classes apart.
net = tt.zoo.build(
    options.base,
    weights=None if options.weights == "none" else options.weights,
    include_top=False,
    input_shape=(3, 64, 64) if options.quick else (3, 224, 224),
)

# 3. Freeze: this layer and all that feeds it.
tt.freeze(net.output)

# 4. Add: the mean of each feature map, half of them dropped in training, a class for each folder.
features = lasagne.layers.GlobalPoolLayer(net.output)
features = lasagne.layers.DropoutLayer(features, p=0.5)
top = lasagne.layers.DenseLayer(
    features, len(pictures.classes), nonlinearity=lasagne.nonlinearities.softmax, name="top"
)

# 5. Fine-tune: a loss, the updates that make it smaller, a function that carries them out.
target = T.ivector("target")


def compile_training(learning_rate):
    """A function for a training step, for what is trainable at this moment."""
    # Not deterministic: dropout drops. Frozen batch normalisation keeps its averages all the same.
    probabilities = lasagne.layers.get_output(top)
    loss = lasagne.objectives.categorical_crossentropy(probabilities, target).mean()
    params = lasagne.layers.get_all_params(top, trainable=True)
    updates = lasagne.updates.adam(loss, params, learning_rate)
    names = [param.name for param in params]
    print(f"\nupdates are for {len(names)} parameters: {', '.join(names[:6])}"
          + (" ..." if len(names) > 6 else ""))  # fmt: skip
    print(f"frozen are {len(net.params) - sum(p in set(params) for p in net.params.values())} "
          f"of the {len(net.params)} parameters of {options.base}")  # fmt: skip
    return theano.function([net.input_var, target], loss, updates=updates)


prediction = T.argmax(lasagne.layers.get_output(top, deterministic=True), axis=1)
count_right = theano.function([net.input_var, target], T.eq(prediction, target).sum())


def batches(data, **settings):
    """Pictures at the network's size and with its own preprocessing, 32 at a time."""
    size = net["input"].shape[2:]
    return data.batches(32, size=size, preprocess=net.record.preprocessing, **settings)


def run_epochs(step, first, last):
    for epoch in range(first, last):
        losses = [step(x, y) for x, y in batches(train, shuffle=True, seed=0, epoch=epoch)]
        right = sum(count_right(x, y) for x, y in batches(valid))
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, "
              f"validation accuracy {right / len(valid):.3f}")  # fmt: skip


run_epochs(compile_training(learning_rate=1e-3), 0, options.epochs)

# The new top has learnt; now the last blocks may follow it, in small steps. The averages of
# batch normalisation stay: a few hundred pictures are too few to replace those of a million.
# What was compiled stays as it was compiled, so that the training function is compiled anew.
_, first_layer = net.record.blocks[-2]
names = list(net)
last_blocks = [net[name] for name in names[names.index(first_layer) :]]
tt.unfreeze([x for x in last_blocks if not isinstance(x, tt.layers.BatchNormLayer)])
run_epochs(
    compile_training(learning_rate=1e-4), options.epochs, options.epochs + (options.epochs + 2) // 3
)
