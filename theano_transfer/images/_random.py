"""Random numbers that depend on what they are for, not on when they are drawn.

Each use has its own stream, made from (seed, purpose, ...): the order of an epoch does not shift
the augmentation of a picture, and threads may draw in any order. Bits of PCG64 are the same on
every machine and in every NumPy; permutations are built from them directly, because NumPy keeps
the right to change `Generator.permutation`.
"""

from __future__ import annotations

import operator
from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    ORDER = 1
    AUGMENTATION = 2
    SPLIT = 3
    BALANCE = 4


def checked_seed(seed, name="seed"):
    try:
        value = operator.index(seed)
    except TypeError:
        raise TypeError(f"{name} must be an int, got {seed!r}") from None
    if value < 0:
        raise ValueError(f"{name} must be 0 or more, got {seed!r}")
    return value


def generator(seed, purpose, *which):
    """A NumPy Generator of the stream (seed, purpose, which...)."""
    return np.random.Generator(_bits(seed, purpose, which))


def permutation(count, seed, purpose, *which):
    """0..count-1 in an order that the stream (seed, purpose, which...) fixes."""
    keys = _bits(seed, purpose, which).random_raw(count)
    return np.argsort(keys, kind="stable")


def _bits(seed, purpose, which):
    # as spawn key: entropy alone is padded with zeros, so (1, 2) and (1, 2, 0) would be the same
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(int(purpose), *which)))
