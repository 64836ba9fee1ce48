"""Reading files in a process of its own, which may run out of its means: see ``in_child``."""

from __future__ import annotations

import faulthandler
import os
import pathlib
import resource
import signal
import subprocess
import sys
import warnings

MEMORY = 256 << 20  # bytes above those that the program has before it reads
SECONDS = 10  # of computing, for one file
TESTS = pathlib.Path(__file__).parents[1]


def in_child(task, *arguments):
    """Run a task of this module in a new process; the test fails if it crashes or hangs.

    Python cannot survive a fault of the HDF5 library, nor the operating system's ways to stop a
    program that takes too much.
    """
    command = [sys.executable, "-m", "attacks.child", task.__name__, *map(os.fspath, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=500, env=environment
    )
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def bounded():
    """Give this process no more memory than a refusal needs."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def attempt(read, path, what):
    """What a reader answers, or None where it refuses in words.

    Time is that of the processor: other programs do not make a file slow.
    """
    from theano_transfer.weights import WeightsError

    print(what, flush=True)  # noqa: T201 (the last line says which file it was)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        return read(path)
    except WeightsError as error:
        if path.name not in str(error):
            raise AssertionError(f"{path.name!r} is not named") from error
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def refusals(folder):
    """Read every file of a folder; each is refused."""
    from theano_transfer.weights import inspect, read

    folder = pathlib.Path(folder)
    bounded()
    for path in sorted(folder.glob("*.h5")):
        for reader in (inspect, read):
            assert attempt(reader, path, path) is None, path


def flips(name, original, count):
    """Read a file `count` times, each time with other bytes of it changed."""
    import numpy as np
    from attacks.formats import FORMATS

    kind = FORMATS[name]
    original = pathlib.Path(original)
    content = original.read_bytes()
    right = kind.read(original)
    damaged = original.with_name("damaged.h5")
    rng = np.random.default_rng(0)
    refused = 0
    bounded()
    for number in range(int(count)):
        changed = bytearray(content)
        # Most of a file is numbers; what describes them is as often hit as they are.
        places = rng.integers(len(content), size=2)
        places[0] = rng.integers(min(len(content), 4096))
        for place in places[: rng.integers(1, 3)]:
            changed[place] = rng.integers(256)
        damaged.write_bytes(changed)
        found = attempt(kind.read, damaged, f"{name}: {number}, {places}")
        if found is None:
            refused += 1
        elif kind.verified:
            for key, values in found.items():
                assert (values == right[key]).all(), (number, places)
    assert refused > int(count) // 50, refused


if __name__ == "__main__":
    faulthandler.enable()
    warnings.simplefilter("ignore")  # numbers that are too large, from bytes that were changed
    import theano_transfer  # noqa: F401 - makes theano and lasagne importable

    task, *arguments = sys.argv[1:]
    globals()[task](*arguments)
