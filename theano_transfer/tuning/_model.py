"""The Model: a pretrained base, a new head, and the verbs of the usual tutorials."""

from __future__ import annotations

import signal

import numpy as np

from theano_transfer import weights as weight_files
from theano_transfer._suggest import checks_options
from theano_transfer.tuning._callbacks import as_callbacks
from theano_transfer.tuning._checkpoints import as_checkpoints
from theano_transfer.tuning._compiled import CompiledNetwork
from theano_transfer.tuning._describe import (
    check_sizes,
    constructor_arguments,
    describe,
    read_description,
)
from theano_transfer.tuning._feeds import Feed
from theano_transfer.tuning._freeze import freeze, unfreeze
from theano_transfer.tuning._history import History
from theano_transfer.tuning._interrupt import Interrupt
from theano_transfer.tuning._keep import keep_features
from theano_transfer.tuning._lr_find import LearningRates, search
from theano_transfer.tuning._mixing import checked_mixing
from theano_transfer.tuning._recipes import fine_tune
from theano_transfer.tuning._settings import run_settings
from theano_transfer.tuning._snapshot import Resumed
from theano_transfer.tuning._sources import as_source, length_of, split_off
from theano_transfer.tuning._targets import class_weights
from theano_transfer.tuning._training import Training, WeightKeeper, plan_monitor


