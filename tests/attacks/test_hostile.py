"""Hostile files: refused with their name and the reason, from what describes them, cheaply."""

import os
import re
import subprocess
import sys

import pytest
from attacks.child import in_child, refusals
from attacks.hostile_hdf5 import HOSTILE
from attacks.other_files import OTHER, sentinel
from weights.network import assert_equal, small_network, values

from theano_transfer.weights import WeightsFileError, convert, inspect, read


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """All hostile HDF5 files in one folder, by name."""
    folder = tmp_path_factory.mktemp("hostile")
    for number, name in enumerate(HOSTILE):
        HOSTILE[name][0](folder / f"file{number}.h5")
    return {name: folder / f"file{number}.h5" for number, name in enumerate(HOSTILE)}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_hdf5_file_is_refused_with_the_reason(name, hostile):
    _, words = HOSTILE[name]
    with pytest.raises(WeightsFileError, match=re.escape(words)) as caught:
        inspect(hostile[name])
    message = str(caught.value)
    assert hostile[name].name in message
    assert message.isprintable()
    assert len(message) < 1000


def test_refusals_take_little_memory_and_time(hostile):
    in_child(refusals, next(iter(hostile.values())).parent)


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("reader", [inspect, read])
def test_what_is_no_weights_file_is_refused(name, reader, tmp_path):
    maker, words = OTHER[name]
    path = tmp_path / "file.h5"
    maker(path)
    with pytest.raises(WeightsFileError, match=re.escape(words)) as caught:
        reader(path)
    assert "file.h5" in str(caught.value)
    assert not sentinel(path).exists()


@pytest.mark.parametrize("name", ["a\0b.h5", "x" * 300 + ".h5"])
def test_impossible_names(name, tmp_path):
    with pytest.raises(WeightsFileError, match="cannot open"):
        inspect(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_must_not_be_read(tmp_path):
    (tmp_path / "a.h5").touch(mode=0)
    with pytest.raises(WeightsFileError, match=r"a\.h5.*Permission denied"):
        inspect(tmp_path / "a.h5")


@pytest.mark.parametrize("name", ["external data, Keras 2", "compressed bomb, ours"])
def test_nothing_is_written_and_no_network_changed(name, hostile, tmp_path):
    net = small_network()
    before = values(net)
    (tmp_path / "out.h5").write_bytes(b"old")
    with pytest.raises(WeightsFileError):
        convert(hostile[name], tmp_path / "out.h5", net)
    assert_equal(net, before)
    assert (tmp_path / "out.h5").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.h5"]


PLUGIN = """
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void loaded(void) {
  const char *path = getenv("SENTINEL");
  if (path) { FILE *file = fopen(path, "w"); if (file) fclose(file); }
}
"""
READ = {
    "h5py": "import h5py, sys; h5py.File(sys.argv[1])['layer/W'][()]",
    "theano_transfer": "import sys, theano_transfer as tt; tt.weights.inspect(sys.argv[1])",
}


@pytest.mark.parametrize("reader", READ)
def test_no_plug_in_is_loaded(reader, hostile, tmp_path):
    """A file asks for a filter, and a folder of HDF5's plug-ins has something under that name."""
    (tmp_path / "plugin.c").write_text(PLUGIN)
    library = tmp_path / "plugins" / "libfilter.so"
    library.parent.mkdir()
    compiler = ["g++", "-x", "c", "-shared", "-fPIC", tmp_path / "plugin.c", "-o", library]
    subprocess.run(compiler, check=True)
    environment = {
        **os.environ,
        "HDF5_PLUGIN_PATH": str(library.parent),
        "SENTINEL": str(tmp_path / "sentinel"),
    }
    path = hostile["filter to be loaded, ours"]
    command = [sys.executable, "-c", READ[reader], path]
    done = subprocess.run(command, check=False, capture_output=True, env=environment)
    assert done.returncode == 1
    # With h5py alone it is: so this test would notice.
    assert (tmp_path / "sentinel").exists() == (reader == "h5py")
