"""safetensors: read as the specification says, nothing else."""

import json

import numpy as np
import pytest
from weights.network import assert_equal, small_network, values

from theano_transfer.weights import WeightsError, WeightsFileError, export, inspect, load
from theano_transfer.weights._formats import open_source
from theano_transfer.weights._safetensors import write_safetensors

ONE = np.arange(6, dtype="<f4").reshape(2, 3)


def write(path, header, content=b""):
    """A file of a given header, a JSON value or bytes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)


def entry(dtype="F32", shape=(2, 3), offsets=(0, 24)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def read(path):
    with open_source(path) as source:
        return {name: array.read() for name, array in source.arrays.items()}


def test_every_type(rng, tmp_path):
    arrays = {
        "F64": rng.standard_normal(3),
        "F32": rng.standard_normal((2, 2)).astype("<f4"),
        "F16": rng.standard_normal((1, 2)).astype("<f2"),
        "I64": np.array(12345678901),
        "U8": np.arange(3, dtype="u1"),
        "BOOL": np.array([True, False]),
    }
    header, content = {}, b""
    for code, array in arrays.items():
        end = len(content) + array.nbytes
        header[code] = entry(code, array.shape, (len(content), end))
        content += array.tobytes()
    header["BF16"] = entry("BF16", (2,), (len(content), len(content) + 4))
    write(tmp_path / "a.pt", header, content + np.array([0x3F80, 0xC000], "<u2").tobytes())
    found = read(tmp_path / "a.pt")
    for code, array in arrays.items():
        assert found[code].dtype == array.dtype
        assert found[code].shape == array.shape
        np.testing.assert_array_equal(found[code], array)
    np.testing.assert_array_equal(found["BF16"], np.array([1, -2], "f4"))


WRONG = {
    "no object": [1],
    "a gap": {"a": entry(offsets=(4, 28))},
    "an overlap": {"a": entry(), "b": entry(offsets=(20, 44))},
    "beyond the end": {"a": entry(shape=(2, 30), offsets=(0, 240))},
    "bytes that no tensor has": {"a": entry(shape=(5,), offsets=(0, 20))},
    "another size": {"a": entry(shape=(2, 2))},
    "a negative shape": {"a": entry(shape=(-2, -3))},
    "a shape of texts": {"a": entry(shape=("2", "3"))},
    "an unknown type": {"a": entry("F8_E4M3", (24,))},
    "a type that is none": {"a": entry([], (24,))},
    "backwards": {"a": entry(offsets=(24, 0))},
    "no description": {"a": {}},
    "metadata that are no texts": {"__metadata__": {"a": 1}, "b": entry()},
    "a name twice": b'{"a":' + json.dumps(entry()).encode() + b',"a":1}',
    "no JSON": b"{]",
    "no UTF-8": b'{"\xff":1}',
    "nested": b'{"a":' + b"[" * 200_000,
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_headers(name, tmp_path):
    write(tmp_path / "a.safetensors", WRONG[name], ONE.tobytes())
    with pytest.raises(WeightsFileError, match=r"a\.safetensors'"):
        read(tmp_path / "a.safetensors")


def test_a_header_longer_than_the_file(tmp_path):
    (tmp_path / "a").write_bytes((90_000_000).to_bytes(8, "little") + b'{"a":1}')
    with pytest.raises(WeightsFileError, match="90,000,000"):
        read(tmp_path / "a")


def test_cut_short_anywhere(tmp_path):
    write_safetensors(tmp_path / "a", {"a": ONE, "b": ONE[0]})
    content = (tmp_path / "a").read_bytes()
    for length in range(len(content)):
        (tmp_path / "a").write_bytes(content[:length])
        with pytest.raises(WeightsFileError):
            read(tmp_path / "a")


def test_there_and_back(rng, tmp_path):
    net = small_network()
    net.classes = list("abcdefg")
    for param in net.params.values():
        param.set_value(rng.standard_normal(param.get_value().shape, dtype="f4"))
    net["bn"].epsilon = 2e-3
    report = export(net, tmp_path / "a.safetensors")
    assert "safetensors" in str(report)
    assert list(inspect(tmp_path / "a.safetensors").arrays) == list(net.params)
    other = small_network()
    report = load(other, tmp_path / "a.safetensors")
    assert_equal(other, values(net))
    assert report.attributes["classes"] == list("abcdefg")
    assert other["bn"].epsilon == 2e-3


def test_the_reference_implementation_reads_what_is_written(tmp_path):
    reference = pytest.importorskip("safetensors.numpy")
    net = small_network()
    export(net, tmp_path / "a.safetensors")
    found = reference.load_file(tmp_path / "a.safetensors")
    for name, param in net.params.items():
        np.testing.assert_array_equal(found[name], param.get_value())


def test_what_it_writes_is_read(rng, tmp_path):
    reference = pytest.importorskip("safetensors.numpy")
    arrays = {"b": rng.standard_normal((3, 2)), "a": np.ones(5, "f2"), "empty": np.zeros((0, 2))}
    reference.save_file(arrays, tmp_path / "a.safetensors")
    found = read(tmp_path / "a.safetensors")
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_integers_are_not_written(tmp_path):
    with pytest.raises(WeightsError, match="float32"):
        write_safetensors(tmp_path / "a", {"a": np.arange(3)})
