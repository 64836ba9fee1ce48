"""One way of resizing, for pictures from files and from arrays alike.

Pillow's filters widen with the reduction ("antialias"), so that a reduced picture is an average
of all its pixels and not a sample of some. Networks see the difference: Parmar, Zhang and Zhu,
"On Aliased Resizing and Surprising Subtleties in GAN Evaluation", CVPR 2022, arXiv:2104.11222.
"""

from __future__ import annotations

import operator

import numpy as np

RESAMPLING = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")


def checked_size(size):
    """`size` as (rows, columns), from such a pair or from one int for a square; None stays."""
    if size is None:
        return None
    try:
        pair = (size, size) if not isinstance(size, (tuple, list)) else tuple(size)
        rows, columns = (operator.index(length) for length in pair)
    except (TypeError, ValueError):
        message = f"size must be one int or (rows, columns), got {size!r}"
        raise TypeError(message) from None
    if rows < 1 or columns < 1:
        raise ValueError(f"size must be at least (1, 1), got {size!r}")
    return rows, columns


def checked_resample(resample):
    if resample not in RESAMPLING:
        raise ValueError(f"resample must be one of {', '.join(RESAMPLING)}, got {resample!r}")
    return resample


def checked_crop(crop):
    if crop is not None and not 0 < crop <= 1:
        raise ValueError(f"crop must be None or a fraction in (0, 1], got {crop!r}")
    return crop


def resize_image(image, size, resample, crop):
    """`image` (Pillow, mode RGB, L or F) at `size` (rows, columns); None keeps its own size."""
    from PIL import Image

    box = _crop_box(image.size, size, crop)
    if size is None:
        return image if box is None else image.crop(box)
    method = getattr(Image.Resampling, resample.upper())
    return image.resize(size[::-1], method, box=box)


def resize_array(pixels, size, resample, crop):
    """The same for an array (rows, columns, channels), uint8 or floating: it keeps its kind."""
    from PIL import Image

    kind = np.uint8 if pixels.dtype == np.uint8 else np.float32
    if kind is np.uint8 and pixels.shape[-1] == 3:
        image = Image.fromarray(np.ascontiguousarray(pixels))
        return np.asarray(resize_image(image, size, resample, crop))
    planes = (np.ascontiguousarray(plane, kind) for plane in np.moveaxis(pixels, -1, 0))
    resized = (resize_image(Image.fromarray(plane), size, resample, crop) for plane in planes)
    return np.stack([np.asarray(plane) for plane in resized], axis=-1)


def _crop_box(image_size, size, crop):
    """The centred part to keep, as (left, upper, right, lower) in pixels, or None for all.

    ``crop=1`` is the largest part with the aspect ratio of `size`, smaller fractions shrink both
    its sides. With a `size`, the edges may lie inside pixels: the filter weighs those.
    """
    if crop is None:
        return None
    width, height = image_size
    if size is None:  # no filter: whole pixels
        across, down = max(1, round(crop * width)), max(1, round(crop * height))
        left, upper = (width - across) // 2, (height - down) // 2
    else:
        scale = crop * min(width / size[1], height / size[0])
        # no more than the picture, whatever the division rounded to
        across, down = min(scale * size[1], width), min(scale * size[0], height)
        left, upper = (width - across) / 2, (height - down) / 2
    return (left, upper, left + across, upper + down)
