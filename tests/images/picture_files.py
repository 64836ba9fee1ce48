"""Small pictures to test with, made on the spot."""

import io

import numpy as np
from PIL import Image


def encoded(pixels, kind="png", **options):
    """The bytes of `pixels` (a NumPy array or a Pillow image) in a picture format."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def noise(rows, columns, seed=0):
    """uint8 (rows, columns, 3), no two pixels alike."""
    return np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8)


def make_folder(root, counts, *, rows=6, columns=5):
    """A class folder data set; the upper left pixel tells the class and number of a picture."""
    for number, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            pixels = noise(rows, columns, seed=1000 * number + index)
            pixels[0, 0] = (number, index, 0)
            (root / name / f"{index:03d}.png").write_bytes(encoded(pixels))
    return root
