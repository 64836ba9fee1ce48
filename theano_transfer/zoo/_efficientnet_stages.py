"""What EfficientNets have in common: the stages of B0, how they grow, how weights start."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from lasagne.init import Initializer, Normal

from theano_transfer.zoo._widths import divisible


class Stage(NamedTuple):
    """A row of table 1 of the paper: Tan and Le, 2019, https://arxiv.org/abs/1905.11946."""

    repeats: int
    kernel: int
    stride: int  # of the first block; 1 for the others
    expand: int
    channels: int

    def scaled(self, width: float, depth: float) -> Stage:
        """The stage of a network so much wider and deeper."""
        return self._replace(
            channels=divisible(width * self.channels), repeats=math.ceil(depth * self.repeats)
        )


STEM = 32
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
TOP = 1280


class Style(NamedTuple):
    """What Keras, torchvision and timm do differently: sides padded alike, normalisation."""

    epsilon: float
    momentum: float
    symmetric: bool = True


KERAS = Style(1e-3, 0.99, symmetric=False)
TORCH = Style(1e-5, 0.9)


class FanOutNormal(Initializer):
    """Normal with variance 2 / (filters * rows * columns), which EfficientNet starts from."""

    def sample(self, shape):
        # A depthwise filter feeds one channel, however many there are: shape (C, 1, r, c).
        filters = 1 if shape[1] == 1 else shape[0]
        return Normal(np.sqrt(2 / (filters * shape[2] * shape[3]))).sample(shape)


def colours(channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each channel of ImageNet's pictures, between 0 and 1.

    Of channels that are not red, green and blue: the averages of these.
    """
    of_rgb = np.array([(0.485, 0.456, 0.406), (0.229, 0.224, 0.225)])
    mean, deviation = of_rgb if channels == 3 else of_rgb.mean(axis=1, keepdims=True)
    return np.broadcast_to(mean, channels).copy(), np.broadcast_to(deviation, channels).copy()


def letter(number: int) -> str:
    """What Keras calls the blocks of a stage: a, b, c..."""
    return chr(ord("a") + number)