class Model(CompiledNetwork):
    """A pretrained network with a new head, to be trained on pictures of your own.

    Parameters
    ----------
    base : str or mapping of str to Layer
        A name of the zoo (``tt.zoo.models()``), or a network such as ``tt.zoo.vgg16(...)``
        returns. It is used without its top, and frozen.
    classes : int or list of str
        How many classes, or their names in the order of their numbers. For a regression, how
        many numbers are predicted.
    weights : 'imagenet', path or None
        Of a base given by name; None starts from random weights. A network keeps its own
        parameters unless this is a path.
    head : list, optional
        What goes on top of the base: numbers (dense layers with relu), 'avg', 'max', 'avgmax'
        (both, side by side), 'flatten', 'dropout' (0.5), ('dropout', 0.2), 'batchnorm', functions
        from layer to layer. The layer that predicts is added by itself. ``['avg', 'dropout']``
        if None.
    input_shape : (channels, rows, columns), optional
        Of a base given by name; its usual size if None. With one channel, weights for colours
        are added up, and the network sees pictures in grey. With another number, they are
        spread over the channels, and pictures have to have as many.
    task : {'classification', 'binary', 'multilabel', 'ordinal', 'regression'}, optional
        Gives the last layer softmax, sigmoid, sigmoid, sigmoid or nothing. 'ordinal' is for
        classes in an order, such as grades: it learns whether the class is above 0, above 1, and
        so on. If None, the loss given to :meth:`compile` decides; without one, it is a
        classification (binary for one class).
    preprocessing : str or function, optional
        A key of ``tt.images.PREPROCESSING`` in place of the base's own.
    seed : int
        Of random weights and of dropout.
    precision : {'float32', 'bfloat16'}
        In which the frozen part computes features. bfloat16 keeps three digits of what passes
        between layers and takes about half the time on processors that know it; what is trained
        is float32 either way.
    in_channels : int, optional
        The channels alone, where the usual size will do.

    Attributes
    ----------
    net : Network
        Layer name -> layer, base and head.
    history : History or None
        Of the last :meth:`fit`.
    stop_training : bool or str
        A callback sets it to end training after the epoch.

    Examples
    --------
    >>> import theano_transfer as tt
    >>> model = tt.Model('vgg16', classes=10, head=['flatten', 256, 'dropout'])  # doctest: +SKIP
    >>> model.compile('adam')                                                    # doctest: +SKIP
    >>> model.fit('pictures/', epochs=10, validation_split=0.2)                  # doctest: +SKIP
    """

    @checks_options
    def __init__(
        self,
        base="efficientnet_lite0",
        *,
        classes,
        weights="imagenet",
        head=None,
        input_shape=None,
        task=None,
        preprocessing=None,
        seed=0,
        precision="float32",
        in_channels=None,
    ):
        super().__init__(
            base,
            classes=classes,
            weights=weights,
            head=head,
            input_shape=input_shape,
            task=task,
            preprocessing=preprocessing,
            seed=seed,
            precision=precision,
            in_channels=in_channels,
        )
        self.history: History | None = None
        self.stop_training: bool | str = False

    def __repr__(self) -> str:
        return f"<Model: {self.base_name or 'a network'}, {self.task}, {self.num_classes} classes>"

    @checks_options
    def fit(
        self,
        data,
        y=None,
        *,
        epochs=1,
        batch_size=32,
        validation_data=None,
        validation_split=0.0,
        callbacks=None,
        class_weight=None,
        sample_weight=None,
        augment=None,
        mix=None,
        early_stopping=None,
        monitor=None,
        restore_best=True,
        cache="auto",
        cache_bytes=None,
        cache_variants=None,
        shuffle=True,
        seed=None,
        initial_epoch=0,
        steps_per_epoch=None,
        checkpoints=None,
        resume=False,
        workers=2,
        verbose=True,
    ):
        """Train.

        Parameters
        ----------
        data : data set, folder, array, pair (x, y), list of paths, iterable, or function
            A data set of ``tt.images``; the path of a folder with one folder per class; RGB
            values 0..255 as (n, 3, rows, columns), or of as many channels as the network; an
            iterable of batches (x, y), or a function that returns one for each epoch.
        y : array-like, optional
            Labels, where `data` is an array or a list of paths: class numbers, one-hot or
            multi-hot rows, or numbers for a regression.
        epochs : int
            Number of the last epoch: ``epochs - initial_epoch`` are trained.
        batch_size : int
        validation_data : as `data`, optional
        validation_split : float
            Share of `data` to validate with instead, drawn by `seed`, the same from each class.
        callbacks : list of Callback or functions (epoch, numbers), optional
        class_weight : 'balanced', mapping or sequence, optional
            A mapping goes from class number or name to the weight of its losses; 'balanced'
            makes every class count the same.
        sample_weight : array, optional
            A weight for each picture.
        augment : Augmentation or function, optional
            For training pictures only; without `rescale`.
        mix : Mixup, CutMix or function, optional
            Mixes the training pictures of a batch with each other, and their targets likewise.
        early_stopping : int or EarlyStopping, optional
            Stop after so many epochs in which `monitor` did not become better.
        monitor : str, optional
            What tells the best epoch: a column of the history. 'val_loss' where there is
            validation data; otherwise nothing does, or 'loss' with `early_stopping`.
        restore_best : bool
            End with the weights of the best epoch by `monitor`; without one, with the last.
        cache : 'auto', False, 'memory', 'disk', path or FeatureCache
            Where what the frozen bottom of the network makes of each picture is kept, so that it
            is computed once: later epochs take next to no time. The numbers are the same up to
            rounding. 'auto' keeps it in memory until training ends, where possible for more than
            one epoch: where something at the bottom is frozen, and the pictures are the same in
            every epoch (no iterators, no `augment` without `cache_variants`). Where something
            else is asked for, a warning says if that is not so. What is in a file (a path that
            ends in .h5, or 'disk' for one in the user's cache folder) is found by later programs.
        cache_bytes : int, optional
            What all features may take, 1 GiB in memory or 4 GiB in a file if None. If that is
            too little, a warning says so, and they are computed in every epoch.
        cache_variants : int, optional
            With `augment`: train on so many augmented variants of each picture in turn, whose
            features are kept, in place of new ones in every epoch.
        shuffle : bool
        seed : int, optional
            Of order, split and augmentation; the model's own if None.
        initial_epoch : int
            How many epochs were trained before. The next has an order of its own, and where there
            is validation data the weights training starts from may turn out to be the best.
        steps_per_epoch : int, optional
            Batches in an epoch, for endless iterators.
        checkpoints : folder or Checkpoints, optional
            Where the state of training is saved after every epoch and when Ctrl-C or SIGTERM
            ends it: the last two, and the best model as ``best.h5``. SIGTERM then ends the
            program with exit status 143.
        resume : bool
            Go on from the last state in `checkpoints`, if there is one: the parameters at the
            end are those of a run that was never stopped, bit for bit (on the same machine and
            number of threads). Model, data and arguments have to be as they were; more `epochs`
            are fine unless the learning rate follows a schedule.
        workers : int
            Threads that decode pictures.
        verbose : bool
            Show progress bars on standard error.

        Returns
        -------
        History
            Also as ``model.history``. Ctrl-C ends training in good order: the running step is
            finished, the best weights come back, and ``history.interrupted`` is true.

        Raises
        ------
        StaleFunctionError
            (a RuntimeError) If :meth:`compile` was not called, or something was frozen or
            unfrozen since.
        DataMismatchError
            (a ValueError) If the data's classes or labels do not fit the model.
        TrainingError
            (a RuntimeError) If the loss is no longer a number; the weights are then those of
            before.
        """
        self.check_current()
        _check_augmentation(augment)
        first, last = _checked_epochs(initial_epoch, epochs)
        if steps_per_epoch is not None and steps_per_epoch < 1:
            raise ValueError(f"steps_per_epoch is at least 1; got {steps_per_epoch!r}")
        seed = self.seed if seed is None else seed
        source = as_source(data, y)
        validation = None if validation_data is None else as_source(validation_data)
        if validation_split:
            source, validation = split_off(
                source, validation_split, seed, validation, sample_weight
            )
        self._accept(source, validation)
        reading = self._reading(batch_size, workers)
        feed = self._feed(
            source,
            reading,
            class_weight=self._class_weights(class_weight, source),
            sample_weight=sample_weight,
            shuffle=shuffle and length_of(source) is not None,
            seed=seed,
            augment=augment,
            steps=steps_per_epoch,
            mix=checked_mixing(mix, self.functions.objective.loss),
        )
        valid_feed = None if validation is None else self._feed(validation, reading)
        callbacks = as_callbacks(callbacks)
        states = as_checkpoints(checkpoints)
        monitor, judge, stopping = plan_monitor(
            monitor, early_stopping, self.functions.objective.names, validation is not None
        )
        settings, resumed = None, None
        if states is not None:
            settings = run_settings(
                self, source, validation,
                batch_size=batch_size, class_weight=class_weight, sample_weight=sample_weight,
                augment=augment, mix=mix, monitor=monitor, restore_best=restore_best,
                callbacks=[one for one in (*callbacks, *stopping) if one.changes_training],
                cache=cache is not False, cache_variants=cache_variants, shuffle=shuffle,
                seed=seed, initial_epoch=initial_epoch, steps_per_epoch=steps_per_epoch,
                epochs=epochs if self.schedule else None,
            )  # fmt: skip
            resumed = _state_to_resume(states, resume, settings)
        elif resume:
            raise ValueError("resume=True goes on from checkpoints; give checkpoints=FOLDER too")
        self.history = history = History(monitor)
        with Interrupt(terminate=states is not None) as interrupt:
            with interrupt.absorbed():
                feed, valid_feed = keep_features(
                    feed,
                    valid_feed,
                    cache=cache,
                    cache_bytes=cache_bytes,
                    variants=cache_variants,
                    inference=self.inference,
                    epochs=last - first + 1,
                )
            if interrupt.happened:
                history.interrupted, history.stopped = True, "interrupted"
                return _ended(history, interrupt)
            history.cached = not isinstance(feed, Feed)
            training = Training(
                self,
                feed,
                valid_feed,
                callbacks=[*callbacks, *stopping],
                keeper=WeightKeeper(self._what_training_changes()),
                judge=judge,
                restore_best=restore_best,
                history=history,
                shown=verbose,
                checkpoints=states,
                settings=settings,
            )
            training.run(first, last, interrupt, resumed)
        return _ended(history, interrupt)

    @checks_options
    def fine_tune(
        self,
        data,
        y=None,
        *,
        epochs,
        freeze_epochs=1,
        lr=2e-3,
        stages=2,
        optimizer="adam",
        loss=None,
        metrics=None,
        weight_decay=0.0,
        label_smoothing=0.0,
        batch_size=32,
        validation_data=None,
        validation_split=0.0,
        callbacks=None,
        class_weight=None,
        sample_weight=None,
        augment=None,
        mix=None,
        cache="auto",
        checkpoints=None,
        resume=False,
        seed=None,
        workers=2,
        verbose=True,
    ):
        """Train the head on the frozen base, then the base too, from its top downwards.

        First `freeze_epochs` of the head at `lr`; then `epochs` in `stages`: with two, the upper
        half of the blocks, then all, the highest rate halved each time. Within a stage rates fall
        with depth, to a hundredth in the lowest block that is trained, and follow one cycle.
        Batch normalisation of the base stays on its stored averages. It is :meth:`unfreeze`,
        :meth:`compile` and :meth:`fit` in turn, which can be called by hand as well.

        Parameters
        ----------
        epochs, freeze_epochs : int
        lr : float
            The highest learning rate of the head; :meth:`lr_find` suggests one.
        stages : int
            In which the base is unfrozen; each compiles anew.
        optimizer, loss, metrics, weight_decay, label_smoothing
            As for :meth:`compile`.
        others
            As for :meth:`fit`; `checkpoints` gets a folder for each step.

        Returns
        -------
        History
            Of all steps, also as ``model.history``.
        """
        return fine_tune(
            self, data, y,
            epochs=epochs, freeze_epochs=freeze_epochs, lr=lr, stages=stages,
            optimizer=optimizer, weight_decay=weight_decay, loss=loss, metrics=metrics,
            label_smoothing=label_smoothing,
            checkpoints=checkpoints, resume=resume, batch_size=batch_size,
            validation_data=validation_data, validation_split=validation_split,
            callbacks=callbacks, class_weight=class_weight, sample_weight=sample_weight,
            augment=augment, mix=mix, cache=cache, seed=seed, workers=workers, verbose=verbose,
        )  # fmt: skip

    @checks_options
    def lr_find(
        self,
        data,
        y=None,
        *,
        start=1e-7,
        stop=10.0,
        steps=100,
        path=None,
        batch_size=32,
        augment=None,
        seed=None,
        workers=2,
    ) -> LearningRates:
        """Look for a learning rate: train `steps` steps while it grows, and watch the loss.

        Everything is as before afterwards: parameters, averages, the optimiser's memory and the
        learning rate.

        Parameters
        ----------
        data, y : as for :meth:`fit`
        start, stop : float
            The lowest and the highest rate.
        steps : int
            At most; the search ends where the loss is four times its best.
        path : str or path, optional
            Of a picture of the curve.

        Returns
        -------
        LearningRates
            With ``rates``, ``losses``, ``suggestion`` and ``minimum``.
        """
        self.check_current()
        _check_augmentation(augment)
        functions, source = self.functions, as_source(data, y)
        self._accept(source, adopt=False)
        seed = self.seed if seed is None else seed
        reading = self._reading(batch_size, workers)
        shuffle = length_of(source) is not None
        feed = self._feed(source, reading, shuffle=shuffle, seed=seed, augment=augment)
        feed, _ = keep_features(
            feed, None,
            cache="auto", cache_bytes=None, variants=None, inference=self.inference, epochs=steps,
        )  # fmt: skip
        found = search(functions, feed, start=start, stop=stop, steps=steps)
        if path is not None:
            from theano_transfer.show import learning_rates

            learning_rates(found, path)
        return found

    def save(self, path) -> None:
        """Save everything that predicting and training on needs, but the optimiser's memory.

        The file (HDF5, see ``weights/README.md``) appears whole or not at all. Functions (steps
        of the head, losses, metrics, optimisers, preprocessing) cannot be saved.
        """
        weight_files.save(self.net, path, attributes=describe(self))

    @classmethod
    @checks_options
    def load(cls, path, *, base=None, head=None, preprocessing=None) -> Model:
        """The model that was saved to `path`; it predicts the same, bit for bit.

        Parameters
        ----------
        path : str or path
        base : mapping of str to Layer, optional
            The network, where the saved model had one that is not of the zoo.
        head : list, optional
            The head, where it had functions among its steps.
        preprocessing : function, optional
            Where the saved model had a function for it.

        Raises
        ------
        ValueError
            If the file holds no such model, is damaged, or something has to be supplied.
        """
        file = weight_files.read(path)
        stored = read_description(file.attributes, path)
        check_sizes(stored, file, path)
        del file
        arguments = constructor_arguments(stored, path, base, head, preprocessing)
        try:
            model = cls(**arguments, weights=None)
        except MemoryError as error:
            raise ValueError(f"the model in {path} does not fit into memory") from error
        weight_files.load(model.net, path)
        unknown = [name for name in stored["frozen"] if name not in model.net]
        if unknown:
            raise ValueError(
                f"{path} says that {unknown} are frozen, which the model does not have"
            )
        unfreeze(model.net)
        freeze([model.net[name] for name in stored["frozen"]])
        if stored["compiled"] is not None:
            model.compile(**stored["compiled"])
        return model

    def _class_weights(self, class_weight, source):
        return class_weights(
            class_weight,
            task=self.task,
            classes=self.classes,
            count=self.num_classes,
            labels=source.labels,
        )


