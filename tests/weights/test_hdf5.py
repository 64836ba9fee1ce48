"""The reader of HDF5 files: that it reads what is right. What it refuses: tests/attacks."""

import h5py
import numpy as np
import pytest

from theano_transfer.weights import WeightsFileError, read, write
from theano_transfer.weights import _hdf5 as hdf5


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
