"""What a training run was set up with, in values that can be compared later."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from theano_transfer.images import Dataset
from theano_transfer.updates._schedules import Schedule


def run_settings(model, source, validation, **options) -> dict[str, Any]:
    """Everything that decides what training does, but the state it is in.

    Parameters
    ----------
    model : Model
        Compiled.
    source, validation : data set
        `validation` may be None.
    **options
        Of ``fit``.

    Raises
    ------
    ValueError
        If the data are no data set, whose pictures can be told.
    """
    compiled = {f"compile: {k}": v for k, v in (model.compile_arguments or {}).items()}
    settings = {
        "base": model.base_name,
        "head": model.head,
        "task": model.task,
        "classes": model.classes,
        "input_size": model.input_size,
        "preprocessing": model.preprocessing,
        "precision": model.precision,
        "trainable": list(model.trainable),
        **compiled,
        **options,
        "data": fingerprint(source),
        "validation_data": None if validation is None else fingerprint(validation),
    }
    return {name: _plain(value) for name, value in settings.items()}


def fingerprint(source) -> str:
    """So many pictures, and a digest of what tells them and their labels.

    Of files, it is their names with those of their folders; so that a folder may be moved.
    """
    if not isinstance(source, Dataset):
        raise ValueError(
            "checkpoints need pictures that can be found again: give a data set of tt.images, a "
            "folder or arrays, not an iterator"
        )
    state = hashlib.blake2b(digest_size=16)
    paths = getattr(source, "paths", None)
    if paths is not None:
        names = ["/".join(os.fspath(path).split(os.sep)[-2:]) for path in paths]
        state.update("\0".join(names).encode("utf-8", "surrogateescape"))
    else:
        state.update(b"".join(source.contents(range(len(source)))))
    if source.labels is not None:
        state.update(np.ascontiguousarray(source.labels).tobytes())
    return f"{len(source)} pictures, {state.hexdigest()}"


def _plain(value):
    """JSON values; what is none by a text that is the same in every process."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray):
        digest = hashlib.blake2b(np.ascontiguousarray(value).tobytes(), digest_size=16)
        return f"array of shape {value.shape}, {digest.hexdigest()}"
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (slice, Schedule)):
        return repr(value)
    name = getattr(value, "__qualname__", None)
    if name is not None:
        return f"{value.__module__}.{name}"
    # Augmentation, Preprocessing and the like print their settings; others only their kind.
    text = repr(value)
    return type(value).__qualname__ if " at 0x" in text else text
