"""What each family of networks wants done to RGB pixels: one formula, one table.

All of them are ``(pixels - mean) / std`` for each channel, some with the channels reversed. The
modes 'caffe', 'tf' and 'torch' are those of keras/applications/imagenet_utils.py,
`preprocess_input`; 'lite' is that of the EfficientNet-Lite checkpoints, MEAN_RGB = 127 and
STDDEV_RGB = 128 in tensorflow/tpu, models/official/efficientnet/lite/efficientnet_lite_builder.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theano_transfer._suggest import checks_options

COLOURS = 3


@checks_options
@dataclass(frozen=True)
class Preprocessing:
    """``y = (x - mean) / std`` for each channel of RGB pixels 0..255, then BGR if `bgr`.

    Call it with pixels (..., 3, rows, columns), any number of axes in front: a NumPy array gives
    a float32 array of the same memory layout, a symbolic tensor gives a symbolic tensor (float32
    from integers, else of its own dtype).

    Parameters
    ----------
    name : str
    mean, std : three floats
        In RGB order and pixel units (0..255).
    bgr : bool
        Reverse the channels.
    formula : str
        For people.

    Notes
    -----
    Data sets whose pictures have another number of channels get the constants of the three
    colours again and again, in the order in which the network takes these: so are its first
    weights spread over them. With `bgr`, the first three of four or more change places.

    Examples
    --------
    >>> import numpy as np
    >>> white = np.full((1, 3, 2, 2), 255, dtype=np.uint8)
    >>> float(PREPROCESSING["tf"](white).max())
    1.0
    """

    name: str
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bgr: bool = False
    formula: str = ""

    def __post_init__(self):
        for role, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != 3 or not np.all(np.isfinite(values)):
                raise ValueError(f"{role} must be three finite numbers, got {values!r}")
        if 0 in self.std:
            raise ValueError(f"std must not be zero, got {self.std!r}")

    @property
    def is_identity(self) -> bool:
        return tuple(self.mean) == (0, 0, 0) and tuple(self.std) == (1, 1, 1) and not self.bgr

    def __call__(self, x):
        x = _checked(x)
        mean, std = self._constants()
        if not isinstance(x, np.ndarray):
            return (_reversed(x, self.bgr) - mean) / std
        by_pixel = np.moveaxis(x, -3, -1)
        if by_pixel.flags.c_contiguous:
            y = np.empty(by_pixel.shape, np.float32)
            self.write(by_pixel, y)
            return np.moveaxis(y, -1, -3)
        y = np.subtract(_reversed(x, self.bgr), mean, dtype=np.float32)
        return np.divide(y, std, out=y)

    def inverse(self, y):
        """RGB pixels 0..255 (float32, neither rounded nor clipped) of preprocessed `y`.

        Arrays and symbolic tensors of shape (..., 3, rows, columns), as in the call.
        """
        y = _checked(y)
        mean, std = self._constants()
        x = _reversed(y * std + mean, self.bgr)
        return x.astype(np.float32, copy=False) if isinstance(x, np.ndarray) else x

    def to_uint8(self, y) -> np.ndarray:
        """RGB pixels of a preprocessed array for showing: uint8, rounded, clipped to 0..255."""
        return np.rint(self.inverse(np.asarray(y))).clip(0, 255).astype(np.uint8)

    def write(self, pixels, out):
        """Preprocess `pixels` (..., columns, channels) into `out`, C-contiguous float32 of that
        shape.

        The innermost loop runs along a row of pixels: broadcasting three numbers over the last
        axis takes ten times as long.
        """
        columns, channels = out.shape[-2:]
        if self.bgr and channels == COLOURS:
            pixels = pixels[..., ::-1]
        elif self.bgr and channels > COLOURS:
            pixels = pixels[..., [2, 1, 0, *range(COLOURS, channels)]]
        rows = out.reshape(*out.shape[:-2], columns * channels)
        pixels = np.ascontiguousarray(pixels).reshape(rows.shape)
        if self.is_identity:
            rows[...] = pixels
            return
        mean, std = (np.resize(values, channels) for values in self._constants())
        np.subtract(pixels, np.tile(mean, columns), out=rows, casting="same_kind")
        np.divide(rows, np.tile(std, columns), out=rows)

    def _constants(self):
        """mean and std as float32 (3, 1, 1), in the order of the output's channels."""
        order = slice(None, None, -1) if self.bgr else slice(None)
        return tuple(
            np.array(values[order], np.float32).reshape(3, 1, 1) for values in (self.mean, self.std)
        )


def _of_255(*fractions):
    return tuple(255.0 * fraction for fraction in fractions)


PREPROCESSING: dict[str, Preprocessing] = {
    preprocessing.name: preprocessing
    for preprocessing in (
        Preprocessing(
            "caffe",
            mean=(123.68, 116.779, 103.939),
            bgr=True,
            formula="BGR - [103.939, 116.779, 123.68]",
        ),
        Preprocessing("tf", mean=(127.5,) * 3, std=(127.5,) * 3, formula="x / 127.5 - 1"),
        Preprocessing(
            "torch",
            mean=_of_255(0.485, 0.456, 0.406),
            std=_of_255(0.229, 0.224, 0.225),
            formula="(x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]",
        ),
        Preprocessing("lite", mean=(127.0,) * 3, std=(128.0,) * 3, formula="(x - 127) / 128"),
        Preprocessing("rescale", std=(255.0,) * 3, formula="x / 255"),
        Preprocessing("identity", formula="x"),
    )
}


def preprocess_input(x, mode: str | Preprocessing):
    """Preprocess RGB pixels 0..255, (..., 3, rows, columns), array or symbolic.

    Parameters
    ----------
    x : array or symbolic tensor
    mode : str or Preprocessing
        A key of `PREPROCESSING`; each model's record names its own.

    Returns
    -------
    float32, as `Preprocessing` says. `x` is not changed.
    """
    return resolve(mode)(x)


def resolve(mode):
    """The `Preprocessing` that `mode` names; one that is given comes back; None is identity."""
    if isinstance(mode, Preprocessing):
        return mode
    try:
        return PREPROCESSING["identity" if mode is None else mode]
    except (KeyError, TypeError):
        message = f"no preprocessing {mode!r}: known are {', '.join(PREPROCESSING)}"
        raise ValueError(message) from None


def _checked(x):
    """`x` as an array, or the symbolic tensor it is, with channels where they belong."""
    import theano

    if isinstance(x, theano.Variable):
        if x.ndim < 3:
            raise ValueError(f"x must have axes (..., 3, rows, columns), got {x.ndim}: {x.type}")
        return x.astype("float32") if "int" in x.dtype or x.dtype == "bool" else x
    x = np.asarray(x)
    if x.ndim < 3 or x.shape[-3] != 3:
        hint = "; x.transpose(0, 3, 1, 2) has them" if x.ndim == 4 and x.shape[-1] == 3 else ""
        raise ValueError(f"x must have axes (..., 3, rows, columns), got shape {x.shape}{hint}")
    return x


def _reversed(x, bgr):
    return x[..., ::-1, :, :] if bgr else x
