"""Whether pictures are there when the network wants them; how long a large folder takes to list.

    python benchmarks/loading.py
    python benchmarks/loading.py --base mobilenet_v2 --workers 4
    python benchmarks/loading.py --listed 200000

Without `--listed`: JPEGs of 500x375 pixels are decoded, augmented and preprocessed while all of a
network is trained, none of them kept in memory. Printed is the share of the time of a step for
which the step had to wait, that before the first batch of an epoch (nothing can be ready by then),
and what reading alone takes. With `--listed`: so many small files are made, the system's memory of
them is dropped where that is allowed, and they are listed and split.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image

import theano_transfer as tt

AUGMENT = tt.images.Augmentation(
    horizontal_flip=True,
    rotation_range=15,
    width_shift_range=0.1,
    height_shift_range=0.1,
    zoom_range=0.15,
    brightness_range=(0.8, 1.2),
)
CLASSES = 10


def main():
    options = parsed()
    with tempfile.TemporaryDirectory() as folder:
        if options.listed:
            listing(Path(folder), options.listed)
        else:
            waiting(Path(folder), options)


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="resnet50")
    parser.add_argument("--size", type=int, default=224, help="rows and columns")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=12, help="in an epoch")
    parser.add_argument("--workers", type=int, default=2, help="threads that decode")
    parser.add_argument("--listed", type=int, default=0, help="list so many files instead")
    return parser.parse_args()


class Watched:
    """A data set, and how long its user waited for each batch."""

    def __init__(self, data):
        self.data, self.classes, self.labels = data, data.classes, data.labels
        self.channels = data.channels
        self.waits: list[float] = []

    def __len__(self):
        return len(self.data)

    def batches(self, *arguments, **options):
        with closing(self.data.batches(*arguments, **options)) as made:
            while True:
                began = time.perf_counter()
                item = next(made, None)
                if item is None:
                    return
                self.waits.append(time.perf_counter() - began)
                yield item


def waiting(folder, options):
    count = options.batch * options.steps
    make_photographs(folder, count)
    data = Watched(tt.images.ImageFolder(folder, verify=False, cache_bytes=0))
    reading = {
        "size": (options.size, options.size),
        "preprocess": "caffe",
        "augment": AUGMENT,
        "workers": options.workers,
    }
    began = time.perf_counter()
    for _ in data.batches(options.batch, **reading):
        pass
    alone = 1000 * (time.perf_counter() - began) / count
    print(f"reading alone: {alone:.1f} ms for a picture, {options.workers} threads")
    shape = (3, options.size, options.size)
    model = tt.Model(options.base, weights=None, classes=data.classes, input_shape=shape)
    model.unfreeze("all", batch_norm=True)
    model.compile("momentum", learning_rate=1e-3)
    arguments = {"batch_size": options.batch, "augment": AUGMENT, "workers": options.workers}
    model.fit(data, epochs=1, steps_per_epoch=1, verbose=False, **arguments)  # compiles
    data.waits.clear()
    history = model.fit(data, epochs=2, verbose=False, **arguments)
    seconds = sum(history.seconds)
    first = [data.waits[epoch * options.steps] for epoch in range(2)]
    later = sum(data.waits) - sum(first)
    steps = 2 * options.steps
    print(
        f"{options.base}, {count} pictures, batches of {options.batch}: "
        f"{1000 * seconds / steps:.0f} ms a step; "
        f"waited for {100 * later / seconds:.2f} % of the time, before the first batch of an "
        f"epoch {1000 * statistics.mean(first):.0f} ms"
    )


def make_photographs(folder, count):
    """JPEGs with as much detail as photographs have: noise of every scale."""
    rng = np.random.default_rng(0)
    for number in range(count):
        picture = np.zeros((375, 500, 3))
        for side in (4, 16, 64, 250):
            rough = rng.integers(0, 256, (side * 3 // 4, side, 3), dtype=np.uint8)
            smooth = Image.fromarray(rough).resize((500, 375), Image.Resampling.BICUBIC)
            picture += np.asarray(smooth, float) / 4
        path = folder / str(number % CLASSES) / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(picture.astype(np.uint8)).save(path, quality=90)


def listing(folder, count):
    Image.new("RGB", (8, 8), "red").save(folder / "one.png")
    content = (folder / "one.png").read_bytes()
    for number in range(count):
        path = folder / str(number % CLASSES) / f"{number // CLASSES}.png"
        if number < CLASSES:
            path.parent.mkdir()
        path.write_bytes(content)
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
        state = "not in the system's memory"
    except OSError:
        state = "just made"
    times = [(time.perf_counter(), time.process_time())]
    data = tt.images.ImageFolder(folder, verify=False)
    times.append((time.perf_counter(), time.process_time()))
    train, valid, test = data.split(validation=0.1, test=0.1, seed=0)
    times.append((time.perf_counter(), time.process_time()))
    listed, split = (
        "{:.2f} s ({:.2f} s of a processor)".format(*(b - a for a, b in zip(before, after)))
        for before, after in zip(times, times[1:])
    )
    print(
        f"{count} pictures, {state}: listed in {listed}, split into {len(train)}, {len(valid)} "
        f"and {len(test)} in {split}"
    )


if __name__ == "__main__":
    main()
