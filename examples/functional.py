"""A function that builds the network for any number of classes, and one that compiles it.

The functional variant of the tutorials: `build(num_classes)` returns layers, `compile_network`
turns them into functions, and both know nothing of the pictures.
"""

import argparse
from pathlib import Path

import numpy as np

import theano_transfer as tt  # makes the imports below work, and so comes first

# isort: split
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, DropoutLayer, GlobalPoolLayer, get_all_params, get_output
from lasagne.nonlinearities import softmax
from lasagne.objectives import categorical_crossentropy
from lasagne.updates import nesterov_momentum

HERE = Path(__file__).parent


def build(num_classes, base="efficientnet_lite0", weights="imagenet", size=224):
    """A frozen base and a new top: layer name -> Lasagne layer."""
    net = tt.zoo.build(base, weights=weights, include_top=False, input_shape=(3, size, size))
    tt.freeze(net)
    x = net.add(GlobalPoolLayer(net.output, name="mean"))
    x = net.add(DenseLayer(x, 256, name="dense"))
    x = net.add(DropoutLayer(x, 0.5, name="dropout"))
    net.add(DenseLayer(x, num_classes, nonlinearity=softmax, name="classes"))
    return net


def compile_network(net, learning_rate):
    """(train, count_right): functions of pictures and class numbers."""
    target = T.ivector("target")
    # While training, dropout drops; a deterministic output is for everything else.
    loss = categorical_crossentropy(get_output(net.output), target).mean()
    params = get_all_params(net.output, trainable=True)
    updates = nesterov_momentum(loss, params, learning_rate, momentum=0.9)
    train = theano.function([net.input_var, target], loss, updates=updates)
    tt.assert_frozen(net["mean"], train)  # a check that costs nothing

    best = T.argmax(get_output(net.output, deterministic=True), axis=1)
    count_right = theano.function([net.input_var, target], T.eq(best, target).sum())
    return train, count_right


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", default=HERE / "data" / "emoji", help="class folders")
    parser.add_argument("--base", default="efficientnet_lite0", help="a name of the zoo")
    parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="few small pictures: does it run?")
    options = parser.parse_args()

    pictures = tt.images.ImageFolder(options.data)
    if options.quick:
        options.epochs = 1
        pictures = pictures.subset(range(0, len(pictures), 12))
    training, validation, _ = pictures.split(validation=0.2, seed=0)

    size = 64 if options.quick else 224
    weights = None if options.weights == "none" else options.weights
    net = build(len(pictures.classes), options.base, weights, size)
    print(tt.show.table(net), "\n")
    train, count_right = compile_network(net, learning_rate=0.01)

    how = {"size": size, "preprocess": net.record.preprocessing}
    for epoch in range(options.epochs):
        batches = training.batches(32, shuffle=True, seed=0, epoch=epoch, **how)
        losses = [train(x, y) for x, y in batches]
        right = sum(count_right(x, y) for x, y in validation.batches(32, **how))
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, "
              f"validation accuracy {right / len(validation):.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
