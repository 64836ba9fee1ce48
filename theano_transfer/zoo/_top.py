"""What most networks end in: averages of the last maps, and a class for each of their sums."""

from __future__ import annotations

from lasagne.init import Initializer
from lasagne.layers import DenseLayer, DropoutLayer, GlobalPoolLayer, Layer

from theano_transfer.zoo._network import Network
from theano_transfer.zoo._options import Options


def classify(
    net: Network,
    x: Layer,
    options: Options,
    W: Initializer,
    *,
    pool: str = "avg_pool",
    dropout: tuple[str, float] | None = None,
) -> Layer:
    """Add global average pooling, dropout and ``predictions``, where the top is wanted.

    Parameters
    ----------
    pool : str
        Name of the pooling layer.
    dropout : (name, rate), optional
    """
    if not options.include_top:
        return x
    x = net.add(GlobalPoolLayer(x, name=pool))
    if dropout is not None:
        name, rate = dropout
        x = net.add(DropoutLayer(x, rate, name=name))
    return net.add(
        DenseLayer(x, options.classes, W=W, nonlinearity=options.nonlinearity, name="predictions")
    )
