"""Three networks by Lasagne, one loop over minibatches, the values kept in an npz file."""

import os
import tempfile

import lasagne
import numpy as np
import theano
import theano.tensor as T


def build_mlp(input_var, depth=2, width=24, drop_input=0.1, drop_hidden=0.2):
    network = lasagne.layers.InputLayer(shape=(None, 1, 10, 10), input_var=input_var)
    network = lasagne.layers.dropout(network, p=drop_input)
    for _ in range(depth):
        network = lasagne.layers.DenseLayer(
            network, width, nonlinearity=lasagne.nonlinearities.rectify
        )
        network = lasagne.layers.dropout(network, p=drop_hidden)
    softmax = lasagne.nonlinearities.softmax
    return lasagne.layers.DenseLayer(network, 2, nonlinearity=softmax)


def build_cnn(input_var):
    network = lasagne.layers.InputLayer(shape=(None, 1, 10, 10), input_var=input_var)
    network = lasagne.layers.Conv2DLayer(
        network,
        num_filters=4,
        filter_size=(3, 3),
        W=lasagne.init.GlorotUniform(),
        nonlinearity=lasagne.nonlinearities.rectify,
    )
    network = lasagne.layers.MaxPool2DLayer(network, pool_size=(2, 2))
    network = lasagne.layers.DenseLayer(lasagne.layers.dropout(network, p=0.2), num_units=8)
    return lasagne.layers.DenseLayer(
        network, num_units=2, nonlinearity=lasagne.nonlinearities.softmax
    )


def build_bn_cnn(input_var):
    """With what came after 0.1: batch normalisation, elu, global pooling, other strides."""
    layers = lasagne.layers
    network = layers.InputLayer(shape=(None, 1, 10, 10), input_var=input_var)
    network = layers.batch_norm(
        layers.Conv2DLayer(network, 6, 3, pad="same", nonlinearity=lasagne.nonlinearities.elu)
    )
    network = layers.batch_norm(layers.Conv2DLayer(network, 8, 3, stride=2, flip_filters=False))
    network = layers.GlobalPoolLayer(layers.dropout_channels(network, p=0.1))
    return layers.DenseLayer(network, 2, nonlinearity=lasagne.nonlinearities.softmax)


def iterate_minibatches(inputs, targets, batchsize, shuffle=False):
    assert len(inputs) == len(targets)
    indices = np.arange(len(inputs))
    if shuffle:
        np.random.shuffle(indices)
    for start in range(0, len(inputs) - batchsize + 1, batchsize):
        excerpt = indices[start : start + batchsize]
        yield inputs[excerpt], targets[excerpt]


def load_dataset(count):
    """A bright spot in the upper or in the lower half."""
    rng = np.random.RandomState(5)
    x = rng.normal(0, 0.2, size=(count, 1, 10, 10))
    y = rng.randint(2, size=count)
    for picture, label in zip(x, y):
        row, column = rng.randint(3) + 5 * label, rng.randint(8)
        picture[0, row : row + 2, column : column + 2] += 2
    return x.astype(theano.config.floatX), y.astype(np.int32)


def run(build, epochs=8):
    np.random.seed(1)
    lasagne.random.set_rng(np.random.RandomState(1))
    x, y = load_dataset(240)
    input_var, target_var = T.tensor4("inputs"), T.ivector("targets")
    network = build(input_var)
    prediction = lasagne.layers.get_output(network)
    loss = lasagne.objectives.categorical_crossentropy(prediction, target_var).mean()
    loss += 1e-4 * lasagne.regularization.regularize_network_params(
        network, lasagne.regularization.l2
    )
    params = lasagne.layers.get_all_params(network, trainable=True)
    updates = lasagne.updates.nesterov_momentum(loss, params, learning_rate=0.05, momentum=0.9)
    test_prediction = lasagne.layers.get_output(network, deterministic=True)
    test_acc = T.mean(
        lasagne.objectives.categorical_accuracy(test_prediction, target_var),
        dtype=theano.config.floatX,
    )
    train_fn = theano.function([input_var, target_var], loss, updates=updates)
    val_fn = theano.function([input_var, target_var], test_acc)
    for _ in range(epochs):
        for inputs, targets in iterate_minibatches(x[:200], y[:200], 20, shuffle=True):
            train_fn(inputs, targets)
    accuracy = float(val_fn(x[200:], y[200:]))

    name = os.path.join(tempfile.mkdtemp(), "model.npz")
    np.savez(name, *lasagne.layers.get_all_param_values(network))
    other = build(input_var)
    with np.load(name) as f:
        values = [f["arr_%d" % i] for i in range(len(f.files))]
    lasagne.layers.set_all_param_values(other, values)
    again = lasagne.layers.get_output(other, x[200:], deterministic=True).eval()
    same = lasagne.layers.get_output(network, x[200:], deterministic=True).eval()
    return accuracy, float(np.abs(again - same).max())


def main():
    return {build.__name__: run(build) for build in (build_mlp, build_cnn, build_bn_cnn)}


if __name__ == "__main__":
    print(main())
