"""Fine-tuning as scikit-learn's classifiers and regressors: fit, predict, score."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path

import numpy as np

from theano_transfer._optional import optional
from theano_transfer._suggest import checks_options
from theano_transfer.cache import as_cache
from theano_transfer.features._params import Parameters
from theano_transfer.tuning import Model
from theano_transfer.tuning._sources import as_source, length_of


class _FineTuned(Parameters):
    """What the classifier and the regressor share."""

    _task: str
    _fitted = ("model_",)

    @checks_options
    def __init__(
        self,
        base="efficientnet_lite0",
        *,
        weights="imagenet",
        head=None,
        epochs=20,
        learning_rate=1e-3,
        optimizer="adam",
        unfreeze=None,
        unfreeze_epochs=5,
        batch_size=32,
        input_shape=None,
        preprocessing=None,
        augment=None,
        cache="auto",
        precision="float32",
        random_state=0,
        workers=2,
        verbose=False,
    ):
        self.base = base
        self.weights = weights
        self.head = head
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.unfreeze = unfreeze
        self.unfreeze_epochs = unfreeze_epochs
        self.batch_size = batch_size
        self.input_shape = input_shape
        self.preprocessing = preprocessing
        self.augment = augment
        self.cache = cache
        self.precision = precision
        self.random_state = random_state
        self.workers = workers
        self.verbose = verbose

    def _train(self, X, y, classes, sample_weight) -> None:
        """Build a model, train its head, and then what is to be unfrozen along with it."""
        # A network that was given is a parameter, which fitting leaves as it is.
        model = Model(
            self.base if isinstance(self.base, str) else copy.deepcopy(self.base),
            classes=classes,
            weights=self.weights,
            head=self.head,
            input_shape=self.input_shape,
            task=self._task,
            preprocessing=self.preprocessing,
            seed=0 if self.random_state is None else self.random_state,
            precision=self.precision,
        )
        if self.cache in ("auto", None, False):
            cache = self.cache or False
        else:
            cache = as_cache(self.cache)
        options = {
            "batch_size": self.batch_size,
            "augment": self.augment,
            "cache": cache,
            "workers": self.workers,
            "verbose": self.verbose,
            "sample_weight": sample_weight,
        }
        source = as_source(X, y)
        model.compile(self.optimizer, learning_rate=self.learning_rate)
        history = model.fit(source, epochs=self.epochs, **options)
        if self.unfreeze is not None and not history.interrupted:
            model.unfreeze(self.unfreeze)
            model.compile(self.optimizer, learning_rate=self.learning_rate / 10)
            last = self.epochs + self.unfreeze_epochs
            history = model.fit(source, initial_epoch=self.epochs, epochs=last, **options)
        if history.interrupted:
            raise KeyboardInterrupt
        self.model_ = model

    def _predicted(self, X) -> np.ndarray:
        self._check_fitted()
        passing = self.cache in ("auto", "memory", None, False)
        cache = None if passing else as_cache(self.cache)
        return self.model_.predict(
            X, batch_size=self.batch_size, workers=self.workers, cache=cache, verbose=self.verbose
        )

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            try:
                from sklearn.exceptions import NotFittedError as Unfitted
            except ImportError:
                Unfitted = ValueError
            raise Unfitted(f"this {type(self).__name__} is not fitted yet: call fit() first")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __getstate__(self):
        # Compiled functions stay behind: the model travels as the file it would be saved to.
        state = dict(self.__dict__)
        if "model_" in state:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "model.h5")
                state["model_"].save(path)
                state["model_"] = path.read_bytes()
        return state

    def __setstate__(self, state):
        state = dict(state)
        saved = state.pop("model_", None)
        self.__dict__.update(state)
        if saved is not None:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "model.h5")
                path.write_bytes(saved)
                self.model_ = Model.load(path, **self._not_in_file())

    def _not_in_file(self) -> dict:
        """What a model's file cannot hold, from the parameters."""
        found = {}
        if not isinstance(self.base, str):
            found["base"] = self.base
        if any(callable(step) for step in self.head or ()):
            found["head"] = self.head
        if callable(self.preprocessing):
            found["preprocessing"] = self.preprocessing
        return found

    def _tags(self, kind):
        # Called by scikit-learn alone, which is there then.
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(
                required=True,
                one_d_labels=kind == "classifier",
                multi_output=kind == "regressor",
            ),
            classifier_tags=ClassifierTags() if kind == "classifier" else None,
            regressor_tags=RegressorTags() if kind == "regressor" else None,
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
            non_deterministic=False,
        )


