"""A network of the zoo with its own classifier, as something that predicts."""

from __future__ import annotations

import numpy as np

from theano_transfer import zoo
from theano_transfer.images import Dataset
from theano_transfer.tuning._progress import Bar


class Pretrained:
    """A network of the zoo with its top, and what predicting with it needs.

    Parameters
    ----------
    base : str
    weights : 'imagenet' or path
    """

    task = "classification"

    def __init__(self, base: str, weights: str):
        import lasagne
        import theano

        self.net = zoo.build(base, weights=weights)
        self.classes = self.net.classes
        self._record = zoo.record(base)
        output = lasagne.layers.get_output(self.net.output, deterministic=True)
        self._predict = theano.function([self.net.input_var], output)

    def predict(self, data: Dataset, *, batch_size: int = 32, verbose: bool = False) -> np.ndarray:
        """Probabilities (n, classes)."""
        batches = data.batches(
            batch_size, size=self._record.input_size, preprocess=self._record.preprocessing
        )
        parts = []
        with Bar("predict", len(data), shown=verbose) as bar:
            for pictures, _ in batches:
                parts.append(self._predict(pictures))
                bar.update(len(pictures))
        return np.concatenate(parts)
