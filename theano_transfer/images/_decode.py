"""From a picture file to RGB pixels: the one way in, for training and prediction.

Pictures come from anywhere. Only five formats are tried, chosen by content; what a mode means in
RGB is fixed here; everything Pillow can raise becomes one error that names the file.
"""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np

from theano_transfer._suggest import checks_options
from theano_transfer.images._errors import ImageError
from theano_transfer.images._resize import (
    checked_crop,
    checked_resample,
    checked_size,
    resize_image,
)

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
# Pillow only warns from here on and refuses at twice as many; a decoded picture of this size
# already takes 268 MB.
MAX_PIXELS = 89_478_485
_ORIENTATION = 0x0112  # EXIF tag 274, "Orientation", values 1 to 8


@checks_options
def load(
    path: str | os.PathLike | BinaryIO,
    size: int | tuple[int, int] | None = None,
    *,
    resample: str = "bilinear",
    crop: float | None = None,
) -> np.ndarray:
    """Read one picture: png, jpeg, bmp, gif or webp, told apart by content, not by name.

    What can be seen through shows white. 16-bit grey is scaled to 0..255. The first frame of an
    animation counts. The EXIF orientation is applied; colour profiles are not.

    Parameters
    ----------
    path : str, os.PathLike or binary file
    size : int, (rows, columns) or None
        In pixels. None keeps the picture's own size.
    resample : str
        'bilinear', or 'nearest', 'box', 'hamming', 'bicubic', 'lanczos'; all but 'nearest'
        average when reducing.
    crop : float or None
        None squeezes the whole picture into `size`. A fraction in (0, 1] takes the middle of the
        picture without distortion: 1 is the largest part with the aspect ratio of `size`, and
        0.875 is what ImageNet networks are usually evaluated with (224 of 256 pixels).

    Returns
    -------
    uint8 array (3, rows, columns)
        RGB, 0..255; a view of a channels-last array.

    Raises
    ------
    ImageError
        The file is missing, not such a picture, damaged, cut short, or of more than 89 million
        pixels.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (4, 2), "red").save(file, "png")
    >>> load(file)[:, 0, 0]
    array([255,   0,   0], dtype=uint8)
    >>> load(file, size=(224, 224)).shape
    (3, 224, 224)
    """
    size, resample, crop = checked_size(size), checked_resample(resample), checked_crop(crop)
    return decode(path, size=size, resample=resample, crop=crop).transpose(2, 0, 1)


def decode(source, *, name=None, size=None, resample="bilinear", crop=None):
    """Pixels of a path or binary file, uint8 (rows, columns, 3); errors call it `name`."""
    from PIL import Image

    name = _name_of(source) if name is None else name
    try:
        with Image.open(source, formats=FORMATS) as image:
            _refuse_bomb(image, name)
            key_shift = 8 if _is_sixteen_bit_colour(image) else 0
            image.load()
            picture = _oriented(_rgb(image, key_shift), image)
            return np.ascontiguousarray(resize_image(picture, size, resample, crop))
    except (ImageError, MemoryError):
        raise
    except Exception as error:
        # Pillow's decoders raise OSError, SyntaxError, ValueError, EOFError, zlib.error,
        # struct.error, IndexError and others on damaged data
        raise ImageError(name, _reason(error)) from error


def _name_of(source):
    if isinstance(source, (str, bytes, os.PathLike)):
        return source
    if not hasattr(source, "read"):
        raise TypeError(f"path must be a path or a binary file, got {type(source).__name__}")
    name = getattr(source, "name", None)  # of an opened descriptor, a number
    return name if isinstance(name, (str, bytes)) else repr(source)


def _refuse_bomb(image, name):
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(
            name, f"{width} x {height} pixels are more than the {MAX_PIXELS} that are accepted"
        )


def _is_sixteen_bit_colour(image):
    """Pillow keeps the upper byte of 16-bit RGB, but not of the colour that means transparent."""
    return any("RGB;16" in str(tile[3]) for tile in image.tile)


def _rgb(image, key_shift):
    from PIL import Image

    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_sixteen_bit(image)
    key = image.info.get("transparency")
    if key is None and "A" not in image.getbands():
        return image.convert("RGB")
    if isinstance(key, tuple):
        image.info["transparency"] = tuple(value >> key_shift for value in key)
    seen_through = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(seen_through, mask=seen_through.getchannel("A"))
    return white


def _from_sixteen_bit(image):
    """Grey 0..65535 as RGB: divided by 257 and rounded. Pillow's convert would cut at 255."""
    from PIL import Image

    grey = np.asarray(image).astype(np.int64)
    # old Pillows hold 16-bit grey in mode I; there is no other way to this mode
    scaled = ((grey.clip(0, 65535) + 128) // 257).astype(np.uint8)
    key = image.info.get("transparency")
    if key is not None:
        scaled[grey == key] = 255
    return Image.fromarray(scaled).convert("RGB")


def _oriented(picture, image):
    """`picture` turned and mirrored as the EXIF data of `image` asks."""
    from PIL import Image

    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # broken EXIF data do not make the picture unreadable
        return picture
    turn = Image.Transpose
    method = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_270,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_90,
    }.get(orientation)
    return picture if method is None else picture.transpose(method)


def _reason(error):
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "not a png, jpeg, bmp, gif or webp picture"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"more than the {MAX_PIXELS} pixels that are accepted"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "a folder, not a picture"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    return f"damaged or cut short ({error or type(error).__name__})"
