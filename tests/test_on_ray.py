"""Tables of features made by a Ray cluster; tried where `pip install 'ray[data]'` was."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

import theano_transfer as tt
from theano_transfer import features

ray = pytest.importorskip("ray")
parquet = pytest.importorskip("pyarrow.parquet")
pytestmark = [
    pytest.mark.slow,
    # Of Ray's own code and of sockets that it leaves to the end of the process.
    pytest.mark.filterwarnings("ignore"),
]
PICTURES = 60


@pytest.fixture(scope="module")
def cluster():
    """Three workers at a time, started by processes that inherit this environment."""
    with pytest.MonkeyPatch.context() as patch:
        # Nothing is compiled: this is not about speed.
        flags = filter(None, [os.environ.get("AESARA_FLAGS"), "cxx=", "mode=FAST_COMPILE"])
        patch.setenv("AESARA_FLAGS", ",".join(flags))
        # On a busy machine a worker may take minutes to start.
        patch.setenv("RAY_worker_register_timeout_seconds", "600")
        ray.init(num_cpus=3, include_dashboard=False)
        yield
        ray.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng = np.random.default_rng(0)
    made = tmp_path_factory.mktemp("pictures")
    for number in range(PICTURES):
        picture = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(picture).save(made / f"{number:03}.png")
    (made / "007.png").write_bytes(b"no picture")
    return made


@pytest.fixture(scope="module")
def extractor():
    net = tt.zoo.build("squeezenet1_1", weights=None, include_top=False, input_shape=(3, 32, 32))
    return tt.FeatureExtractor(net, batch_size=4)


def check(table, folder, extractor):
    """One row for each picture, in the table as computed here."""
    found = parquet.read_table(table).sort_by("number").to_pydict()
    paths = sorted(map(str, folder.glob("*.png")))
    assert found["number"] == list(range(PICTURES))
    assert found["path"] == paths
    bad = 7
    assert found["features"].pop(bad) is None
    assert found["error"].pop(bad)
    assert not any(found["error"])
    expected = extractor.transform(paths[:bad] + paths[bad + 1 :])
    np.testing.assert_allclose(found["features"], expected, rtol=1e-4, atol=1e-5)


def test_a_worker_that_is_killed(cluster, folder, tmp_path, extractor):
    from ray.util.state import list_actors

    table, killed = tmp_path / "table", []

    def kill_one():
        while not list(table.glob("*.parquet")):
            time.sleep(0.05)
        alive = [actor for actor in list_actors(filters=[("state", "=", "ALIVE")]) if actor.pid]
        workers = [actor.pid for actor in alive if "MapWorker" in actor.class_name]
        os.kill(workers[0], signal.SIGKILL)
        killed.append(workers[0])

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    made = features.on_ray(folder, table, extractor, workers=3, rows=2, verbose=False)
    killer.join(10)
    assert killed
    assert (made.pictures, len(made.failed)) == (PICTURES, 1)
    check(table, folder, extractor)

    # Asked for again, what is missing is computed, and nothing else.
    parts = sorted(table.glob("*.parquet"))
    before = [part.stat().st_mtime_ns for part in parts]
    parts[4].unlink()
    features.on_ray(folder, table, extractor, rows=2, verbose=False)
    after = [part.stat().st_mtime_ns for part in parts]
    assert [k for k, (one, other) in enumerate(zip(before, after)) if one != other] == [4]
    check(table, folder, extractor)


def test_more_workers_than_the_cluster_has(cluster, folder, tmp_path, extractor):
    with pytest.raises(ValueError, match=r"4 workers .* has 3 cores and 0 GPUs, enough for 3"):
        features.on_ray(folder, tmp_path / "table", extractor, workers=4, verbose=False)


def test_command(cluster, folder, tmp_path):
    """The cluster of the other tests is not stopped by it: the command joins it."""
    address = ray.get_runtime_context().gcs_address
    arguments = ["features", folder, "--output", tmp_path / "table", "--ray", address]
    arguments += ["--base", "squeezenet1_1", "--size", "32", "--workers", "2", "--rows", "20"]
    weights = tmp_path / "weights.h5"
    net = tt.zoo.build("squeezenet1_1", weights=None, include_top=False, input_shape=(3, 32, 32))
    tt.weights.save(net, weights)
    done = subprocess.run(
        [sys.executable, "-m", "theano_transfer", *map(str, arguments), "--weights", weights],
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 1, done.stderr  # one picture cannot be read
    assert "007.png" in done.stderr
    assert f"{PICTURES} rows in" in done.stdout
    check(tmp_path / "table", folder, tt.FeatureExtractor(net))
