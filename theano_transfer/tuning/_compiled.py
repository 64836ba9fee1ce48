"""A network with a loss: compiling, evaluating, predicting.

What was compiled is kept in step with what is frozen.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import theano

from theano_transfer._suggest import checks_options
from theano_transfer.tuning._assemble import plan_outputs, task_for_loss
from theano_transfer.tuning._cut import find_cut
from theano_transfer.tuning._decode import ordinal_probabilities, top_classes
from theano_transfer.tuning._errors import StaleFunctionError
from theano_transfer.tuning._feeds import Feed
from theano_transfer.tuning._freeze import (
    freezing_signature,
    is_frozen,
    params_of,
    trainable_params,
)
from theano_transfer.tuning._functions import Functions, Inference, Objective
from theano_transfer.tuning._keep import frozen_part, keep_feed
from theano_transfer.tuning._losses import find_loss, smoothed
from theano_transfer.tuning._metrics import find_metrics
from theano_transfer.tuning._optimizers import find_optimizer
from theano_transfer.tuning._progress import Bar
from theano_transfer.tuning._rates import USUAL, check_settings, split_rate, tuned_rule
from theano_transfer.tuning._sources import Reading, as_source, check_channels, length_of
from theano_transfer.tuning._targets import check_classes, to_targets
from theano_transfer.tuning._training import measure
from theano_transfer.tuning._tuned import TunedNetwork
from theano_transfer.updates._schedules import Schedule


class CompiledNetwork(TunedNetwork):
    """A tuned network with a loss, an optimiser and metrics. Base class of Model, which see."""

    def __init__(self, base, *, classes, task, **arguments):
        super().__init__(base, classes=classes, task=task, **arguments)
        self._task_is_given = task is not None
        self._functions: Functions | None = None
        self._compiled_for: tuple = ()
        self._compile_arguments: dict = {}
        self._known_inference: Inference | None = None
        self.schedule: Schedule | None = None

    @checks_options
    def compile(
        self,
        optimizer="adam",
        loss=None,
        metrics=None,
        *,
        learning_rate=None,
        layer_decay=None,
        rate_factors=None,
        weight_decay=0.0,
        clip_norm=None,
        clip_value=None,
        accumulate=1,
        label_smoothing=0.0,
    ) -> None:
        """Choose how to train. What is compiled is compiled when it is first used.

        Parameters
        ----------
        optimizer : str or callable
            'sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adadelta', 'adam', 'adamax', or
            a function (loss, params, learning_rate) -> update dictionary.
        loss : str or callable, optional
            'categorical_crossentropy' or 'sparse_categorical_crossentropy' (both take class
            numbers and one-hot rows), 'focal', 'binary_crossentropy', 'binary_focal', 'mse',
            'mae', or a function
            (prediction, target) -> expression. None takes the task's own.
        metrics : list of str or callable, optional
            'accuracy', 'top5_accuracy', 'binary_accuracy', 'mse', 'mae', or functions. None is
            ``['accuracy']``, for a regression ``['mae']``.
        learning_rate : float, slice or Schedule, optional
            None takes the optimiser's usual one. ``slice(1e-5, 1e-3)`` spreads rates over the
            depth: the lowest block learns at 1e-5, the head at 1e-3, those between in equal
            ratios. A schedule of ``tt.updates`` changes the rate before every step.
        layer_decay : float, optional
            Every block learns at so much of the rate of the one above it, such as 0.75.
        rate_factors : mapping, optional
            Layer, block, 'head' or pattern -> factor of the learning rate; 0 leaves it alone.
        weight_decay : float
            Decoupled, of weights alone: no biases, no normalisation.
        clip_norm, clip_value : float, optional
            What the gradients' common norm, or each number in them, is limited to.
        accumulate : int
            So many batches make one step.
        label_smoothing : float
            Share of each target that goes to all classes alike, such as 0.1.

        Raises
        ------
        ValueError, TypeError
            If a name is unknown, the loss does not fit the task, or nothing is trainable.
        """
        update, usual_rate = find_optimizer(optimizer)
        settings = {
            "layer_decay": layer_decay,
            "rate_factors": rate_factors,
            "weight_decay": weight_decay,
            "clip_norm": clip_norm,
            "clip_value": clip_value,
            "accumulate": accumulate,
            "label_smoothing": label_smoothing,
        }
        schedule, spread, rate = split_rate(
            usual_rate if learning_rate is None else learning_rate, settings
        )
        rate = _checked_rate(rate)
        record = find_loss(loss, self.task)
        task = self.task if self._task_is_given else task_for_loss(record, self._outputs)
        if task not in record.tasks:
            raise ValueError(
                f"the loss {record.name!r} is for {' or '.join(record.tasks)}, and this model's "
                f"task is {task!r}; choose another loss, or build the model with another task"
            )
        measures = find_metrics(metrics, task)
        record = smoothed(record, label_smoothing)
        if not trainable_params(self.net):
            raise ValueError("nothing is trainable: every layer is frozen; unfreeze some first")
        check_settings(settings)
        self._become(task)
        rule = tuned_rule(update, self.net, spread, settings)
        self._functions = Functions(
            self._cut_now(),
            Objective(record, measures),
            rule,
            theano.shared(rate, name="learning_rate"),
        )
        self.schedule = schedule
        self._compiled_for = freezing_signature(self.net)
        self._compile_arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "metrics": metrics,
            **{name: value for name, value in settings.items() if value != USUAL[name]},
            **({} if spread is None else {"spread": spread}),
        }

    @checks_options
    def evaluate(
        self, data, y=None, *, batch_size=32, workers=2, verbose=False, cache=None
    ) -> dict:
        """Loss and metrics on `data` (as for :meth:`fit`), name -> number.

        With a `cache` (as for :meth:`fit`, but not 'auto'), features of the frozen part that are
        in it are not computed, and the others are added.
        """
        functions = self.functions
        source = as_source(data, y)
        self._accept(source, adopt=False)
        feed = self._feed(source, self._reading(batch_size, workers))
        if cache not in (None, False):
            feed = keep_feed(feed, self._frozen_part(functions.inference), cache)
        with Bar("evaluate", feed.length, shown=verbose) as bar:
            return measure(functions, feed, note=bar.update)

    @checks_options
    def predict(self, data, *, batch_size=32, workers=2, verbose=False, cache=None) -> np.ndarray:
        """Predictions for `data`, in its order.

        Parameters
        ----------
        data : as for :meth:`fit`, or the path of a picture, or a list of such paths
        cache : optional
            As for :meth:`evaluate`.

        Returns
        -------
        float32 array (n, outputs)
            Probabilities of classes (of an ordinal model too); for a binary model (n, 1), that
            of class 1.
        """
        source, inference = as_source(data), self.inference
        reading = self._reading(batch_size, workers)
        check_channels(getattr(source, "channels", None), self.input_shape[0])
        parts = [np.empty((0, self._outputs.units), np.float32)]
        if length_of(source) == 0:
            return self._as_classes(parts[0])
        feed = Feed(source, reading, lambda x: inference.features(x))
        if cache not in (None, False):
            feed = keep_feed(feed, self._frozen_part(inference), cache)
        with Bar("predict", feed.length, shown=verbose) as bar:
            for features in feed.features():
                parts.append(inference.activate(inference.scores(features)))
                bar.update(len(features))
        return self._as_classes(np.concatenate(parts))

    def _as_classes(self, predictions):
        return ordinal_probabilities(predictions) if self.task == "ordinal" else predictions

    def predict_classes(self, data, **options) -> list:
        """The most probable class of each picture: its name, or its number without names."""
        return [ranks[0][0] for ranks in self.top(data, 1, **options)]

    def top(self, data, count: int = 5, **options) -> list:
        """For each picture, its `count` most probable (class, probability), best first."""
        predictions = self.predict(data, **options)
        return top_classes(predictions, task=self.task, classes=self.classes, top=count)

    @property
    def compile_arguments(self) -> dict | None:
        """What :meth:`compile` was called with, by name; None before."""
        if self._functions is None:
            return None
        arguments = dict(self._compile_arguments)
        spread = arguments.pop("spread", None)
        if spread is not None:
            return {**arguments, "learning_rate": spread}
        return {**arguments, "learning_rate": self.schedule or self.learning_rate}

    @property
    def learning_rate(self) -> float:
        """Of the optimiser, the highest of all parameters; may be set between epochs."""
        return float(self.functions.learning_rate.get_value())

    @learning_rate.setter
    def learning_rate(self, rate):
        self.functions.learning_rate.set_value(_checked_rate(rate))

    @checks_options
    def replace_head(self, classes, *, head=None, task=None, seed=None) -> None:
        super().replace_head(classes, head=head, task=task, seed=seed)
        self._task_is_given = task is not None
        self._functions = self._known_inference = None

    replace_head.__doc__ = TunedNetwork.replace_head.__doc__

    def check_current(self) -> None:
        """Raise StaleFunctionError unless compiled for what is frozen now."""
        if self.functions and freezing_signature(self.net) != self._compiled_for:
            raise StaleFunctionError(
                "what is frozen has changed since compile(): the training function would train "
                "something else. Call compile() again, usually with a lower learning_rate"
            )

    @property
    def functions(self) -> Functions:
        """The compiled functions, for lessons and for tests; StaleFunctionError before compile."""
        if self._functions is None:
            raise StaleFunctionError("the model is not compiled; call compile() first")
        return self._functions

    @property
    def inference(self) -> Inference:
        """The functions that predict; they do not depend on what is frozen."""
        if self._known_inference is None:
            self._known_inference = Inference(self.output, find_cut(self.output), self.precision)
        return self._known_inference

    def _cut_now(self) -> Inference:
        """Functions that predict, cut where freezing allows it now; those at hand if they fit."""
        cut = find_cut(self.output)
        if self._known_inference is None or self._known_inference.cut is not cut:
            self._known_inference = Inference(self.output, cut, self.precision)
        return self._known_inference

    def _become(self, task: str) -> None:
        """Give the last layer what `task` asks for. Before training only: its weights are new."""
        outputs = plan_outputs(self._classes_given, task)
        if (outputs.task, outputs.count) != (self._outputs.task, self._outputs.count):
            self.net = self._with_head(outputs)
            self._outputs = outputs
            self._known_inference = None
        self._task_is_given = True

    def _reading(self, batch_size, workers) -> Reading:
        return Reading(
            self.input_size, self.preprocessing, batch_size, workers, self.input_shape[0]
        )

    def _feed(self, source, reading, **options) -> Feed:
        loss = self.functions.objective.loss
        convert = partial(
            to_targets, task=self.task, outputs=self._outputs.units, indices=loss.indices
        )
        inference = self.functions.inference
        return Feed(source, reading, lambda x: inference.features(x), convert, **options)

    def _frozen_part(self, inference):
        return frozen_part(inference, self.input_size) if inference.is_cut else None

    def _accept(self, source, validation=None, *, adopt=True) -> None:
        """Check that data fit the model; take class names from them where it has none yet."""
        names = self.classes
        for part in (source, validation):
            if part is None:
                continue
            check_channels(getattr(part, "channels", None), self.input_shape[0])
            if self.task != "regression":
                check_classes(part.classes, names, self.num_classes)
                names = names or part.classes
            if part.labels is not None:
                to_targets(part.labels, task=self.task, outputs=self._outputs.units, indices=False)
        if adopt and names is not None:
            self._outputs = replace(self._outputs, names=tuple(names))
            self.net.classes = list(names)

    def _what_training_changes(self) -> list:
        """Parameters that a step may change: trainable ones, and averages that are not frozen."""
        return params_of([layer for layer in self.net.values() if not is_frozen(layer)])


def _checked_rate(rate):
    if isinstance(rate, (str, bytes)):  # which NumPy would read
        raise TypeError(f"the learning rate is a number; got {rate!r}")
    rate = np.asarray(rate, dtype=theano.config.floatX)
    if rate.ndim or not math.isfinite(rate) or rate < 0:
        raise ValueError(f"the learning rate is a finite number, not negative; got {rate!r}")
    return rate
