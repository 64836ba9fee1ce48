"""Tables of features made by a Ray cluster; tried where `pip install 'ray[data]'` was.

Ray leaves threads, sockets and processes behind, so it is started in programs of their own.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import theano_transfer as tt

pytest.importorskip("ray")
parquet = pytest.importorskip("pyarrow.parquet")
pytestmark = pytest.mark.slow
PICTURES = 60

# Three workers, one of which is killed when the first file is there. Then the driver asks again for
# a table in which one file is missing, and for more workers than there can be.
PROGRAM = """
import os, signal, sys, threading, time
from pathlib import Path
import ray
import theano_transfer as tt
ray.init(num_cpus=3, include_dashboard=False)
pictures, table, weights = map(Path, sys.argv[1:])
net = tt.zoo.build("squeezenet1_1", weights=weights, include_top=False, input_shape=(3, 32, 32))
extractor, killed = tt.FeatureExtractor(net, batch_size=4), []

def parents(process):
    while process > 1:
        yield process
        status = Path(f"/proc/{process}/stat").read_text()
        process = int(status.rpartition(")")[2].split()[1])

def kill_one():
    while not list(table.glob("*.parquet")):
        time.sleep(0.05)
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        process = int(path.parent.name)
        if path.read_bytes().startswith(b"ray::MapWorker") and os.getpid() in parents(process):
            os.kill(process, signal.SIGKILL)
            killed.append(process)
            return

threading.Thread(target=kill_one, daemon=True).start()
made = tt.features.on_ray(pictures, table, extractor, workers=3, rows=2, verbose=False)
assert killed, "the run was over before a worker could be killed"
assert made.pictures == 60 and len(made.failed) == 1, made

parts = sorted(table.glob("*.parquet"))
before = [part.stat().st_mtime_ns for part in parts]
parts[4].unlink()
tt.features.on_ray(pictures, table, extractor, workers=1, rows=2, verbose=False)
after = [part.stat().st_mtime_ns for part in parts]
assert [k for k, (one, other) in enumerate(zip(before, after)) if one != other] == [4]
parts[5].unlink()
try:
    tt.features.on_ray(pictures, table, extractor, workers=4, rows=2)
except ValueError as error:
    assert "4 workers of 1 core" in str(error) and "enough for 3" in str(error), error
else:
    raise AssertionError("four workers on three cores")
tt.features.on_ray(pictures, table, extractor, workers=1, rows=2, verbose=False)
"""


@pytest.fixture(scope="module")
def environment():
    """Nothing is compiled, and on a busy machine a worker may take minutes to start."""
    flags = filter(None, [os.environ.get("AESARA_FLAGS"), "cxx=", "mode=FAST_COMPILE"])
    return {
        **os.environ,
        "AESARA_FLAGS": ",".join(flags),
        "RAY_worker_register_timeout_seconds": "600",
    }


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    rng = np.random.default_rng(0)
    made = tmp_path_factory.mktemp("pictures")
    for number in range(PICTURES):
        picture = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(picture).save(made / f"{number:03}.png")
    (made / "007.png").write_bytes(b"no picture")
    return made


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network and the file that it is in."""
    net = tt.zoo.build("squeezenet1_1", weights=None, include_top=False, input_shape=(3, 32, 32))
    weights = tmp_path_factory.mktemp("weights") / "weights.h5"
    tt.weights.save(net, weights)
    return net, weights


def check(table, pictures, net):
    """One row for each picture, in the table as computed here."""
    found = parquet.read_table(table).sort_by("number").to_pydict()
    paths = sorted(map(str, pictures.glob("*.png")))
    assert found["number"] == list(range(PICTURES))
    assert found["path"] == paths
    bad = 7
    assert found["features"].pop(bad) is None
    assert found["error"].pop(bad)
    assert not any(found["error"])
    expected = tt.FeatureExtractor(net).transform(paths[:bad] + paths[bad + 1 :])
    np.testing.assert_allclose(found["features"], expected, rtol=1e-4, atol=1e-5)


def test_a_worker_that_is_killed(environment, pictures, network, tmp_path):
    net, weights = network
    command = [sys.executable, "-c", PROGRAM, pictures, tmp_path / "table", weights]
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, timeout=590
    )
    assert done.returncode == 0, done.stderr[-5000:]
    check(tmp_path / "table", pictures, net)


def test_command(environment, pictures, network, tmp_path):
    net, weights = network
    command = [sys.executable, "-m", "theano_transfer", "features", pictures, "--ray", "local"]
    command += ["--output", tmp_path / "table", "--rows", "40", "--workers", "1"]
    command += ["--base", "squeezenet1_1", "--size", "32", "--weights", weights]
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, timeout=590
    )
    assert done.returncode == 1, done.stderr  # one picture cannot be read
    assert "007.png" in done.stderr
    assert f"{PICTURES} rows in" in done.stdout
    check(tmp_path / "table", pictures, net)
