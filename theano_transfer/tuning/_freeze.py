"""Freezing: which parameters training leaves alone.

A parameter is frozen when no update expression names it. :func:`freeze` arranges that: it takes
the ``trainable`` tag off each parameter of a layer, so that
``lasagne.layers.get_all_params(out, trainable=True)`` leaves it out, and sets ``layer.frozen``,
by which batch normalisation uses its stored averages and does not move them.

What was compiled before stays as it was compiled: freeze first, then build the update
expressions and compile.
"""

from __future__ import annotations

import functools

from aesara.compile.sharedvalue import SharedVariable
from lasagne.layers import Layer

from theano_transfer.tuning._automatic import updated_by
from theano_transfer.tuning._errors import FrozenError
from theano_transfer.tuning._select import everything_known, select_layers

# The tag that marks a parameter as trainable again once its layer is unfrozen.
FROZEN = "frozen"
# Where a layer that is held still keeps the get_output_for of its own, None if it is its class's.
OWN_OUTPUT = "_output_before_freezing"


def freeze(layers, *patterns: str) -> list[Layer]:
    """Freeze layers: their parameters, updates and batch statistics.

    Parameters
    ----------
    layers : Layer, list of Layer, or mapping of str to Layer
        ``freeze(net['block4_pool'])`` freezes that layer and all that feeds it;
        ``freeze([conv, norm])`` exactly these; ``freeze(net)`` all of a network.
    *patterns : str
        ``freeze(net, 'block[1-4]*', 'predictions')`` freezes the layers whose name matches a
        shell pattern.

    Returns
    -------
    list of Layer
        The layers that were meant, whether or not they were frozen before.

    Raises
    ------
    TypeError
        If `layers` is none of these.
    UnknownLayerError
        (a ValueError) If a pattern matches no layer; nothing is frozen then.

    Notes
    -----
    Freezing twice is freezing once. A parameter that several layers of `layers` share is frozen
    in all of them.

    A batch normalisation layer of another library knows nothing of ``layer.frozen``. By
    Lasagne's convention it uses its stored averages when it is called with
    ``deterministic=True``, so that is how a frozen layer with parameters that are not trained
    (the averages) is called from then on. :func:`assert_frozen` shows whether that was enough.
    """
    chosen = select_layers(layers, patterns)
    _retag(chosen, everything_known(layers), take="trainable", give=FROZEN)
    for layer in chosen:
        _hold_averages(layer)
        layer.frozen = True
    return chosen


def unfreeze(layers, *patterns: str) -> list[Layer]:
    """Undo :func:`freeze`, the same way round: a layer with all that feeds it, a list, patterns.

    Only what was trainable before it was frozen becomes trainable again: the averages of a
    batch normalisation do not.

    Returns
    -------
    list of Layer
        The layers that were meant, whether or not they were frozen before.
    """
    chosen = select_layers(layers, patterns)
    _retag(chosen, everything_known(layers), take=FROZEN, give="trainable")
    for layer in chosen:
        _release_averages(layer)
        layer.frozen = False
    return chosen


def is_frozen(layer: Layer) -> bool:
    """Whether `layer` itself was frozen by :func:`freeze`."""
    return bool(getattr(layer, "frozen", False))


def has_averages(layer: Layer) -> bool:
    """Whether a layer keeps parameters that are never trained, as batch normalisation does."""
    return any(not tags & {"trainable", FROZEN} for tags in layer.params.values())


def trainable_params(layers) -> list:
    """The shared variables that training would change, in layer order.

    Parameters
    ----------
    layers : Layer, list of Layer, or mapping of str to Layer
        A layer stands for itself and all that feeds it.

    Returns
    -------
    list of shared variables
        Those with the ``trainable`` tag, less any that a frozen layer shares.
    """
    held = set(params_of(everything_known(layers), **{FROZEN: True}))
    return [
        param for param in params_of(select_layers(layers), trainable=True) if param not in held
    ]


def params_of(layers, **tags) -> list:
    """Parameters of exactly these layers, each once, in layer order."""
    return list(dict.fromkeys(param for layer in layers for param in layer.get_params(**tags)))


def assert_frozen(layers, updates=None) -> None:
    """Check that nothing in `layers` can change in training.

    Parameters
    ----------
    layers : Layer, list of Layer, or mapping of str to Layer
        As for :func:`freeze`: a layer stands for itself and all that feeds it.
    updates : optional
        What must leave them alone: a compiled function, an update dictionary (or list of
        pairs), an expression (whose automatic updates, such as those of batch normalisation,
        are looked at), or a list of these.

    Raises
    ------
    FrozenError
        (an AssertionError and a ValueError) That lists every parameter that is still
        trainable, every layer that is not frozen, and every parameter that is updated,
        running averages included.
    """
    chosen = select_layers(layers)
    faults = [
        f"layer {_called(layer)} is not frozen"
        for layer in chosen
        if layer.get_params() and not is_frozen(layer)
    ]
    for layer in chosen:
        trainable = set(layer.get_params(trainable=True))
        for param in layer.get_params():
            if param in trainable:
                faults.append(f"{_called(param)} is trainable")
    moved = updated_by(updates)
    for param in params_of(chosen):
        if id(param.container) in moved:
            faults.append(f"{_called(param)} is updated by {moved[id(param.container)]}")
    if faults:
        raise FrozenError(
            "expected these layers to be frozen, but:\n  " + "\n  ".join(faults) + "\n"
            "Freeze them with theano_transfer.freeze, then build the updates and compile anew."
        )


def freezing_signature(layers) -> tuple:
    """What is frozen and what is trainable, as a value that can be compared later.

    Two equal signatures of the same layers mean that update expressions built in between are
    still right.
    """
    return tuple(
        (
            id(layer),
            is_frozen(layer),
            tuple("trainable" in tags for tags in layer.params.values()),
        )
        for layer in everything_known(layers)
    )


def _retag(chosen, known, *, take, give):
    """Exchange a tag on the parameters of `chosen`, wherever in `known` they occur."""
    params = {id(param) for layer in chosen for param in layer.params}
    for layer in [*known, *chosen]:
        for param, tags in layer.params.items():
            if id(param) in params and take in tags:
                tags.discard(take)
                tags.add(give)


def _hold_averages(layer):
    """Have a layer that does not know ``frozen`` use its stored averages."""
    if hasattr(type(layer), "frozen") or _holds_averages(layer) or not has_averages(layer):
        return
    compute = layer.get_output_for

    @functools.wraps(compute)
    def get_output_for(input, **kwargs):
        return compute(input, **{**kwargs, "deterministic": True})

    setattr(layer, OWN_OUTPUT, vars(layer).get("get_output_for"))
    layer.get_output_for = get_output_for


def _release_averages(layer):
    if _holds_averages(layer):
        own = vars(layer).pop(OWN_OUTPUT)
        del layer.get_output_for
        if own is not None:
            layer.get_output_for = own


def _holds_averages(layer) -> bool:
    return OWN_OUTPUT in vars(layer)


def _called(thing) -> str:
    if isinstance(thing, SharedVariable):
        return thing.name or f"an unnamed parameter of shape {thing.get_value(borrow=True).shape}"
    return repr(thing.name) if thing.name else f"{type(thing).__name__} (without a name)"
