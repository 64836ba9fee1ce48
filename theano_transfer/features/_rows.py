"""What makes rows of pictures, features or predictions, and can be sent to other processes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from theano_transfer.cache._keys import digest
from theano_transfer.features._extractor import FeatureExtractor
from theano_transfer.features._parts import Rows
from theano_transfer.images import ImageError, ImageFiles, load
from theano_transfer.images._dataset import digest_of
from theano_transfer.tuning import Model
from theano_transfer.tuning._describe import describe


class Recipe:
    """A network and what is asked of it.

    Pickled it is small, or as large as the network's parameters; nothing compiled travels.

    Parameters
    ----------
    model : FeatureExtractor, Model, or path of a saved model
        Features of the first, predictions of the others.
    batch_size : int
        For predictions; a FeatureExtractor has its own.

    Attributes
    ----------
    about : dict
        JSON values by which the same recipe is known again.
    """

    def __init__(self, model, batch_size: int = 32):
        self._batch_size = batch_size
        self._model: Any
        if isinstance(model, FeatureExtractor):
            self._model = type(model)(**{**model.get_params(), "cache": None, "verbose": False})
            self.about = _about_features(self._model)
        else:
            self._model = model if isinstance(model, Model) else Model.load(model)
            self.about = _about_predictions(self._model)

    def rows(self, paths: Sequence[str]) -> Rows:
        """One row for each picture, also for those that cannot be read."""
        try:
            return Rows(self._compute(paths), [None] * len(paths))
        except ImageError:
            errors = [_reason(path) for path in paths]
        values = np.zeros((len(paths), self.about["width"]), np.float32)
        readable = [number for number, error in enumerate(errors) if error is None]
        if readable:
            values[readable] = self._compute([paths[number] for number in readable])
        return Rows(values, errors)

    def _compute(self, paths) -> np.ndarray:
        # Decoded once: what is no picture shows when it is read.
        data = ImageFiles(paths, verify=False, cache_bytes=0)
        if isinstance(self._model, FeatureExtractor):
            return self._model.transform(data)
        return self._model.predict(data, batch_size=self._batch_size)

    def __getstate__(self):
        # What is compiled stays behind: a model travels as the file it would be saved to.
        state = dict(self.__dict__)
        if isinstance(self._model, Model):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "model.h5")
                self._model.save(path)
                state["_model"] = path.read_bytes()
        return state

    def __setstate__(self, state):
        self.__dict__.update(state)
        if isinstance(self._model, bytes):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "model.h5")
                path.write_bytes(self._model)
                self._model = Model.load(path)


def _about_features(extractor) -> dict[str, Any]:
    extraction = extractor._ready()
    part = extraction.part
    return {
        "column": "features",
        "width": extraction.width,
        "layer": extraction.layer,
        "pooling": extractor.pooling,
        "size": list(extraction.size),
        "preprocessing": str(extraction.preprocessing),
        # By its content where that has a name.
        "network": part.name if part.unnamed else part.key().hex(),
    }


def _about_predictions(model) -> dict[str, Any]:
    description: dict[str, Any] = {**describe(model), "tuned": None}
    values = [param.get_value() for param in model.net.params.values()]
    pictures = np.empty((0, 3, *model.input_size), np.uint8)
    return {
        "column": "prediction",
        "width": model.predict(pictures).shape[1],
        "task": model.task,
        "classes": description["classes"],
        "size": description["input_size"],
        "preprocessing": description["preprocessing"],
        "network": digest(json.dumps(description).encode(), *map(digest_of, values)).hex(),
    }


def _reason(path: str) -> str | None:
    """Why a picture cannot be read; None if it can."""
    try:
        load(path)
    except ImageError as error:
        return error.reason
    return None
