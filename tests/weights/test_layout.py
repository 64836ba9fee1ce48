"""Our own layout: what is written comes back, and nothing half-written stays."""

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest

from theano_transfer.weights import Weights, WeightsError, WeightsFileError, read, write
from theano_transfer.weights import _hdf5_write as hdf5_write


def example(rng):
    return {
        "zeta/W": rng.standard_normal((7, 3, 2, 2), dtype="f4"),
        "zeta/b": rng.standard_normal(7, dtype="f4"),
        "alpha/mean": rng.standard_normal(5),
        "alpha/none": np.zeros((0, 4), "f4"),
        "optimizer/velocity/0": rng.standard_normal((4, 6)).astype("f2"),
        "optimizer/t": np.float32(3.5),
    }


def test_round_trip(rng, tmp_path):
    params = example(rng)
    attributes = {
        "model": "resnet50",
        "classes": ["cat", "Hündin", "犬"],
        "head": [{"units": 256, "rate": 0.1 + 0.2}, None, True, -0.0],
    }
    write(tmp_path / "a.h5", params, attributes)
    weights = read(tmp_path / "a.h5")
    assert isinstance(weights, Weights)
    assert weights.attributes == attributes
    assert list(weights) == list(params)
    for name, values in params.items():
        np.testing.assert_array_equal(weights[name], values)
        assert weights[name].dtype == values.dtype
        assert weights[name].shape == np.shape(values)
    assert weights.num_parameters == sum(np.size(values) for values in params.values())


def test_special_values_keep_their_bits(tmp_path):
    values = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3.4e38], "f4")
    write(tmp_path / "a.h5", {"layer/W": values})
    assert read(tmp_path / "a.h5")["layer/W"].tobytes() == values.tobytes()


def test_non_contiguous_and_foreign_byte_order(rng, tmp_path):
    turned = rng.standard_normal((5, 4, 3, 2), dtype="f4").transpose(3, 2, 0, 1)[:, ::-1]
    foreign = np.arange(6, dtype=">f8").reshape(2, 3)
    write(tmp_path / "a.h5", {"layer/W": turned, "layer/b": foreign})
    weights = read(tmp_path / "a.h5")
    np.testing.assert_array_equal(weights["layer/W"], turned)
    np.testing.assert_array_equal(weights["layer/b"], foreign)


def test_large_arrays_are_cut_into_chunks(monkeypatch, tmp_path):
    monkeypatch.setattr(hdf5_write, "CHUNK_BYTES", 1000)
    values = np.arange(37 * 30, dtype="f4").reshape(37, 30)
    write(tmp_path / "a.h5", {"layer/W": values})
    with h5py.File(tmp_path / "a.h5") as file:
        rows, columns = file["layer/W"].chunks
    assert columns == 30
    assert rows * columns * 4 <= 1000
    np.testing.assert_array_equal(read(tmp_path / "a.h5")["layer/W"], values)


def test_the_file_is_as_the_specification_says(rng, tmp_path):
    """Read with h5py alone, so that another program could do it."""
    params = example(rng)
    write(tmp_path / "a.h5", params, {"model": "vgg16", "input_size": 224})
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.attrs["format"].decode() == "theano_transfer weights"
        assert file.attrs["version"] == 1
        assert json.loads(file.attrs["model"]) == "vgg16"
        assert json.loads(file.attrs["input_size"]) == 224
        dataset = file["/zeta/W"]
        np.testing.assert_array_equal(dataset[:], params["zeta/W"])
        expected = hashlib.sha256(params["zeta/W"].astype("<f4").tobytes()).hexdigest()
        assert dataset.attrs["sha256"].decode() == expected
        assert dataset.fletcher32
        assert dataset.compression is None


