"""What features are found again by.

A *space* holds the features of one frozen part with one way of preparing pictures; within it, an
*entry* belongs to one picture, or to one of its augmented variants. Both have keys of 32 bytes,
BLAKE2b of everything that features depend on.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

from theano_transfer.cache._describe import UndescribableError
from theano_transfer.images import Augmentation, Preprocessing
from theano_transfer.images._preprocessing import resolve

KEY_BYTES = 32


def digest(*parts: bytes) -> bytes:
    """32 bytes that stand for `parts`, of which each counts with its length."""
    state = hashlib.blake2b(digest_size=KEY_BYTES)
    for part in parts:
        state.update(struct.pack("<q", len(part)))
        state.update(part)
    return state.digest()


def describe_preprocessing(preprocess) -> bytes:
    """What is done to pixels; `UndescribableError` for a function."""
    if callable(preprocess) and not isinstance(preprocess, Preprocessing):
        raise UndescribableError("the preprocessing is a function, which a key cannot name")
    known = resolve(preprocess)
    return repr((tuple(known.mean), tuple(known.std), bool(known.bgr))).encode()


def describe_augmentation(augment) -> bytes:
    """The settings of an augmentation; `UndescribableError` for a function."""
    if type(augment) is not Augmentation:
        raise UndescribableError("the augmentation is a function, which a key cannot name")
    return repr(augment).encode()


def entry_keys(contents: Sequence[bytes], augmentation: bytes, seed: int, variant: int):
    """Keys of augmented pictures.

    The random numbers of a picture's augmentation go by its place in the data set, so that place
    is part of its key.
    """
    common = augmentation + struct.pack("<qq", seed, variant)
    return [
        digest(common, struct.pack("<q", place), content) for place, content in enumerate(contents)
    ]
