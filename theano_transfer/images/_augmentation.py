"""Random changes of training pictures that leave their class as it is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from theano_transfer._suggest import checks_options

# the names of Keras, and what SciPy calls the same: its own 'wrap' does not repeat with the
# picture's period
FILL_MODES = {
    "nearest": "nearest",
    "constant": "constant",
    "reflect": "reflect",
    "wrap": "grid-wrap",
}


class Augmentation:
    """Random rotation, shift, shear, zoom, mirroring and brightness.

    The parameters mean what they mean in Keras's ``ImageDataGenerator``. The four geometric
    changes are one affine map, applied once with bilinear interpolation; then come mirroring,
    brightness and `rescale`, in this order.

    Parameters
    ----------
    rescale : float or None
        Multiplies the pixels, and is not random: with it the network gets these numbers and no
        others, so `preprocess` must be 'identity', or a ValueError says so. Validation and
        prediction need the same: see `for_evaluation`.
    shear_range : float
        Up to so many *degrees* either way, below 90. (The 0.2 of many tutorials is a fifth of a
        degree.)
    zoom_range : float or (low, high)
        Rows and columns are each zoomed by their own factor from [low, high], where a float z
        is [1 - z, 1 + z]. Factors below 1 enlarge, above 1 shrink.
    horizontal_flip, vertical_flip : bool
        Mirror left and right, or top and bottom, of every other picture.
    rotation_range : float
        Up to so many degrees either way.
    width_shift_range, height_shift_range : float or int
        Below 1 a fraction of the width or height, from 1 on pixels; either way. An int n means
        whole pixels, at most n - 1 of them.
    brightness_range : (low, high) or None
        Pixels are multiplied by a factor from [low, high] and clipped to 0..255.
    fill_mode : str
        What lies outside: 'nearest' repeats the edge, 'constant' is `cval`, 'reflect' mirrors
        (dcba|abcd|dcba), 'wrap' starts again (abcd|abcd|abcd).
    cval : float
        Pixel value, 0..255, for 'constant'.

    Notes
    -----
    The matrices are those of keras/src/legacy/preprocessing/image.py,
    ``apply_affine_transform``: rotation, shift, shear and zoom, multiplied in this order, act on
    (column, row) and lead from the new picture back to the old one, about its centre. What goes
    wrong there does not here: heights and widths are not exchanged when shifting, and pictures
    that are not square are turned about their own centre.

    Examples
    --------
    >>> import numpy as np
    >>> mirror = Augmentation(horizontal_flip=True, rotation_range=15)
    >>> mirror(np.zeros((3, 8, 8), np.uint8), np.random.default_rng(0)).shape
    (3, 8, 8)
    """

    @checks_options
    def __init__(
        self,
        *,
        rescale: float | None = None,
        shear_range: float = 0.0,
        zoom_range: float | tuple[float, float] = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rotation_range: float = 0.0,
        width_shift_range: float = 0.0,
        height_shift_range: float = 0.0,
        brightness_range: tuple[float, float] | None = None,
        fill_mode: str = "nearest",
        cval: float = 0.0,
    ):
        if fill_mode not in FILL_MODES:
            raise ValueError(f"fill_mode must be one of {', '.join(FILL_MODES)}, got {fill_mode!r}")
        if rescale is not None and _number("rescale", rescale) == 0:
            raise ValueError("rescale must not be 0: it would make every picture black")
        self.rescale = rescale
        self.shear_range = _at_least_zero("shear_range", shear_range)
        if self.shear_range >= 90:
            raise ValueError(f"shear_range must be below 90 degrees, got {shear_range!r}")
        self.zoom_range = _zoom_factors(zoom_range)
        self.horizontal_flip = bool(horizontal_flip)
        self.vertical_flip = bool(vertical_flip)
        self.rotation_range = _at_least_zero("rotation_range", rotation_range)
        self.width_shift_range = _at_least_zero("width_shift_range", width_shift_range)
        self.height_shift_range = _at_least_zero("height_shift_range", height_shift_range)
        self.brightness_range = _brightness_factors(brightness_range)
        self.fill_mode = fill_mode
        self.cval = _number("cval", cval)

    def __repr__(self):
        return f"Augmentation({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"

    def __call__(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A changed copy of `picture`, (3, rows, columns), pixel values 0..255, any dtype.

        Returns float32 of the same shape, a view of a channels-last array. Everything random
        comes from `rng`.
        """
        _, rows, columns = picture.shape
        draw = self._draw(rng, rows, columns)
        pixels = picture.transpose(1, 2, 0)
        pixels = _warp(pixels, draw.matrix, FILL_MODES[self.fill_mode], self.cval)
        if draw.mirrored:
            pixels = pixels[:, ::-1]
        if draw.upside_down:
            pixels = pixels[::-1]
        if draw.brightness != 1:
            pixels = np.clip(pixels * np.float32(draw.brightness), 0, 255)
        if self.rescale is not None:
            pixels = pixels * np.float32(self.rescale)
        return pixels.transpose(2, 0, 1)

    def for_evaluation(self) -> Augmentation:
        """What of this is not random, `rescale`: for validation and prediction."""
        return Augmentation(rescale=self.rescale)

    def _draw(self, rng, rows, columns):
        # always as many numbers: switching one change on leaves the others as they were
        u = rng.random(9)
        low, high = self.zoom_range
        dim, bright = self.brightness_range or (1.0, 1.0)
        matrix = affine_matrix(
            rotation=self.rotation_range * (2 * u[0] - 1),
            shift=(
                _shift(self.height_shift_range, u[1], rows),
                _shift(self.width_shift_range, u[2], columns),
            ),
            shear=self.shear_range * (2 * u[3] - 1),
            zoom=(low + (high - low) * u[4], low + (high - low) * u[5]),
        )
        return _Draw(
            matrix=matrix,
            mirrored=self.horizontal_flip and u[6] < 0.5,
            upside_down=self.vertical_flip and u[7] < 0.5,
            brightness=dim + (bright - dim) * u[8],
        )


