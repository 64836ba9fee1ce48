"""What is known about an architecture, in one place."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class ModelRecord:
    """What is known about an architecture.

    Attributes
    ----------
    name : str
        What the zoo calls it: ``'vgg16'``.
    title : str
        What people call it.
    paper : str
        Citation and address.
    num_parameters : int or None
        With top and `classes`, averages of batch normalisation included, as Keras counts.
        None where nobody has published a network of these arguments.
    feature_layer : str
        The last layer that a network without top has (before pooling).
    feature_channels : int
        Channels of its output.
    blocks : tuple of (str, str)
        Block name and the name of its first layer, from input to output: where to split a
        network into a frozen and a trained part.
    top_layers : tuple of str
        Layers that only a network with top has, in order.
    preprocessing : str
        Key of ``theano_transfer.images.PREPROCESSING``: what the pretrained weights expect.
    input_size : int
        Rows and columns that the network was trained with.
    min_size : int
        The least rows and columns that it takes.
    arguments : tuple of (str, value)
        The family's own arguments, such as a width, that a network was built with.
    classes : int
        Outputs of the classifier, unless others are asked for: those of ImageNet.
    """

    name: str
    title: str
    paper: str
    num_parameters: int | None
    feature_layer: str
    feature_channels: int
    blocks: tuple[tuple[str, str], ...]
    top_layers: tuple[str, ...]
    preprocessing: str
    input_size: int = 224
    min_size: int = 32
    arguments: tuple[tuple[str, Any], ...] = ()
    classes: int = 1000

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, rows, columns) that the network was trained with."""
        return (3, self.input_size, self.input_size)
