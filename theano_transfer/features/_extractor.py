"""A pretrained network as a scikit-learn transformer: pictures in, feature vectors out."""

from __future__ import annotations

from functools import cached_property

import lasagne
import numpy as np
import theano
import theano.tensor as T

from theano_transfer import zoo
from theano_transfer._suggest import checks_options
from theano_transfer.cache import FeatureCache, as_cache
from theano_transfer.cache._frozen import FrozenPart
from theano_transfer.features._params import Parameters
from theano_transfer.kernels import mode_for
from theano_transfer.tuning._assemble import (
    checked_preprocessing,
    picture_size,
    usual_preprocessing,
)
from theano_transfer.tuning._errors import UnknownLayerError
from theano_transfer.tuning._feeds import Feed
from theano_transfer.tuning._keep import keep_feed
from theano_transfer.tuning._progress import Bar
from theano_transfer.tuning._select import no_such_layer
from theano_transfer.tuning._sources import Reading, as_source, check_channels

POOLING = {"avg": T.mean, "max": T.max, None: None}


class FeatureExtractor(Parameters):
    """What a layer of a pretrained network makes of pictures, as vectors for a shallow model.

    Follows scikit-learn's conventions (parameters stored as given, ``get_params``, ``clone``,
    pipelines) without needing scikit-learn. There is nothing to learn: `fit` only checks.

    Parameters
    ----------
    base : str or mapping of str to Layer
        A name of the zoo (``tt.zoo.models()``), or a network, such as ``model.net`` of a model
        that was fine-tuned.
    weights : 'imagenet', path or None
        Of a base given by name.
    layer : str, optional
        Whose output is taken; the last in front of the top if None. ``'fc2'`` of VGG16, for
        example, is in its top.
    pooling : 'avg', 'max' or None
        What is done with maps (channels, rows, columns): their average or maximum, or all
        numbers in a row.
    batch_size : int
    input_shape : (3, rows, columns), optional
        Of a base given by name.
    preprocessing : str or function, optional
        A key of ``tt.images.PREPROCESSING`` in place of the base's own.
    workers : int
        Threads that decode pictures.
    verbose : bool
        Show a progress bar on standard error.
    cache : FeatureCache, 'memory', 'disk', path or None
        Where features are kept, so that those of a picture are computed once: in memory (as long
        as this object lives), in a file in the user's cache folder, in a file of your own (.h5).
        Clones share a FeatureCache.
    precision : {'float32', 'bfloat16'}
        In which the network computes; the vectors are float32. bfloat16 keeps three digits of what
        passes between layers and takes about half the time on processors that know it.

    Examples
    --------
    >>> import theano_transfer as tt
    >>> from sklearn.linear_model import LogisticRegression  # doctest: +SKIP
    >>> from sklearn.pipeline import make_pipeline           # doctest: +SKIP
    >>> extractor = tt.FeatureExtractor('vgg16')
    >>> pipeline = make_pipeline(extractor, LogisticRegression())  # doctest: +SKIP
    >>> pipeline.fit(paths, labels)                          # doctest: +SKIP
    """

    @checks_options
    def __init__(
        self,
        base="efficientnet_lite0",
        *,
        weights="imagenet",
        layer=None,
        pooling="avg",
        batch_size=32,
        input_shape=None,
        preprocessing=None,
        workers=2,
        verbose=False,
        cache=None,
        precision="float32",
    ):
        self.base = base
        self.weights = weights
        self.layer = layer
        self.pooling = pooling
        self.batch_size = batch_size
        self.input_shape = input_shape
        self.preprocessing = preprocessing
        self.workers = workers
        self.verbose = verbose
        self.cache = cache
        self.precision = precision

    def fit(self, X, y=None) -> FeatureExtractor:
        """Check the parameters and build the network; `X` and `y` are not looked at."""
        self._ready()
        return self

    def transform(self, X) -> np.ndarray:
        """Feature vectors of pictures, in their order.

        Parameters
        ----------
        X : list of paths, folder, array, or data set
            Arrays hold RGB values 0..255, (n, 3, rows, columns). A folder has one folder per
            class; its labels are those of ``tt.images.ImageFolder(folder).labels``.

        Returns
        -------
        float32 array (n, features)
        """
        extraction = self._ready()
        source = as_source(X)
        check_channels(getattr(source, "channels", None), 3)
        reading = Reading(
            extraction.size, extraction.preprocessing, self.batch_size, workers=self.workers
        )
        feed = Feed(source, reading, extraction.part.compute)
        if self.cache not in (None, False):
            feed = keep_feed(feed, extraction.part, self._ready_cache())
        parts = [np.empty((0, extraction.width), np.float32)]
        if feed.length != 0:
            with Bar("features", feed.length, shown=self.verbose) as bar:
                for features in feed.features():
                    parts.append(np.asarray(features, np.float32))
                    bar.update(len(features))
        return np.concatenate(parts)

    def fit_transform(self, X, y=None) -> np.ndarray:
        """``fit(X).transform(X)``."""
        return self.fit(X, y).transform(X)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """``<layer>0``, ``<layer>1`` and so on: an array of str."""
        extraction = self._ready()
        return np.array([f"{extraction.layer}{k}" for k in range(extraction.width)], dtype=object)

    def __getstate__(self):
        # A copy, or the process of a parallel search, compiles its own function.
        own = ("_extraction", "_known_cache")
        return {name: value for name, value in self.__dict__.items() if name not in own}

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self):
        # Called by scikit-learn alone, which is there then.
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
            requires_fit=False,
        )

    def _ready(self) -> _Extraction:
        """The compiled function, made anew when a parameter that matters has changed."""
        names = ("weights", "layer", "pooling", "input_shape", "preprocessing", "precision")
        asked = tuple(getattr(self, name) for name in names)
        known = self.__dict__.get("_extraction")
        if known is None or known.base is not self.base or known.asked != asked:
            known = self._extraction = _Extraction(self, asked)
        return known

    def _ready_cache(self) -> FeatureCache:
        """The cache that the parameter asks for."""
        known = self.__dict__.get("_known_cache")
        if known is None or known[0] is not self.cache:
            known = self._known_cache = self.cache, as_cache(self.cache)
        return known[1]


