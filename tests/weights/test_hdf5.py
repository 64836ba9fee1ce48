"""The reader of untrusted files: what it refuses, and that it reads what is right."""

import os
import pathlib
import re
import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest
from weights.hostile import HOSTILE

import theano_transfer
from theano_transfer.weights import WeightsFileError, inspect, read, write
from theano_transfer.weights import _hdf5 as hdf5


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses(name, tmp_path, monkeypatch):
    maker, words = HOSTILE[name]
    # The limits are scaled to files that a test can make.
    monkeypatch.setattr(hdf5, "SLACK_BYTES", 1 << 20)
    path = tmp_path / "file.h5"
    maker(path)
    with pytest.raises(WeightsFileError, match=re.escape(words)) as caught:
        inspect(path)
    assert "file.h5" in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in ("zip", "pickle")])
def test_read_refuses_too(name, tmp_path):
    maker, _ = HOSTILE[name]
    path = tmp_path / "file.h5"
    maker(path)
    with pytest.raises(WeightsFileError):
        read(path)


def test_too_many_objects(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5, "MAX_OBJECTS", 20)
    write(tmp_path / "few.h5", {f"layer{i}/W": np.ones(1, "f4") for i in range(10)})
    assert len(read(tmp_path / "few.h5")) == 10
    write(tmp_path / "many.h5", {f"layer{i}/W": np.ones(1, "f4") for i in range(11)})
    with pytest.raises(WeightsFileError, match="more than 20 objects"):
        read(tmp_path / "many.h5")


def test_a_name_that_leads_out_of_the_group(tmp_path):
    write(tmp_path / "a.h5", {"one/W": np.ones(1, "f4"), "two/W": np.ones(1, "f4")})
    with hdf5.open_hdf5(tmp_path / "a.h5") as root:
        group = root.group("one")
        for path in ("/two/W", "../two/W", "./W", "", "W/", "W\0", "x" * 2000, "W/W"):
            with pytest.raises(WeightsFileError):
                group.array(path)
        assert group.array("W").shape == (1,)
        with pytest.raises(WeightsFileError, match="array was expected"):
            root.array("one")
        with pytest.raises(WeightsFileError, match="group was expected"):
            root.group("one/W")


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("storage", [{}, {"compression": "gzip", "shuffle": True}])
def test_reads_every_float_in_native_order(dtype, storage, tmp_path):
    values = np.arange(12).reshape(3, 4).astype(dtype) / 8
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("layer/W", data=values, **storage)
    with hdf5.open_hdf5(tmp_path / "a.h5") as root:
        array = root.array("layer/W")
        assert array.shape == (3, 4)
        assert array.dtype == np.dtype(dtype).newbyteorder("=")
        result = array.read()
    np.testing.assert_array_equal(result, values)
    assert result.dtype.isnative


def test_the_hash_is_checked_before_the_file_is_parsed(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"not HDF5 at all")
    with (
        pytest.raises(WeightsFileError, match="expected 0123"),
        hdf5.open_hdf5(tmp_path / "a.h5", known_hash="md5:0123"),
    ):
        pytest.fail("the block must not run")


def test_a_file_cut_short_anywhere(tmp_path):
    write(tmp_path / "whole.h5", {"layer/W": np.ones((40, 50), "f4")}, {"model": "x"})
    content = (tmp_path / "whole.h5").read_bytes()
    for sixteenth in range(16):
        (tmp_path / "cut.h5").write_bytes(content[: len(content) * sixteenth // 16])
        with pytest.raises(WeightsFileError):
            read(tmp_path / "cut.h5")


def test_flipped_bits_never_go_unnoticed_nor_crash(tmp_path):
    """In a child process, since HDF5 itself might crash on a damaged file."""
    write(tmp_path / "whole.h5", {"layer/W": np.arange(500, dtype="f4")}, {"model": "x"})
    program = textwrap.dedent(
        """
        import pathlib, sys
        import numpy as np
        from theano_transfer.weights import WeightsError, read
        folder = pathlib.Path(sys.argv[1])
        content = (folder / "whole.h5").read_bytes()
        rng = np.random.default_rng(0)
        refused = 0
        for _ in range(300):
            damaged = bytearray(content)
            damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
            (folder / "damaged.h5").write_bytes(damaged)
            try:
                weights = read(folder / "damaged.h5")
            except WeightsError:
                refused += 1
            else:
                for values in weights.values():
                    assert (values == np.arange(500, dtype="f4")).all()
        assert refused > 30, refused
        """
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=300)


def test_no_plug_in_is_loaded(tmp_path):
    """A filter the file asks for is refused before HDF5 looks for it."""
    maker, _ = HOSTILE["unusual filter"]
    maker(tmp_path / "a.h5")
    content = (tmp_path / "a.h5").read_bytes()
    # The same file asking for filter 32001, which is not registered.
    number = (32000).to_bytes(2, "little")
    assert content.count(number) >= 1
    (tmp_path / "b.h5").write_bytes(content.replace(number, (32001).to_bytes(2, "little")))
    with pytest.raises(WeightsFileError, match="filter 32001"):
        inspect(tmp_path / "b.h5")


def test_no_other_module_opens_hdf5_files_or_unpickles():
    """Every guard that stood at one of several call sites was bypassed at the next."""
    package = pathlib.Path(theano_transfer.__file__).parent
    opens = re.compile(
        r"h5py\.File\(|h5f\.open\(|pickle\.loads?\(|Unpickler|(?<![.\w])(?:eval|exec)\("
    )
    found = {
        (os.fspath(path.relative_to(package)), match[0])
        for path in package.rglob("*.py")
        for match in opens.finditer(path.read_text(encoding="utf-8"))
    }
    allowed = {
        (os.path.join("weights", "_hdf5.py"), "h5py.File("),  # the reader
        (os.path.join("weights", "_hdf5_write.py"), "h5py.File("),  # the writer, of a new file
    }
    assert found <= allowed, found - allowed
