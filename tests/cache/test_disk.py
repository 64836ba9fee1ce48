"""Files of features: other processes, crashes, damage, full disks."""

import errno
import os
import re
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from cache.test_stores import FLOAT, A, B, fill, found, keys, rows, want

import theano_transfer as tt
from theano_transfer.cache import FeatureCacheError, _disk
from theano_transfer.cache._disk import DiskStore

BOUND = 1 << 20


@pytest.fixture
def path(tmp_path):
    return tmp_path / "features.h5"


@pytest.fixture
def filled(path):
    store = DiskStore(path, BOUND)
    fill(store, A, range(20))
    fill(store, B, range(5), shape=(2, 3, 4))
    store.close()
    return path


def test_another_store_finds_what_was_kept(filled):
    store = DiskStore(filled, BOUND)
    assert len(store) == 25
    assert found(store, A, range(20)) == list(range(20))
    assert found(store, B, range(5), shape=(2, 3, 4)) == list(range(5))


def test_the_file_can_be_read_with_h5py(filled):
    with h5py.File(filled) as file:
        assert file.attrs["format"] == b"theano_transfer features 1"
        group = file[A.hex()]
        assert group["features"].shape == (20, 1000)
        order = [bytes(entry[:32]) for entry in group["entries"]]
        for number, key in enumerate(keys(*range(20))):
            np.testing.assert_array_equal(group["features"][order.index(key)], number)


def test_no_file_is_made_for_nothing(path):
    DiskStore(path, BOUND).close()
    assert not path.exists()


def test_what_is_entered_was_flushed_before(path, monkeypatch):
    """Features first, then the disk, then the entries that say they are there."""
    events = []
    store = DiskStore(path, BOUND)
    assert store.reserve({A: want(range(3))}) is None
    write, sync = _disk._write_at, os.fsync
    monkeypatch.setattr(_disk, "_write_at", lambda *a: (events.append(len(a[1])), write(*a)))
    monkeypatch.setattr(os, "fsync", lambda *a: (events.append("fsync"), sync(*a)))
    store.write(A, keys(0, 1), rows([0, 1]))
    store.flush()
    assert events == [4000, 4000, "fsync", 48, 48]


@pytest.mark.parametrize("limit", ["PENDING_BYTES", "PENDING_SECONDS"])
def test_entering_does_not_wait_for_long(path, monkeypatch, limit):
    monkeypatch.setattr(_disk, limit, 0)
    store = DiskStore(path, BOUND)
    store.reserve({A: want(range(3))})
    store.write(A, keys(0), rows([0]))
    assert found(DiskStore(path, BOUND), A, range(3)) == [0]


@pytest.mark.parametrize("sixteenth", range(16))
def test_a_file_cut_short_is_refused_in_words(filled, sixteenth):
    content = filled.read_bytes()
    filled.write_bytes(content[: len(content) * sixteenth // 16])
    with pytest.raises(FeatureCacheError, match=r"features\.h5.*delete it"):
        DiskStore(filled, BOUND)
    assert filled.stat().st_size == len(content) * sixteenth // 16


def test_a_file_cut_short_while_it_is_open_gives_less_and_nothing_wrong(filled):
    store = DiskStore(filled, BOUND)
    os.truncate(filled, filled.stat().st_size // 2)
    assert len(found(store, A, range(20)) + found(store, B, range(5), shape=(2, 3, 4))) < 25


def test_flipped_bytes_never_give_wrong_features(filled):
    """Each read row is checked, so the damage shows as a refusal or as less."""
    content = filled.read_bytes()
    rng = np.random.default_rng(0)
    outcomes = set()
    for _ in range(100):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), rng.integers(1, 20)):
            damaged[place] ^= 1 << rng.integers(8)
        filled.write_bytes(damaged)
        try:
            store = DiskStore(filled, BOUND)
        except FeatureCacheError:
            outcomes.add("refused")
        else:
            there = found(store, A, range(20))
            outcomes.add("less" if len(there) < 20 else "all")
            store.close()
    assert {"less"} <= outcomes


def test_the_structure_is_checked_too(filled):
    """Bytes in the first kilobytes, where HDF5 describes the file."""
    content = filled.read_bytes()
    with h5py.File(filled) as file:
        start = min(file[A.hex()][name].id.get_offset() for name in ("features", "entries"))
    rng = np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(content)
        for place in rng.integers(0, max(start, 2048), 2):
            damaged[place] = rng.integers(256)
        filled.write_bytes(damaged)
        try:
            store = DiskStore(filled, BOUND)
        except FeatureCacheError:
            continue
        for space, shape in ((A, (1000,)), (B, (2, 3, 4))):
            if space in store._blocks and store._blocks[space].shape == shape:
                found(store, space, range(5), shape=shape)
        store.close()


def test_damaged_rows_are_filled_again(filled):
    content = bytearray(filled.read_bytes())
    with h5py.File(filled) as file:
        content[file[A.hex()]["features"].id.get_offset() + 5 * 4000 + 17] ^= 1
    filled.write_bytes(content)
    store = DiskStore(filled, BOUND)
    there = found(store, A, range(20))
    (lost,) = set(range(20)).difference(there)
    store.write(A, keys(lost), rows([lost]))
    store.close()
    assert found(DiskStore(filled, BOUND), A, range(20)) == list(range(20))


def test_rows_of_another_shape_are_not_taken(filled):
    """They cannot be: the key says what the shape is. A forged file may say otherwise."""
    store = DiskStore(filled, BOUND)
    fill(store, A, range(25), shape=(10,))
    assert found(store, A, range(25), shape=(10,)) == list(range(25))
    assert found(DiskStore(filled, BOUND), A, range(25), shape=(10,)) == list(range(25))


def test_a_disk_that_cannot_be_read_gives_nothing(filled, monkeypatch):
    store = DiskStore(filled, BOUND)

    def fail(*arguments):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(store, "_read_into", fail)
    assert found(store, A, range(20)) == []


def test_a_disk_that_fails_when_flushed_fails_once(path, monkeypatch):
    store = DiskStore(path, BOUND)
    store.reserve({A: want(range(3))})
    store.write(A, keys(0), rows([0]))
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        store.flush()
    store.flush()
    monkeypatch.undo()
    store.close()
    assert found(DiskStore(path, BOUND), A, [0]) == []


def other_file(path):
    with h5py.File(path, "w") as file:
        file["x"] = np.zeros(3)


def model_file(path):
    net = tt.zoo.efficientnet_lite0(weights=None, include_top=False, input_shape=(3, 32, 32))
    tt.weights.save(net, path)


def link_out(path):
    with h5py.File(path, "w") as file:
        file.attrs["format"] = np.bytes_("theano_transfer features 1")
        file[A.hex()] = h5py.ExternalLink("/etc/hostname", "/")


def other_arrays(path):
    with h5py.File(path, "w") as file:
        file.attrs["format"] = np.bytes_("theano_transfer features 1")
        group = file.create_group(A.hex())
        group.attrs["used"] = 1
        group["features"] = np.zeros((3, 4), np.float32)
        group["entries"] = np.zeros((4, 48), np.uint8)


@pytest.mark.parametrize(
    "make",
    [other_file, model_file, link_out, other_arrays, lambda p: p.write_text("notes"), os.mkdir],
)
def test_a_file_of_something_else_is_refused_and_left_alone(path, make):
    make(path)
    before = path.stat()
    with pytest.raises(FeatureCacheError, match=r"features\.h5"):
        tt.FeatureCache(path)
    after = path.stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FeatureCacheError, match="does not exist; create it"):
        tt.FeatureCache(tmp_path / "none" / "f.h5")


