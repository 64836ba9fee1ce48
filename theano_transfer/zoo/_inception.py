"""What the Inception networks are made of: branches of convolutions and pools, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Union

from lasagne.init import Constant, Initializer
from lasagne.layers import Layer, NonlinearityLayer
from lasagne.nonlinearities import rectify

from theano_transfer.layers import BatchNormLayer, ConcatChannelsLayer, Conv2DLayer, Pool2DLayer
from theano_transfer.zoo._names import AutomaticNames
from theano_transfer.zoo._network import Network


class Conv(NamedTuple):
    """A convolution without bias, its normalisation, and relu."""

    channels: int
    rows: int
    columns: int
    stride: int = 1
    pad: str | None = None  # None: 'same', but where strided 'valid'


class Pool(NamedTuple):
    """Pooling of 3x3 windows: averages of each place's neighbourhood, or every second maximum."""

    kind: str


class Split(NamedTuple):
    """Convolutions beside each other in a branch, and what their concatenation is called."""

    name: str | None
    convolutions: Sequence[Conv]


average = Pool("average_pooling2d")
largest = Pool("max_pooling2d")
Step = Union[Conv, Pool, Split]
Module = Sequence[Sequence[Step]]


class Inception:
    """Adds branches and modules to a network, and names their layers as Keras would.

    Parameters
    ----------
    net : Network
    W : Initializer
    torch : bool
        Whether, as in PyTorch's networks, normalisation has a scale and averages count the padding.
    """

    def __init__(self, net: Network, W: Initializer, *, torch: bool = False):
        self.net, self.W, self.torch, self.names = net, W, torch, AutomaticNames()

    def module(self, x: Layer, branches: Module, name: str | None) -> Layer:
        """Add branches from `x` on, and their concatenation."""
        ends = [self.branch(x, steps) for steps in branches]
        return self.net.add(ConcatChannelsLayer(ends, name=name or self.names("concatenate")))

    def branch(self, x: Layer, steps: Sequence[Step]) -> Layer:
        """Add one step after the other."""
        for step in steps:
            if isinstance(step, Conv):
                x = self.convolve(x, step)
            elif isinstance(step, Pool):
                x = self.pool(x, step)
            else:
                x = self.module(x, [[conv] for conv in step.convolutions], step.name)
        return x

    def convolve(self, x: Layer, conv: Conv, name: str | None = None) -> Layer:
        """Add a convolution, its normalisation and relu."""
        pad = conv.pad or ("valid" if conv.stride > 1 else "same")
        x = self.net.add(
            Conv2DLayer(
                x,
                conv.channels,
                (conv.rows, conv.columns),
                conv.stride,
                pad=pad,
                W=self.W,
                b=None,
                name=name or self.names("conv2d"),
            )
        )
        called = f"{name}_bn" if name else self.names("batch_normalization")
        scale = Constant(1.0) if self.torch else None
        x = self.net.add(BatchNormLayer(x, gamma=scale, name=called))
        called = f"{name}_ac" if name else self.names("activation")
        return self.net.add(NonlinearityLayer(x, rectify, name=called))

    def pool(self, x: Layer, pool: Pool) -> Layer:
        name = self.names(pool.kind)
        if pool is average:
            mode = "average_inc_pad" if self.torch else "average_exc_pad"
            return self.net.add(Pool2DLayer(x, 3, 1, pad="same", mode=mode, name=name))
        return self.net.add(Pool2DLayer(x, 3, 2, name=name))
