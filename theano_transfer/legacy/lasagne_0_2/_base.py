"""What Lasagne 0.2 added to the layers' own base class."""

from __future__ import annotations

import functools

from lasagne.layers import Layer, MergeLayer
from lasagne.nonlinearities import identity

from theano_transfer.legacy.lasagne_0_2._utils import collect_shared_vars


def mend_base():
    """Give ``Layer`` and ``MergeLayer`` what 0.2 documents of them."""
    for base in (Layer, MergeLayer):
        base.__init__ = _with_keywords(base.__init__)
    Layer.get_params = _get_params


def _with_keywords(initialise):
    @functools.wraps(initialise)
    def initialise_with_keywords(self, *args, **kwargs):
        initialise(self, *args, **kwargs)
        self.get_output_kwargs = []

    return initialise_with_keywords


def _get_params(self, unwrap_shared=True, **tags):
    """The parameters with these tags (``trainable=True``), without those (``trainable=False``).

    Parameters
    ----------
    unwrap_shared : bool
        A parameter that was given as an expression is answered by the shared variables it
        depends on. If False: by itself.

    Returns
    -------
    list of variables
    """
    wanted = {tag for tag, value in tags.items() if value}
    unwanted = set(tags) - wanted
    params = [p for p, own in self.params.items() if wanted <= own and not unwanted & own]
    return collect_shared_vars(params) if unwrap_shared else params


def taken_nonlinearity(layer):
    """The nonlinearity of `layer`, which has none from here on; None if it had none."""
    nonlinearity = getattr(layer, "nonlinearity", None)
    if nonlinearity is not None:
        layer.nonlinearity = identity
    return nonlinearity


def drop_bias(layer):
    """Take the bias from a layer that another one with a bias follows."""
    if getattr(layer, "b", None) is not None:
        del layer.params[layer.b]
        layer.b = None