# Crashes

WRITER = """
import os, sys
import numpy as np
from cache.test_stores import A, DiskStore, keys, rows, want
from theano_transfer.cache import _disk
_disk.PENDING_BYTES = 20_000
store = DiskStore(sys.argv[1], 64 << 20)
print("go", flush=True)
for start in range(0, 1000, 50):
    numbers = range(start, start + 50)
    assert store.reserve({A: want(range(start + 50))}) is None
    for number in numbers:
        if store.absent(A, keys(number)):
            store.write(A, keys(number), rows([number]))
store.close()
"""


def start_writer(path):
    tests = os.path.dirname(os.path.dirname(__file__))
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": tests},
    )
    assert process.stdout.readline() == b"go\n"
    return process


def test_a_writer_that_is_killed_leaves_a_sound_file(path):
    """At any moment: while making room, while writing, while entering."""
    rng, most = np.random.default_rng(1), 0
    for _ in range(3):
        process = start_writer(path)
        time.sleep(rng.uniform(0.02, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        store = DiskStore(path, 64 << 20)
        there = found(store, A, range(1000))
        assert len(there) == len(store)
        assert len(there) >= most  # what was there is there still
        most = len(there)
        store.close()
    assert most > 0
    store = DiskStore(path, 64 << 20)
    fill(store, A, [5000])
    leftovers = [name for name in os.listdir(path.parent) if ".tmp" in name]
    assert leftovers == []


def test_two_writers_at_once(path):
    processes = [start_writer(path) for _ in range(2)]
    for process in processes:
        assert process.wait(120) == 0
        process.stdout.close()
    store = DiskStore(path, 64 << 20)
    assert len(found(store, A, range(1000))) == len(store) > 0


def test_who_has_an_older_file_open_goes_on_with_it(filled):
    one, other = DiskStore(filled, BOUND), DiskStore(filled, BOUND)
    fill(one, A, range(30, 40))
    assert found(other, A, range(20)) == list(range(20))
    assert found(other, A, range(30, 40)) == []
    fill(other, A, range(35, 45))
    assert found(other, A, range(30, 45)) == list(range(30, 45))
    assert found(one, A, range(30, 40)) == list(range(30, 40))


def test_a_lock_that_is_held_too_long_is_named(filled, monkeypatch):
    monkeypatch.setattr(_disk, "LOCK_SECONDS", 0.05)
    store = DiskStore(filled, BOUND)
    with store._locked(), pytest.raises(FeatureCacheError, match="another program"):
        DiskStore(filled, BOUND)


# Full disks


def no_space(*arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_is_full_says_so_before_anything_is_computed(filled, monkeypatch):
    store = DiskStore(filled, BOUND)
    before = filled.read_bytes()
    monkeypatch.setattr(os, "posix_fallocate", no_space)
    assert "No space left" in store.reserve({A: want(range(100))})
    assert filled.read_bytes() == before
    assert found(store, A, range(20)) == list(range(20))
    assert not [name for name in os.listdir(filled.parent) if re.search("tmp", name)]


def test_the_limit_on_file_size_counts_as_a_full_disk(path):
    program = (
        "import resource, signal, sys\n"
        "from cache.test_stores import A, DiskStore, want\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "store = DiskStore(sys.argv[1], 1 << 20)\n"
        "assert 'cannot be written' in store.reserve({A: want(range(100))})\n"
        "assert store.reserve({A: want(range(10))}) is None\n"
    )
    tests = os.path.dirname(os.path.dirname(__file__))
    subprocess.run(
        [sys.executable, "-c", program, str(path)],
        check=True,
        env={**os.environ, "PYTHONPATH": tests},
    )


def test_room_is_taken_when_it_is_made(path):
    store = DiskStore(path, BOUND)
    store.reserve({A: want(range(100))})
    assert path.stat().st_blocks * 512 >= 100 * 1000 * FLOAT.itemsize