class _Draw(NamedTuple):
    matrix: np.ndarray
    mirrored: bool
    upside_down: bool
    brightness: float


def affine_matrix(*, rotation, shift, shear, zoom):
    """The 3 x 3 map from new (row, column, 1) to old, both counted from the centre.

    Angles in degrees, shift in pixels and zoom as factors, both (rows, columns).
    """
    theta, phi = math.radians(rotation), math.radians(shear)
    rotated = [
        [math.cos(theta), -math.sin(theta), 0],
        [math.sin(theta), math.cos(theta), 0],
        [0, 0, 1],
    ]
    shifted = [[1, 0, shift[1]], [0, 1, shift[0]], [0, 0, 1]]
    sheared = [[1, -math.sin(phi), 0], [0, math.cos(phi), 0], [0, 0, 1]]
    zoomed = [[zoom[1], 0, 0], [0, zoom[0], 0], [0, 0, 1]]
    steps = [np.array(step, float) for step in (rotated, shifted, sheared, zoomed)]
    swap = [1, 0, 2]  # the steps act on (column, row, 1)
    return np.linalg.multi_dot(steps)[np.ix_(swap, swap)]


def _warp(pixels, matrix, mode, cval):
    """`pixels` (rows, columns, 3) seen through `matrix`, float32, bilinear."""
    if np.array_equal(matrix, np.eye(3)):
        return pixels.astype(np.float32)
    from scipy.ndimage import affine_transform

    if pixels.dtype != np.uint8:  # SciPy knows no half precision
        pixels = pixels.astype(np.float32, copy=False)
    linear = matrix[:2, :2]
    centre = (np.array(pixels.shape[:2]) - 1) / 2
    offset = matrix[:2, 2] + centre - linear @ centre
    warped = np.empty(pixels.shape, np.float32)
    for channel in range(pixels.shape[2]):
        affine_transform(
            pixels[..., channel],
            linear,
            offset,
            output=warped[..., channel],
            order=1,
            mode=mode,
            cval=cval,
        )
    return warped


def _shift(reach, u, length):
    """A shift in pixels, from `u` in [0, 1)."""
    if isinstance(reach, (int, np.integer)):
        return math.floor(u * (2 * reach - 1)) - (reach - 1) if reach else 0
    return reach * (2 * u - 1) * (length if reach < 1 else 1)


def _number(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return value


def _at_least_zero(name, value):
    if _number(name, value) < 0:
        raise ValueError(f"{name} must be 0 or more, it reaches both ways; got {value!r}")
    return value


def _pair(name, value):
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{name} must be a pair (low, high), got {value!r}")
    low, high = (float(_number(name, bound)) for bound in value)
    if not 0 <= low <= high:
        raise ValueError(f"{name} must hold 0 <= low <= high, got {value!r}")
    return low, high


def _zoom_factors(zoom_range):
    if not isinstance(zoom_range, (tuple, list)):
        reach = _at_least_zero("zoom_range", zoom_range)
        zoom_range = (1.0 - reach, 1.0 + reach)
        if reach >= 1:
            raise ValueError(f"zoom_range as one number must be below 1, got {reach!r}")
    low, high = _pair("zoom_range", zoom_range)
    if low == 0:
        raise ValueError(f"zoom_range must be above 0, got {zoom_range!r}")
    return low, high


def _brightness_factors(brightness_range):
    return None if brightness_range is None else _pair("brightness_range", brightness_range)
