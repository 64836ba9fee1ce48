"""A network of the GPU layers, its pickled values, and fine-tuning of its upper part."""

import os
import pickle
import tempfile

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import (
    ConcatLayer,
    DenseLayer,
    DropoutLayer,
    ElemwiseSumLayer,
    InputLayer,
    NonlinearityLayer,
)
from lasagne.layers import LocalResponseNormalization2DLayer as LRNLayer
from lasagne.layers.dnn import Conv2DDNNLayer as ConvLayer
from lasagne.layers.dnn import MaxPool2DDNNLayer as MaxPoolLayer
from lasagne.layers.dnn import Pool2DDNNLayer as PoolLayer
from lasagne.layers.dnn import batch_norm_dnn as batch_norm
from lasagne.nonlinearities import rectify, softmax


def build_model(classes):
    net = {}
    net["input"] = InputLayer((None, 3, 16, 16))
    net["conv1_1"] = ConvLayer(net["input"], 6, 3, pad=1, flip_filters=False)
    net["pool1"] = PoolLayer(net["conv1_1"], 2)
    net["norm1"] = LRNLayer(net["pool1"], alpha=0.00002, k=1)
    net["1x1"] = ConvLayer(net["norm1"], 4, 1, flip_filters=False)
    net["3x3"] = ConvLayer(net["norm1"], 4, 3, pad=1, flip_filters=False)
    net["pool_proj"] = ConvLayer(MaxPoolLayer(net["norm1"], 3, stride=1, pad=1), 4, 1)
    net["output"] = ConcatLayer([net["1x1"], net["3x3"], net["pool_proj"]])
    short = ConvLayer(net["output"], 12, 3, pad="same", b=None, nonlinearity=None)
    net["res"] = NonlinearityLayer(
        ElemwiseSumLayer([batch_norm(short), net["output"]]), nonlinearity=rectify
    )
    net["fc6"] = DenseLayer(PoolLayer(net["res"], 8, mode="average_exc_pad"), num_units=16)
    net["fc7"] = DropoutLayer(net["fc6"], p=0.1)
    net["fc8"] = DenseLayer(net["fc7"], num_units=classes, nonlinearity=None)
    net["prob"] = NonlinearityLayer(net["fc8"], softmax)
    return net


MEAN_VALUE = np.array([103.939, 116.779, 123.68])


def pictures(rng, count):
    """Red, green or blue, from 0 to 255, in the order blue, green, red."""
    labels = rng.randint(3, size=count)
    x = rng.uniform(60, 140, size=(count, 3, 16, 16))
    x[np.arange(count), labels] += 60
    return (x - MEAN_VALUE[:, None, None]).astype(theano.config.floatX), labels.astype("int32")


def main():
    rng = np.random.RandomState(0)
    lasagne.random.set_rng(np.random.RandomState(0))
    name = os.path.join(tempfile.mkdtemp(), "values.pkl")
    with open(name, "wb") as f:
        source = build_model(5)
        values = lasagne.layers.get_all_param_values(source["prob"])
        pickle.dump({"param values": values, "mean value": MEAN_VALUE}, f, protocol=2)

    net = build_model(5)
    with open(name, "rb") as f:
        model = pickle.load(f, encoding="latin1")
    lasagne.layers.set_all_param_values(net["prob"], model["param values"])
    out = DenseLayer(net["fc7"], num_units=3, nonlinearity=softmax)

    x, y = pictures(rng, 60)
    target = T.ivector()
    output = lasagne.layers.get_output(out)
    loss = lasagne.objectives.categorical_crossentropy(output, target).mean()
    params = lasagne.layers.get_all_params(out, trainable=True)[-4:]
    updates = lasagne.updates.adamax(loss, params, 0.05)
    train = theano.function([net["input"].input_var, target], loss, updates=updates)
    losses = [float(train(x, y)) for _ in range(40)]
    prob = theano.function(
        [net["input"].input_var], lasagne.layers.get_output(out, deterministic=True)
    )
    moved = [
        not np.array_equal(value, param.get_value())
        for value, param in zip(values, lasagne.layers.get_all_params(source["prob"]))
    ]
    return {
        "first": losses[0],
        "last": losses[-1],
        "right": float((prob(x).argmax(axis=1) == y).mean()),
        "source moved": any(moved),
    }


if __name__ == "__main__":
    print(main())
