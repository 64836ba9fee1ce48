"""The compiled functions of a model: features, one training step, scores, measures.

A network is cut at :func:`~theano_transfer.tuning._cut.find_cut`. Below the cut, one function
turns pictures into features; training, prediction and evaluation share it, so the base is
compiled once. Above the cut, everything is a function of the features.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property

import theano
import theano.tensor as T
from lasagne.layers import InputLayer, Layer, get_all_layers, get_output

from theano_transfer.kernels import mode_for
from theano_transfer.tuning._freeze import assert_frozen, is_frozen, trainable_params
from theano_transfer.tuning._losses import Loss, per_item
from theano_transfer.tuning._scores import split_prediction


class Inference:
    """Pictures to features to predictions.

    Parameters
    ----------
    output : Layer
        The layer that predicts; (n, outputs).
    cut : Layer
        From :func:`~theano_transfer.tuning._cut.find_cut`.
    precision : {'float32', 'bfloat16'}
        Of what lies below the cut.

    Attributes
    ----------
    features_var : Theano variable
        What comes out of the cut; the network's input variable where the cut is its input.
    features_expression : Theano expression
        The same, of ``input_var``; there if :attr:`is_cut`.
    """

    def __init__(self, output: Layer, cut: Layer, precision: str = "float32"):
        self.precision = precision
        self.output = output
        self.cut = cut
        entry = next(x for x in get_all_layers(self.cut) if isinstance(x, InputLayer))
        self.input_var = entry.input_var
        self.is_grey = entry.shape[1] == 1
        if self.cut is entry:
            self.features_var = self.input_var
        else:
            self.features_expression = get_output(self.cut, deterministic=True)
            self.features_var = self.features_expression.type("features")

    @property
    def is_cut(self) -> bool:
        """Whether there is anything below the cut."""
        return self.features_var is not self.input_var

    def prediction(self, *, deterministic: bool):
        """The network's output as an expression of ``features_var``."""
        return get_output(
            self.output, inputs={self.cut: self.features_var}, deterministic=deterministic
        )

    @cached_property
    def features(self):
        """Compiled: pictures (n, channels, rows, columns) -> features (n, ...).

        A network with one channel gets the mean of the three, after preprocessing.
        """
        if self.is_cut:
            compute = theano.function(
                [self.input_var],
                self.features_expression,
                name="features",
                mode=mode_for(self.precision),
            )
        else:
            compute = _unchanged
        return (lambda pictures: compute(as_grey(pictures))) if self.is_grey else compute

    @cached_property
    def _scores(self):
        return split_prediction(self.prediction(deterministic=True))

    @cached_property
    def scores(self):
        """Compiled: features -> what goes into the last softmax or sigmoid, (n, outputs)."""
        return theano.function([self.features_var], self._scores[0], name="scores")

    def from_scores(self):
        """A variable for scores, and the prediction as an expression of it."""
        expression, activation = self._scores
        scores = expression.type("scores")
        return scores, activation(scores)

    @cached_property
    def activate(self):
        """Compiled: scores -> predictions."""
        scores, prediction = self.from_scores()
        return theano.function([scores], prediction, name="activate")

    def predict(self, pictures):
        """Predictions (n, outputs) for one batch of preprocessed pictures."""
        return self.activate(self.scores(self.features(pictures)))


def _unchanged(pictures):
    return pictures


def as_grey(pictures):
    """(n, channels, rows, columns) -> (n, 1, rows, columns), the mean of the channels."""
    return pictures.mean(axis=1, keepdims=True, dtype=pictures.dtype)


class Objective:
    """What training minimises and what is reported, as expressions.

    Parameters
    ----------
    loss : Loss
    metrics : mapping of str to callable
        (prediction, target) -> expression; see :mod:`theano_transfer.tuning._metrics`.
    """

    def __init__(self, loss: Loss, metrics):
        self.loss = loss
        self.metrics = OrderedDict(metrics)

    @property
    def names(self) -> list[str]:
        return ["loss", *self.metrics]

    def target_var(self):
        """A variable for targets: class indices, or a row for each item."""
        return T.ivector("target") if self.loss.indices else T.matrix("target")

    def item_losses(self, prediction, target):
        return per_item(self.loss.function(prediction, target), target)

    def mean_loss(self, prediction, target, weight):
        """Of the items, each times its weight."""
        # Divided by a length that is known, not by that of a product.
        count = T.cast(weight.shape[0], theano.config.floatX)
        return self._weighted(prediction, target, weight) / count

    def _weighted(self, prediction, target, weight):
        return (self.item_losses(prediction, target) * weight).sum()

    def sums(self, prediction, target, weight):
        """Sums over the batch: of weighted losses, and of each metric (which has no weights)."""
        loss = self._weighted(prediction, target, weight)
        rest = (
            T.cast(per_item(metric(prediction, target), target), theano.config.floatX).sum()
            for metric in self.metrics.values()
        )
        return [loss, *rest]


# From so many updates on, looking for elementwise operations that could work in place takes longer
# than everything else about compiling (its time grows with the square of their number: 21 of 40 s
# for all of ResNet50), while a step gains nothing measurable.
MANY_UPDATES = 64


def _mode_for(updates: int):
    mode = theano.compile.get_default_mode()
    return mode.excluding("inplace_elemwise_optimizer") if updates >= MANY_UPDATES else mode


class Functions:
    """Everything compiled for one state of freezing. Each part is compiled when first used.

    Parameters
    ----------
    inference : Inference
    objective : Objective
    optimizer : callable
        (loss, params, learning_rate) -> update dictionary.
    learning_rate : shared variable
    """

    def __init__(self, inference: Inference, objective: Objective, optimizer, learning_rate):
        self.inference = inference
        self.objective = objective
        self.optimizer = optimizer
        self.learning_rate = learning_rate

    @cached_property
    def step(self):
        """Compiled: (features, target, weight) -> sums of loss and metrics; one training step.

        The loss that is differentiated is the mean of the items' losses times their weights.
        """
        inference, objective = self.inference, self.objective
        target, weight = objective.target_var(), T.vector("weight")
        prediction = inference.prediction(deterministic=False)
        loss = objective.mean_loss(prediction, target, weight)
        params = trainable_params(inference.output)
        updates = self.optimizer(loss, params, self.learning_rate)
        step = theano.function(
            [inference.features_var, target, weight],
            objective.sums(prediction, target, weight),
            updates=updates,
            mode=_mode_for(len(updates)),
            name="step",
        )
        assert_frozen([x for x in get_all_layers(inference.output) if is_frozen(x)], step)
        return step

    @cached_property
    def measure(self):
        """Compiled: (scores, target, weight) -> sums of loss and metrics."""
        scores, prediction = self.inference.from_scores()
        target, weight = self.objective.target_var(), T.vector("weight")
        sums = self.objective.sums(prediction, target, weight)
        return theano.function([scores, target, weight], sums, name="measure")

    def forget_step(self) -> None:
        """Have the training step, and with it the optimiser's memory, made anew when needed."""
        self.__dict__.pop("step", None)