class _Extraction:
    """A network up to a layer, compiled."""

    def __init__(self, settings: FeatureExtractor, asked: tuple):
        self.base, self.asked = settings.base, asked
        if settings.preprocessing is not None:
            checked_preprocessing(settings.preprocessing)
        self._mode = mode_for(settings.precision)
        if settings.pooling not in POOLING:
            raise ValueError(f"pooling is 'avg', 'max' or None; got {settings.pooling!r}")
        net = _network(settings)
        self.layer = settings.layer or _feature_layer(net)
        if self.layer not in net:
            raise UnknownLayerError(no_such_layer(self.layer, net))
        top = net[self.layer]
        self.size = picture_size(net, top)
        self.preprocessing = settings.preprocessing or usual_preprocessing(net)
        output = lasagne.layers.get_output(top, deterministic=True)
        pool = POOLING[settings.pooling]
        if output.ndim > 2:
            output = output.flatten(2) if pool is None else pool(output, axis=(2, 3))
        entry = next(x for x in net.values() if isinstance(x, lasagne.layers.InputLayer))
        shape = lasagne.layers.get_output_shape(top, {entry: (1, 3, *self.size)})
        self.width = int(shape[1] if pool else np.prod(shape[1:]))
        self._expressions = [net.input_var], output
        self.part = FrozenPart(
            net.input_var,
            output,
            lambda x: self.function(x),
            (self.width,),
            self.layer,
            settings.precision,
        )

    @cached_property
    def function(self):
        """Pictures to vectors; compiled when it is needed, which may be never with a cache."""
        return theano.function(*self._expressions, name="features", mode=self._mode)


def _network(settings) -> zoo.Network:
    if isinstance(settings.base, str):
        in_top = settings.layer in zoo.record(settings.base).top_layers
        options = {} if settings.input_shape is None else {"input_shape": settings.input_shape}
        return zoo.build(settings.base, weights=settings.weights, include_top=in_top, **options)
    if settings.input_shape is not None:
        raise ValueError("input_shape goes with a base given by name; a network has its own")
    if isinstance(settings.base, zoo.Network):
        return settings.base
    return zoo.Network(settings.base)


def _feature_layer(net) -> str:
    """The last layer in front of the top."""
    if net.record is not None and net.record.feature_layer in net:
        return net.record.feature_layer
    return next(reversed(net))
