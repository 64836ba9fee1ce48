"""Which architectures there are, and how one becomes an entry point."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Callable

import theano
from lasagne.layers import GlobalPoolLayer, InputLayer, Layer
from theano import tensor as T

from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options
from theano_transfer.zoo._record import ModelRecord

_RECORDS: dict[str, ModelRecord] = {}
_ENTRY_POINTS: dict[str, Callable[..., Network]] = {}

ARGUMENTS = """
    Parameters
    ----------
    weights : None, 'imagenet' or path
        None: random. ``'imagenet'``: those that ship with the project, or Keras's, downloaded
        once. A path: a file of ours or of Keras that fits.
    include_top : bool
        Whether the network ends in its classifier.
    input_shape : (3, rows, columns)
        At least {min_size} rows and columns. {unknown}
    pooling : None, 'avg' or 'max'
        Only with ``include_top=False``: None ends in maps (batch, {channels}, rows, columns), the
        others in their average or maximum (batch, {channels}), as layer ``avg_pool`` or
        ``max_pool``.
    classes : int
        Outputs of the classifier; must be 1000 for ``weights='imagenet'``.
    input_var : tensor4, optional
        Variable that stands for the images (batch, channel, row, column), preprocessed the
        ``{preprocessing!r}`` way; a new one by default.
    classifier_activation : 'softmax', None or callable
        What the classifier applies; None gives the scores before softmax.

    Returns
    -------
    Network
        Layer name -> Lasagne layer, named as in Keras.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or does not fit the others or the weights.
"""


def register(record: ModelRecord, *, any_size: bool = True):
    """Make an entry point of the zoo from a function that builds layers.

    Parameters
    ----------
    record : ModelRecord
    any_size : bool
        Whether the classifier takes images of unknown size.

    Returns
    -------
    decorator
        For ``build(net, images, options) -> layer``: it adds the layers between the input layer
        `images` and the feature layer, and the top if ``options.include_top``, to the network,
        and returns the last. Its docstring becomes the beginning of the entry point's.
    """

    def decorate(build: Callable[[Network, Layer, Options], Layer]) -> Callable[..., Network]:
        def entry_point(
            weights=None,
            *,
            include_top: bool = True,
            input_shape=record.input_shape,
            pooling: str | None = None,
            classes: int = 1000,
            input_var=None,
            classifier_activation="softmax",
        ) -> Network:
            options = Options(
                weights, include_top, input_shape, pooling, classes, classifier_activation
            )
            options.check(record)
            net = Network(record=record)
            if input_var is None:
                # Sizes that are known here need no arithmetic in the compiled function.
                input_var = T.TensorType(theano.config.floatX, (None, *input_shape))("images")
            images = net.add(InputLayer((None, *input_shape), input_var, name="input"))
            last = build(net, images, options)
            if pooling is not None:
                function = T.mean if pooling == "avg" else T.max
                net.add(GlobalPoolLayer(last, function, name=f"{pooling}_pool"))
            if weights is not None:
                from theano_transfer.weights import load_pretrained

                load_pretrained(net, weights, include_top)
            return net

        unknown = "None: any size" + ("." if any_size else ", without top.")
        arguments = ARGUMENTS.format(
            min_size=record.min_size,
            unknown=unknown,
            channels=record.feature_channels,
            preprocessing=record.preprocessing,
        )
        entry_point.__name__ = entry_point.__qualname__ = record.name
        entry_point.__module__ = build.__module__
        entry_point.__doc__ = f"{(build.__doc__ or '').rstrip()}\n\n    {record.paper}\n{arguments}"
        _RECORDS[record.name] = record
        _ENTRY_POINTS[record.name] = entry_point
        return entry_point

    return decorate


def models(pattern: str = "*") -> list[str]:
    """Names of the architectures that match a shell pattern: ``models('resnet*')``."""
    return [name for name in _RECORDS if fnmatch.fnmatchcase(name, pattern)]


def record(name: str) -> ModelRecord:
    """What is known about an architecture.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    return _RECORDS[_known(name)]


def build(name: str, **options) -> Network:
    """The network called `name`: ``build('vgg16', **options)`` is ``vgg16(**options)``.

    Raises
    ------
    ValueError
        If there is none of that name, or an option is wrong.
    """
    return _ENTRY_POINTS[_known(name)](**options)


def _known(name):
    if name in _RECORDS:
        return name
    near = difflib.get_close_matches(str(name).lower(), _RECORDS, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"no model is called {name!r}; {hint}There are {', '.join(_RECORDS)}")
