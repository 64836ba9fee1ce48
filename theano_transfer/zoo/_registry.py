"""Which architectures there are, and how one becomes an entry point."""

from __future__ import annotations

import dataclasses
import difflib
import fnmatch
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import theano
from lasagne.layers import GlobalPoolLayer, InputLayer, Layer
from theano import tensor as T

from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options, with_channels
from theano_transfer.zoo._order import sort_as_keras
from theano_transfer.zoo._record import ModelRecord

_RECORDS: dict[str, ModelRecord] = {}
_ENTRY_POINTS: dict[str, Callable[..., Network]] = {}
_VARIANTS: dict[str, list[dict[str, Any]]] = {}

ARGUMENTS = """
    Parameters
    ----------
    weights : None, 'imagenet' or path
        None: random. ``'imagenet'``: those that ship with the project, or Keras's (PyTorch's,
        where Keras has none), downloaded once. A path: a file of ours or of Keras that fits.
    include_top : bool
        Whether the network ends in its classifier.
    input_shape : (channels, rows, columns)
        At least {min_size} rows and columns. {unknown}
    in_channels : int, optional
        Channels of the images, in place of those of `input_shape`. Where there are not 3, weights
        are those of networks for 3, spread over the channels in the first convolution.
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
        What the classifier applies; None gives the scores before softmax.{own}

    Returns
    -------
    Network
        Layer name -> Lasagne layer, named as in Keras.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or does not fit the others or the weights.
"""


def register(
    describe: ModelRecord | Callable[..., ModelRecord],
    *,
    any_size: bool = True,
    arguments: str = "",
    variants: Sequence[Mapping[str, Any]] = (),
):
    """Make an entry point of the zoo from a function that builds layers.

    Parameters
    ----------
    describe : ModelRecord or callable
        A function makes a record from arguments of the family's own, such as a width, and raises
        ValueError or TypeError where they are wrong. They become arguments of the entry point.
    any_size : bool
        Whether the classifier takes images of unknown size.
    arguments : str
        What the entry point's docstring says about the family's own arguments.
    variants : sequence of dict
        Values of these arguments, apart from the defaults, for which weights are published.

    Returns
    -------
    decorator
        For ``build(net, images, options, **own) -> layer``: it adds the layers between the input
        layer `images` and the feature layer, and the top if ``options.include_top``, to the
        network, and returns the last. Its docstring becomes the beginning of the entry point's.
    """
    describing = (lambda: describe) if isinstance(describe, ModelRecord) else describe
    own_parameters = inspect.signature(describing).parameters
    defaults = {name: parameter.default for name, parameter in own_parameters.items()}
    record = describing()
    if defaults:
        record = dataclasses.replace(record, arguments=tuple(defaults.items()))

    def decorate(build: Callable[..., Layer]) -> Callable[..., Network]:
        def entry_point(
            weights=None,
            *,
            include_top: bool = True,
            input_shape=record.input_shape,
            in_channels: int | None = None,
            pooling: str | None = None,
            classes: int = record.classes,
            input_var=None,
            classifier_activation="softmax",
            **own,
        ) -> Network:
            _check_known(record.name, own, defaults)
            own = {**defaults, **own}
            variant = describing(**own)
            if own:
                variant = dataclasses.replace(variant, arguments=tuple(own.items()))
            input_shape = with_channels(input_shape, in_channels)
            options = Options(
                weights, include_top, input_shape, pooling, classes, classifier_activation
            )
            options.check(variant)
            net = Network(record=variant)
            if input_var is None:
                # Sizes that are known here need no arithmetic in the compiled function.
                input_var = T.TensorType(theano.config.floatX, (None, *input_shape))("images")
            images = net.add(InputLayer((None, *input_shape), input_var, name="input"))
            last = build(net, images, options, **own)
            if pooling is not None:
                function = T.mean if pooling == "avg" else T.max
                net.add(GlobalPoolLayer(last, function, name=f"{pooling}_pool"))
            net.built = tuple(net)
            sort_as_keras(net)
            if weights is not None:
                from theano_transfer.weights import load_pretrained

                load_pretrained(net, weights, include_top)
            return net

        unknown = "None: any size" + ("." if any_size else ", without top.")
        text = ARGUMENTS.format(
            min_size=record.min_size,
            unknown=unknown,
            channels=record.feature_channels,
            preprocessing=record.preprocessing,
            own=arguments.rstrip(),
        )
        entry_point.__name__ = entry_point.__qualname__ = record.name
        entry_point.__module__ = build.__module__
        entry_point.__doc__ = f"{(build.__doc__ or '').rstrip()}\n\n    {record.paper}\n{text}"
        entry_point.__signature__ = _signature(entry_point, own_parameters)  # type: ignore[attr-defined]
        _RECORDS[record.name] = record
        _ENTRY_POINTS[record.name] = entry_point
        _VARIANTS[record.name] = [dict(variant) for variant in variants]
        return entry_point

    return decorate


def _signature(entry_point, own):
    """The signature with the family's own arguments in place of ``**own``."""
    signature = inspect.signature(entry_point)
    common = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    mine = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in own.values()]
    return signature.replace(parameters=[*common, *mine])


def _check_known(name, given, known):
    for argument in given:
        if argument not in known:
            has = f"; of its own it has {', '.join(known)}" if known else ""
            raise TypeError(f"{name}() takes no argument {argument!r}{has}")


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


def variants(name: str) -> list[dict[str, Any]]:
    """Arguments, other than the defaults, for which weights of an architecture are published.

    ``zoo.build(name, **variant)`` builds one; most architectures have none.

    Raises
    ------
    ValueError
        If there is no architecture of that name.
    """
    return [dict(variant) for variant in _VARIANTS[_known(name)]]


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