class FineTunedClassifier(_FineTuned):
    """A pretrained network, fine-tuned, as a scikit-learn classifier.

    For pipelines, ``GridSearchCV``, ``cross_val_score`` and whatever else takes an estimator;
    :class:`~theano_transfer.Model` does the work and is there as ``model_``.

    Parameters
    ----------
    base, weights, head, input_shape, preprocessing, precision
        As for :class:`~theano_transfer.Model`.
    epochs : int
        Of the head, on the frozen base.
    learning_rate : float
        A tenth of it after unfreezing.
    optimizer : str or function
    unfreeze : str, optional
        Then train from this layer or block on, too, as for ``Model.unfreeze``.
    unfreeze_epochs : int
        Epochs of that.
    batch_size : int
    augment : Augmentation, optional
        Of training pictures.
    cache : 'auto', False, 'memory', 'disk', path or FeatureCache
        Where features of the frozen part are kept. 'auto' forgets them after each training;
        a FeatureCache is shared by clones, so that a search computes them once for all
        candidates and folds (with ``n_jobs=1``; with more processes, 'disk' or a path).
    random_state : int
        Of random weights, order and dropout.
    workers : int
        Threads that decode pictures.
    verbose : bool

    Attributes
    ----------
    classes_ : array
        The labels, sorted.
    model_ : Model

    Examples
    --------
    >>> import theano_transfer as tt
    >>> from sklearn.model_selection import GridSearchCV            # doctest: +SKIP
    >>> classifier = tt.FineTunedClassifier(epochs=10, cache=tt.FeatureCache())
    >>> search = GridSearchCV(classifier, {'head': [['avg'], ['avg', 64]]})  # doctest: +SKIP
    >>> search.fit(paths, labels).best_params_                      # doctest: +SKIP
    """

    _estimator_type = "classifier"
    _task = "classification"

    def fit(self, X, y, sample_weight=None) -> FineTunedClassifier:
        """Fine-tune.

        Parameters
        ----------
        X : list or array of paths, or array (n, 3, rows, columns) of RGB values 0..255
        y : (n,) labels of any kind that can be sorted: numbers, names
        sample_weight : (n,) array, optional

        Raises
        ------
        ValueError
            If there are fewer than two classes, labels are fractions, or there are not as many
            labels (or weights) as pictures.
        """
        y = _column(y, X)
        if y.dtype.kind == "f" and not np.array_equal(y, np.floor(y)):
            raise ValueError(
                "Unknown label type: continuous numbers. A classifier takes labels of classes; "
                "FineTunedRegressor learns numbers"
            )
        weights = _weights(sample_weight, len(y))
        classes, numbers = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"a classifier needs at least two classes; got 1 class: {classes}")
        names = [str(label) for label in classes.tolist()]
        named = names if len(set(names)) == len(names) else len(names)
        self._train(X, numbers.astype(np.int32), named, weights)
        self.classes_ = classes
        return self

    def predict_proba(self, X) -> np.ndarray:
        """Probabilities of the classes, float32 (n, classes), in the order of ``classes_``."""
        return self._predicted(X)

    def predict(self, X) -> np.ndarray:
        """The most probable labels, (n,)."""
        probabilities = self.predict_proba(X)  # complains where nothing was fitted
        return self.classes_[probabilities.argmax(axis=1)]

    def score(self, X, y, sample_weight=None) -> float:
        """Share of right answers, weighted by `sample_weight`."""
        return float(np.average(self.predict(X) == np.asarray(y), weights=sample_weight))

    def __sklearn_tags__(self):
        return self._tags("classifier")


class FineTunedRegressor(_FineTuned):
    """A pretrained network, fine-tuned to predict numbers, as a scikit-learn regressor.

    Parameters are those of :class:`FineTunedClassifier`. Numbers are brought to mean 0 and standard
    deviation 1 for training, and back in prediction.

    Attributes
    ----------
    model_ : Model
        It predicts the standardised numbers.
    mean_, scale_ : float arrays (outputs,)
    """

    _estimator_type = "regressor"
    _task = "regression"

    def fit(self, X, y, sample_weight=None) -> FineTunedRegressor:
        """Fine-tune.

        Parameters
        ----------
        X : list or array of paths, or array (n, 3, rows, columns) of RGB values 0..255
        y : (n,) or (n, outputs) numbers
        sample_weight : (n,) array, optional
        """
        given = np.asarray(y, dtype=np.float64)
        if given.ndim not in (1, 2) or not len(given):
            raise ValueError(f"y is (n,) or (n, outputs), not empty; got shape {given.shape}")
        rows = given.reshape(len(given), -1)
        if not np.isfinite(rows).all():
            raise ValueError("y holds NaN or infinity")
        weights = _weights(sample_weight, len(rows))
        mean = np.average(rows, axis=0, weights=weights)
        scale = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=weights))
        scale = np.where(scale > 0, scale, 1.0)
        standard = ((rows - mean) / scale).astype(np.float32)
        self._train(X, standard, rows.shape[1], weights)
        self.mean_, self.scale_, self._columns = mean, scale, given.ndim == 2
        return self

    def predict(self, X) -> np.ndarray:
        """Predicted numbers, float64, (n,) or (n, outputs) as `y` was."""
        found = self._predicted(X) * self.scale_ + self.mean_
        return found if self._columns else found[:, 0]

    def score(self, X, y, sample_weight=None) -> float:
        """R squared: 1 is right, 0 is no better than the mean; the mean over outputs."""
        r2_score = optional("sklearn.metrics").r2_score
        return float(r2_score(y, self.predict(X), sample_weight=sample_weight))

    def __sklearn_tags__(self):
        return self._tags("regressor")


def _weights(sample_weight, count: int) -> np.ndarray | None:
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (count,):
        raise ValueError(
            f"sample_weight holds one number for each picture, ({count},); got {weights.shape}"
        )
    if not weights.any():
        raise ValueError("sample_weight is zero for all pictures: nothing could be learned")
    return weights


def _column(y, X) -> np.ndarray:
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"y holds one label for each picture, (n,); got shape {labels.shape}")
    count = length_of(X)
    if count is not None and count != len(labels):
        raise ValueError(f"there are {count} pictures and {len(labels)} labels")
    return labels