def _check_augmentation(augment):
    """Pixels must be scaled in prediction as in training: that is the model's preprocessing."""
    rescale = getattr(augment, "rescale", None)
    if rescale is not None:
        raise ValueError(
            f"the augmentation has rescale={rescale!r}, which would change training pictures "
            "only; leave it out, the model does its own preprocessing "
            "(Model(..., preprocessing='rescale') divides by 255)"
        )


def _ended(history, interrupt) -> History:
    """What `fit` returns; SIGTERM asks for an end of the program, now in good order."""
    if interrupt.terminated:
        raise SystemExit(128 + signal.SIGTERM)
    return history


def _state_to_resume(states, resume, settings) -> Resumed | None:
    """The last state of a run of the same settings; None where there is none."""
    if not resume:
        if states.are_there():
            raise ValueError(
                f"{states.folder} holds checkpoints of an earlier run; resume=True goes on from "
                "them, another folder starts anew"
            )
        return None
    found = states.newest()
    if found is None:
        return None
    resumed = Resumed(*found)
    resumed.check(settings)
    return resumed


def _checked_epochs(initial_epoch, epochs) -> tuple[int, int]:
    """The first and the last epoch to train, counted from 1."""
    for name, number in (("initial_epoch", initial_epoch), ("epochs", epochs)):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
            raise TypeError(f"{name} is a whole number; got {number!r}")
    if initial_epoch < 0 or epochs <= initial_epoch:
        raise ValueError(
            f"epochs={epochs} is the number of the last epoch and has to be above "
            f"initial_epoch={initial_epoch}, the number of those already trained"
        )
    return int(initial_epoch) + 1, int(epochs)
