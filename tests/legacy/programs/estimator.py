"""A network as an estimator: layers by name, validation, early stopping, saving and loading."""

import os
import pickle
import tempfile

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, DropoutLayer, InputLayer
from lasagne.nonlinearities import softmax
from lasagne.updates import nesterov_momentum


class EarlyStopping:
    def __init__(self, patience=5):
        self.patience, self.best, self.epoch, self.values = patience, np.inf, 0, None

    def __call__(self, net, history):
        loss = history[-1]["valid_loss"]
        if loss < self.best:
            self.best, self.epoch = loss, len(history)
            self.values = net.get_all_params_values()
        elif len(history) - self.epoch >= self.patience:
            net.load_params_from(self.values)
            raise StopIteration


class AdjustVariable:
    def __init__(self, name, start, stop):
        self.name, self.start, self.stop = name, start, stop

    def __call__(self, net, history):
        rates = np.linspace(self.start, self.stop, net.max_epochs)
        getattr(net, self.name).set_value(np.asarray(rates[len(history) - 1], "float32"))


class Estimator:
    def __init__(self, layers, update=nesterov_momentum, max_epochs=40, on_epoch=(), **settings):
        self.layers, self.update, self.max_epochs = layers, update, max_epochs
        self.on_epoch, self.history = list(on_epoch), []
        self.update_settings = {
            name[7:]: value for name, value in settings.items() if name.startswith("update_")
        }
        self.layer_settings = {
            name: value for name, value in settings.items() if not name.startswith("update_")
        }

    def initialize(self):
        self.layers_, below = {}, None
        for name, kind in self.layers:
            prefix = name + "_"
            settings = {
                key[len(prefix) :]: value
                for key, value in self.layer_settings.items()
                if key.startswith(prefix)
            }
            args = () if below is None else (below,)
            below = self.layers_[name] = kind(*args, name=name, **settings)
        X, y = below_input(below).input_var, T.ivector("y")
        loss = lasagne.objectives.categorical_crossentropy
        train = lasagne.objectives.aggregate(loss(lasagne.layers.get_output(below), y))
        fixed = lasagne.layers.get_output(below, deterministic=True)
        self.output_ = below
        for name, value in self.update_settings.items():
            setattr(self, "update_" + name, value)
        params = lasagne.layers.get_all_params(below, trainable=True)
        updates = self.update(train, params, **self.update_settings)
        allow = {"allow_input_downcast": True}
        self.train_iter_ = theano.function([X, y], train, updates=updates, **allow)
        self.eval_iter_ = theano.function([X, y], loss(fixed, y).mean(), **allow)
        self.predict_iter_ = theano.function([X], fixed, **allow)

    def fit(self, X, y):
        if not hasattr(self, "output_"):
            self.initialize()
        cut = len(X) * 4 // 5
        for _ in range(self.max_epochs):
            batches = [slice(i, i + 16) for i in range(0, cut, 16)]
            train = np.mean([self.train_iter_(X[rows][:cut], y[rows]) for rows in batches])
            valid = float(self.eval_iter_(X[cut:], y[cut:]))
            self.history.append({"train_loss": float(train), "valid_loss": valid})
            try:
                for call in self.on_epoch:
                    call(self, self.history)
            except StopIteration:
                break
        return self

    def predict(self, X):
        return self.predict_iter_(X).argmax(axis=1)

    def get_all_params_values(self):
        return {
            name: [p.get_value() for p in layer.get_params()]
            for name, layer in self.layers_.items()
        }

    def load_params_from(self, values):
        for name, layer in self.layers_.items():
            for param, value in zip(layer.get_params(), values[name]):
                param.set_value(value)

    def save_params_to(self, name):
        with open(name, "wb") as f:
            pickle.dump(self.get_all_params_values(), f, -1)


def below_input(layer):
    return next(
        each for each in lasagne.layers.get_all_layers(layer) if isinstance(each, InputLayer)
    )


def make(**settings):
    return Estimator(
        layers=[
            ("input", InputLayer),
            ("hidden", DenseLayer),
            ("dropout", DropoutLayer),
            ("output", DenseLayer),
        ],
        input_shape=(None, 2),
        hidden_num_units=12,
        dropout_p=0.1,
        output_num_units=3,
        output_nonlinearity=softmax,
        update_learning_rate=theano.shared(np.float32(0.1)),
        update_momentum=0.9,
        **settings,
    )


def main():
    rng = np.random.RandomState(4)
    lasagne.random.set_rng(np.random.RandomState(4))
    centres = np.array([[0, 3], [3, -2], [-3, -2]])
    y = rng.randint(3, size=150).astype("int32")
    X = centres[y] + rng.normal(size=(150, 2))  # float64, which is not what the network takes
    stop = EarlyStopping(patience=6)
    net = make(on_epoch=[AdjustVariable("update_learning_rate", 0.1, 0.01), stop])
    net.fit(X, y)
    name = os.path.join(tempfile.mkdtemp(), "params.pkl")
    net.save_params_to(name)
    other = make()
    other.initialize()
    with open(name, "rb") as f:
        other.load_params_from(pickle.load(f))
    return {
        "right": float((net.predict(X) == y).mean()),
        "same": bool((net.predict(X) == other.predict(X)).all()),
        "epochs": len(net.history),
        "rate": float(net.update_learning_rate.get_value()),
    }


if __name__ == "__main__":
    print(main())