def test_equal_content_makes_equal_bytes(rng, tmp_path):
    params = example(rng)
    write(tmp_path / "a.h5", params, {"model": "x"})
    write(tmp_path / "b.h5", dict(params), {"model": "x"})
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_many_and_long_attributes(tmp_path):
    attributes = {f"attribute {i}": i for i in range(40)}
    attributes["classes"] = [f"a class with the long náme 犬 {i}" for i in range(20_000)]
    write(tmp_path / "a.h5", {"layer/W": np.ones(1, "f4")}, attributes)
    assert read(tmp_path / "a.h5").attributes == attributes


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"W": np.ones(1, "f4")}, "expected 'layer/role'"),
        ({"/layer/W": np.ones(1, "f4")}, "expected 'layer/role'"),
        ({"layer//W": np.ones(1, "f4")}, "expected 'layer/role'"),
        ({"../W": np.ones(1, "f4")}, "expected 'layer/role'"),
        ({"layer/W\n": np.ones(1, "f4")}, "expected 'layer/role'"),
        ({"layer/W": np.arange(3)}, "int64"),
        ({"layer/W": np.ones(1, np.longdouble)}, "expected float16, float32 or float64"),
        ({"layer/W": ["a"]}, "expected float16, float32 or float64"),
        ({"a/b": np.ones(1, "f4"), "a/b/c": np.ones(1, "f4")}, "cannot both exist"),
    ],
)
def test_refuses_parameters(params, words, tmp_path):
    (tmp_path / "a.h5").write_bytes(b"old")
    with pytest.raises(WeightsError, match=words):
        write(tmp_path / "a.h5", params)
    assert (tmp_path / "a.h5").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.h5"]


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"format": "x"}, "other than format, version"),
        ({"version": 3}, "other than format, version"),
        ({"": 1}, "expected a text"),
        ({"classes[0]": 1}, "without a number in brackets"),
        ({3: 1}, "expected a text"),
        ({"model": object()}, "cannot be expressed as JSON"),
        ({"loss": float("nan")}, "cannot be expressed as JSON"),
        ({"rate": np.float32(1)}, "cannot be expressed as JSON"),
    ],
)
def test_refuses_attributes(attributes, words, tmp_path):
    with pytest.raises(WeightsError, match=words):
        write(tmp_path / "a.h5", {"layer/W": np.ones(1, "f4")}, attributes)
    assert os.listdir(tmp_path) == []


def test_a_changed_value_is_noticed_by_fletcher32(tmp_path):
    values = np.arange(1000, dtype="f4")
    write(tmp_path / "a.h5", {"layer/W": values})
    content = (tmp_path / "a.h5").read_bytes()
    needle = values[500:504].tobytes()
    assert content.count(needle) == 1
    changed = values[500:504] + 1
    (tmp_path / "a.h5").write_bytes(content.replace(needle, changed.tobytes()))
    with pytest.raises(WeightsFileError, match="damaged"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize("values", [np.arange(1000, dtype="f4"), np.float32(3)])
def test_a_changed_value_is_noticed_by_sha256(values, tmp_path):
    write(tmp_path / "a.h5", {"layer/W": values})
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["layer/W"][...] = values + 1
    with pytest.raises(WeightsFileError, match="the sha256 of 'layer/W' is"):
        read(tmp_path / "a.h5")


def test_another_hdf5_file_is_not_ours(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["layer/W"] = np.ones(3, "f4")
    with pytest.raises(WeightsFileError, match="not in theano_transfer's layout"):
        read(tmp_path / "a.h5")


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit of file size")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    write(tmp_path / "a.h5", {"layer/W": np.ones(3, "f4")})
    shutil.copy(tmp_path / "a.h5", tmp_path / "copy.h5")
    program = textwrap.dedent(
        """
        import resource, signal, sys
        import numpy as np
        from theano_transfer.weights import write
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        write(sys.argv[1], {"layer/W": np.ones(1_000_000, "f4")})
        """
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.h5")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stderr
    assert "File too large" in result.stderr.splitlines()[-1]
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "copy.h5").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.h5", "copy.h5"]
