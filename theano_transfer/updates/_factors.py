"""Which parameter learns how fast: shared variable -> factor of the learning rate."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping

from theano_transfer.tuning._errors import UnknownLayerError
from theano_transfer.tuning._freeze import params_of, trainable_params
from theano_transfer.tuning._select import match_names, named_layers, no_such_layer
from theano_transfer.updates._groups import depth_groups


def by_spread(layers, rates: slice) -> OrderedDict:
    """Rates between two bounds, in equal ratios from the lowest group to the highest.

    Parameters
    ----------
    layers : as for :func:`depth_groups`
    rates : slice
        ``slice(1e-5, 1e-3)``: the lowest group gets 1e-5, the highest 1e-3, group k of n
        ``1e-5 * (1e-3 / 1e-5) ** (k / (n - 1))``. ``slice(1e-3)``: the highest group gets 1e-3,
        all others a tenth of it. (fastai's rules.)

    Returns
    -------
    OrderedDict
        Shared variable -> rate.
    """
    if not isinstance(rates, slice) or rates.step is not None or rates.stop is None:
        raise TypeError(f"rates are slice(lowest, highest) or slice(highest); got {rates!r}")
    for bound in (rates.start, rates.stop):
        if bound is not None:
            _checked(bound, "a bound of the rates")
    groups = list(depth_groups(layers).values())
    high = float(rates.stop)
    factors: OrderedDict = OrderedDict()
    for k, params in enumerate(groups):
        if k == len(groups) - 1:
            rate = high
        elif rates.start is None:
            rate = high / 10
        else:
            rate = rates.start * (high / rates.start) ** (k / (len(groups) - 1))
        factors.update((param, rate) for param in params)
    return factors


def by_layer(layers, decay: float, *, least: float = 0.0) -> OrderedDict:
    """Factors that fall by `decay` from each group to the one below it.

    Parameters
    ----------
    layers : as for :func:`depth_groups`
    decay : float
        Above 0, at most 1: group k of n gets ``decay ** (n - 1 - k)``, so that the highest has 1.
        Usual for fine-tuning: 0.65 to 0.9.
    least : float
        A group whose factor is below it gets 0: it is left out of the updates.

    Returns
    -------
    OrderedDict
        Shared variable -> factor.
    """
    if not 0 < _checked(decay, "decay") <= 1:
        raise ValueError(f"decay lies above 0 and is at most 1; got {decay!r}")
    factors: OrderedDict = OrderedDict()
    for distance, params in enumerate(reversed(depth_groups(layers).values())):
        factor = float(decay) ** distance
        factors.update((param, factor if factor >= least else 0.0) for param in reversed(params))
    return OrderedDict(reversed(factors.items()))


def by_name(layers, factors: Mapping[str, float]) -> OrderedDict:
    """Factors given by the names of layers or of blocks.

    Parameters
    ----------
    layers : Network, mapping of str to Layer, Layer, or list of Layer
    factors : mapping
        Layer, block of the architecture, ``'head'`` or shell pattern -> factor. Where several fit
        a parameter the last one counts; what none fits has the factor 1, and 0 is left out of
        the updates.

    Raises
    ------
    UnknownLayerError
        (a ValueError) If a name fits nothing; it names the nearest.
    """
    chosen = OrderedDict((param, 1.0) for param in trainable_params(layers))
    groups, named = depth_groups(layers), named_layers(layers)
    for name, factor in factors.items():
        value = _checked(factor, f"the factor of {name!r}", least=0)
        if name in groups:
            found = groups[name]
        else:
            try:
                found = params_of(match_names(named, [name]))
            except UnknownLayerError:
                names = [layer for layer, _ in named if layer]
                raise UnknownLayerError(no_such_layer(name, [*groups, *names])) from None
        chosen.update((param, value) for param in found if param in chosen)
    return chosen


def _checked(number, what, least=None) -> float:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise TypeError(f"{what} is a number; got {number!r}")
    if not math.isfinite(number) or number < 0 or (number == 0 and least is None):
        raise ValueError(f"{what} is finite and above 0; got {number!r}")
    return float(number)
