"""Archives that a weight file must not be, and one that is right, uncompressed or not."""

import gzip
import io
import struct
import zipfile

import h5py
import numpy as np
import pytest
from weights.keras_files import keras2_layers, write_numbered
from weights.network import assert_equal, small_network, values

from theano_transfer.weights import WeightsFileError, inspect, load
from theano_transfer.weights import _zip as zips


def weights(rng):
    file = io.BytesIO()
    with h5py.File(file, "w") as hdf5:
        write_numbered(hdf5, keras2_layers(rng))
    return file.getvalue()


def archive(path, content, *, method=zipfile.ZIP_STORED, more=()):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", "{}")
        file.writestr("model.weights.h5", content, method)
        for name, data, compression in more:
            file.writestr(name, data, compression)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_is_read_where_it_lies_or_unpacked(method, rng, tmp_path):
    archive(tmp_path / "a", weights(rng), method=method)
    net, other = small_network(), small_network()
    load(net, tmp_path / "a")
    (tmp_path / "b").write_bytes(weights(np.random.default_rng(0)))
    load(other, tmp_path / "b")
    assert_equal(net, values(other))


def test_damage_anywhere_is_found(rng, tmp_path):
    archive(tmp_path / "a", weights(rng))
    content = bytearray((tmp_path / "a").read_bytes())
    net = small_network()
    before = values(net)
    middle = content.find(b"\x89HDF") + 3000
    content[middle] ^= 1
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(WeightsFileError, match="its checksum differs"):
        load(net, tmp_path / "b")
    for sixteenth in range(16):
        (tmp_path / "c").write_bytes(content[: len(content) * sixteenth // 16])
        with pytest.raises(WeightsFileError):
            load(net, tmp_path / "c")
    assert_equal(net, before)


def test_a_bomb_is_refused_by_its_table_of_contents(rng, tmp_path, monkeypatch):
    monkeypatch.setattr(zips, "SLACK_BYTES", 1 << 20)
    bomb = ("bomb", bytes(1 << 24), zipfile.ZIP_DEFLATED)
    archive(tmp_path / "a", weights(rng), more=[bomb])
    with pytest.raises(WeightsFileError, match="declare 16,"):
        inspect(tmp_path / "a")


def test_what_an_archive_of_weights_does_not_hold(rng, tmp_path):
    content = weights(rng)
    with pytest.warns(UserWarning, match="Duplicate"):
        archive(tmp_path / "a", content, more=[("config.json", "{}", zipfile.ZIP_STORED)])
    with pytest.raises(WeightsFileError, match=r"two members 'config\.json'"):
        inspect(tmp_path / "a")
    archive(tmp_path / "b", content, method=zipfile.ZIP_BZIP2)
    with pytest.raises(WeightsFileError, match="neither stored nor deflated"):
        inspect(tmp_path / "b")
    archive(tmp_path / "c", content, more=[("\x1b[2J", "", zipfile.ZIP_STORED)])
    with pytest.raises(WeightsFileError, match="not a valid name") as caught:
        inspect(tmp_path / "c")
    assert "\x1b" not in str(caught.value)
    archive(tmp_path / "d", content)
    encrypted = bytearray((tmp_path / "d").read_bytes())
    struct.pack_into("<H", encrypted, encrypted.find(b"PK\x01\x02") + 8, 1)
    (tmp_path / "d").write_bytes(encrypted)
    with pytest.raises(WeightsFileError, match="encrypted"):
        inspect(tmp_path / "d")


def test_another_archive_says_what_it_holds(tmp_path):
    with zipfile.ZipFile(tmp_path / "a", "w") as file:
        file.writestr("holiday.jpg", b"")
        file.writestr("model.h5.gz", gzip.compress(bytes(1 << 20)))
    said = r"holds holiday\.jpg, model\.h5\.gz; archives in archives are not looked into"
    with pytest.raises(WeightsFileError, match=said):
        inspect(tmp_path / "a")
