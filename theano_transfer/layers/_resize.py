"""Images of another size."""

from __future__ import annotations

import theano.tensor as T
from lasagne.layers import Layer

MODES = ("nearest", "bilinear")


class Resize2DLayer(Layer):
    """Images (batch, channel, row, column) in another size, their corners' corners in place.

    Parameters
    ----------
    incoming : Layer or tuple
    size : (rows, columns)
        Of the output; with `relative`, how many times those of the input.
    mode : {'nearest', 'bilinear'}
        Which pixels of the input, seen at a pixel's centre, count: the nearest, or the four around
        it. Smaller images are not smoothed first.
    relative : bool
    name : str, optional
    """

    def __init__(
        self,
        incoming,
        size,
        mode: str = "bilinear",
        *,
        relative: bool = False,
        name: str | None = None,
    ):
        super().__init__(incoming, name=name)
        if mode not in MODES or len(self.input_shape) != 4 or min(size) < 1:
            raise ValueError(
                f"images (batch, channel, row, column), a size and one of {MODES} were expected; "
                f"got shape {self.input_shape}, {size!r}, {mode!r}"
            )
        self.size, self.mode, self.relative = tuple(size), mode, relative

    def get_output_shape_for(self, input_shape):
        sizes = self.size
        if self.relative:
            sizes = tuple(n and n * factor for n, factor in zip(input_shape[2:], self.size))
        return (*input_shape[:2], *sizes)

    def get_output_for(self, input, **kwargs):
        for axis, wanted in zip((2, 3), self.size):
            known, length = self.input_shape[axis], input.shape[axis]
            if wanted == (1 if self.relative else known):
                continue
            wanted = length * wanted if self.relative else wanted
            input = self._along(axis, input, length, wanted)
        return input

    def _along(self, axis, images, length, wanted):
        # Centres of the output's pixels, in the input's.
        places = (T.arange(wanted) + 0.5) * (length / T.cast(wanted, "float64"))
        before = (slice(None),) * axis
        if self.mode == "nearest":
            return images[(*before, T.cast(T.floor(places), "int64"))]
        places = T.clip(places - 0.5, 0, length - 1)
        first = T.cast(T.floor(places), "int64")
        second = T.minimum(first + 1, length - 1)
        pattern = [0 if other == axis else "x" for other in range(images.ndim)]
        share = T.cast(places - first, images.dtype).dimshuffle(pattern)
        return images[(*before, first)] * (1 - share) + images[(*before, second)] * share
