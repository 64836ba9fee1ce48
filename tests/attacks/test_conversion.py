"""Converting while everything goes wrong: the old file or the new one, and nothing else."""

import errno
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from attacks.child import TESTS
from attacks.formats import keras_2
from weights.network import small_network

from theano_transfer.weights import WeightsFileError, convert, load, read
from theano_transfer.weights import _formats as formats

PROGRAM = """
    import os, signal, sys
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by jobs in the background
    import theano_transfer
    from weights.network import small_network
    from theano_transfer.weights import convert, _hdf5_write

    write_array, written = _hdf5_write._write_array, []

    def stop_midway(*arguments):
        write_array(*arguments)
        written.append(arguments)
        if len(written) == 3:
            os.kill(os.getpid(), signal.{signal})

    _hdf5_write._write_array = stop_midway
    convert(sys.argv[1], sys.argv[2], small_network())
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "in").mkdir()
    keras_2(tmp_path / "in" / "a.h5")
    return tmp_path / "in" / "a.h5"


@pytest.fixture
def folder(tmp_path):
    """Where files are written: there is one, from before."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.h5").write_bytes(b"old")
    return tmp_path / "out"


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_converter_killed_while_writing_leaves_the_old_file(name, source, folder):
    program = textwrap.dedent(PROGRAM).format(signal=name)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = [sys.executable, "-c", program, source, folder / "b.h5"]
    done = subprocess.run(command, check=False, capture_output=True, env=environment)
    assert done.returncode == -getattr(signal, name)
    assert (folder / "b.h5").read_bytes() == b"old"
    convert(source, folder / "b.h5", small_network())  # nothing stands in the way of the next
    assert os.listdir(folder) == ["b.h5"]
    assert len(read(folder / "b.h5")) == 9


def test_a_full_disk(source, folder):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        with pytest.raises(OSError, match=r"b-.*\.h5") as caught:
            convert(source, folder / "b.h5", small_network())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert caught.value.errno == errno.EFBIG
    assert (folder / "b.h5").read_bytes() == b"old"
    assert os.listdir(folder) == ["b.h5"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_must_not_be_written_to(source, folder):
    folder.chmod(0o500)
    with pytest.raises(PermissionError):
        convert(source, folder / "b.h5", small_network())
    folder.chmod(0o700)
    assert (folder / "b.h5").read_bytes() == b"old"


def test_many_converters_at_once(source, folder):
    """Each writes the whole file; whose is there at the end does not matter."""
    errors = []

    def once():
        try:
            convert(source, folder / "b.h5", small_network())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=once) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert os.listdir(folder) == ["b.h5"]
    assert len(read(folder / "b.h5")) == 9


def test_a_file_exchanged_after_its_hash_was_checked(source, tmp_path, monkeypatch):
    """What is parsed is what was checked, though the path has another file by then."""
    import hashlib

    known = f"sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"
    expected = small_network()
    load(expected, source)
    check = formats.check_hash

    def exchange(*arguments):
        check(*arguments)
        (tmp_path / "evil.h5").write_bytes(b"evil")
        os.replace(tmp_path / "evil.h5", source)

    monkeypatch.setattr(formats, "check_hash", exchange)
    net = small_network()
    load(net, source, known_hash=known)
    np.testing.assert_array_equal(net["conv"].W.get_value(), expected["conv"].W.get_value())
    assert source.read_bytes() == b"evil"
    with pytest.raises(WeightsFileError):
        load(net, source, known_hash=known)


def test_numbers_too_large_for_the_network(source, tmp_path):
    """Finite in the file, infinite in single precision: refused, and nothing changed."""
    import h5py

    with h5py.File(source, "r+") as file:
        values = file["bn/bn/gamma:0"][()].astype("f8")
        values[2] = 1e300
        del file["bn/bn/gamma:0"]
        file["bn/bn/gamma:0"] = values
    net = small_network()
    before = net["conv"].W.get_value()
    with pytest.raises(ValueError, match=re.escape("'bn.gamma' has values up to 1e+300")):
        load(net, source)
    np.testing.assert_array_equal(net["conv"].W.get_value(), before)


def test_what_is_written_is_named_by_its_last_path_alone(source, folder, tmp_path):
    """A link at the target is replaced; what it leads to stays."""
    (folder / "b.h5").unlink()
    (tmp_path / "precious").write_bytes(b"precious")
    (folder / "b.h5").symlink_to(tmp_path / "precious")
    convert(source, folder / "b.h5", small_network())
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert not (folder / "b.h5").is_symlink()
