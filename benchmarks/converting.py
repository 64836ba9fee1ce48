"""Seconds and memory of converting VGG16 (553 MB), beside reading and writing such a file twice.

    python benchmarks/converting.py
    python benchmarks/converting.py --model resnet50 --rounds 5

The file is made first, in the layout of Keras 2, with random numbers. Then, in turns, each in a
process of its own: h5py reads all arrays of it and writes them to another file, twice;
theano_transfer converts it. Printed are the medians, their ratio, and how far the memory of the
converting process rose above what it was with everything imported.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

COPY = """
import json, sys, time
import h5py
source, *targets = sys.argv[1:]
begun = time.perf_counter()
for target in targets:
    with h5py.File(source) as read, h5py.File(target, "w") as written:
        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                written.create_dataset(name, data=item[()])
        read.visititems(copy)
        written.flush()
print(json.dumps({"seconds": time.perf_counter() - begun}))
"""
CONVERT = """
import json, re, sys, time
import theano_transfer as tt
from theano_transfer import zoo
source, target, model = sys.argv[1:]
convert = tt.weights.convert  # imported, as all the rest by then
def peak():  # of this process; getrusage would tell that of its parent, which is larger
    return int(re.search("VmHWM:\\s*([0-9]+) kB", open("/proc/self/status").read())[1]) / 1024
before, begun = peak(), time.perf_counter()
convert(source, target, model)
print(json.dumps({"seconds": time.perf_counter() - begun, "MiB": peak() - before}))
"""


def main():
    options = parsed()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        source, *new = (str(Path(folder) / name) for name in ("a.h5", "b.h5", "c.h5"))
        largest = make(options.model, source)
        size = os.path.getsize(source) / 1e6
        print(f"{options.model}: {size:.0f} MB, largest array {largest / 2**20:.0f} MiB")
        copies, conversions = [], []
        for _ in range(options.rounds):
            # Always to new files: writing over an old one, of which the system has the memory at
            # hand, takes less time.
            copies.append(run(COPY, source, *new))
            remove(new)
            conversions.append(run(CONVERT, source, new[0], options.model))
            remove(new[:1])
    copied, took = (
        statistics.median(one["seconds"] for one in ones) for ones in (copies, conversions)
    )
    memory = max(one["MiB"] for one in conversions)
    print(f"reading and writing twice  {copied:6.2f} s")
    print(f"converting                 {took:6.2f} s: {took / copied:.2f} of that")
    print(
        f"memory                     {memory:6.0f} MiB, "
        f"allowed {1.5 * largest / 2**20 + 200e6 / 2**20:.0f}"
    )


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="vgg16")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where files are written (default: that of the system)")
    return parser.parse_args()


def make(model, path):
    """A file of Keras's for a network, with random numbers; bytes of its largest array."""
    import theano_transfer as tt

    net = tt.zoo.build(model)
    rng = np.random.default_rng(0)
    largest = 0
    for param in net.params.values():
        values = rng.standard_normal(param.get_value(borrow=True).shape, dtype="float32")
        param.set_value(values, borrow=True)
        largest = max(largest, values.nbytes)
    tt.weights.export(net, path, format="keras-h5")
    return largest


def remove(paths):
    for path in paths:
        os.remove(path)


def run(program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


if __name__ == "__main__":
    main()
