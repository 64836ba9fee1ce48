"""PyTorch's old format: read as data, never run."""

import pickle

import numpy as np
import pytest

from theano_transfer.weights import WeightsFileError
from theano_transfer.weights._torch import read_torch
from weights import torch_files as make

ONE = np.arange(6, dtype="f4").reshape(2, 3)


def test_reads_tensors_of_every_type(rng, tmp_path):
    arrays = {
        "single": rng.standard_normal((4, 3, 2), dtype="f4"),
        "double": rng.standard_normal((5,)),
        "half": rng.standard_normal((2, 2)).astype("f2"),
        "count": np.array(12345678901, "i8"),
    }
    make.write_torch(tmp_path / "a.pth", arrays)
    found = read_torch(tmp_path / "a.pth")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].shape == array.shape
        assert found[name].read().dtype == array.dtype
        np.testing.assert_array_equal(found[name].read(), array)


def test_views_of_one_storage(tmp_path):
    """Tensors may share a storage, begin inside it and be transposed."""
    storage = np.arange(12, dtype="f4")
    entries = {
        "whole": make.tensor("0", storage, shape=(3, 4), strides=(4, 1)),
        "part": make.tensor("0", storage, offset=5, shape=(2,), strides=(3,)),
        "turned": make.tensor("0", storage, shape=(4, 3), strides=(1, 4)),
    }
    make.write_pickles(tmp_path / "a.pth", make.state(entries), storages=[("0", storage)])
    found = read_torch(tmp_path / "a.pth")
    np.testing.assert_array_equal(found["whole"].read(), storage.reshape(3, 4))
    np.testing.assert_array_equal(found["part"].read(), [5, 8])
    np.testing.assert_array_equal(found["turned"].read(), storage.reshape(3, 4).T)


class Attack:
    """Unpickled, this would write the file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_is_refused_and_not_run(protocol, tmp_path):
    sentinel = tmp_path / "sentinel"
    attack = pickle.dumps({"weight": Attack(str(sentinel))}, protocol=protocol)
    make.write_pickles(tmp_path / "a.pth", attack)
    with pytest.raises(WeightsFileError, match="refused"):
        read_torch(tmp_path / "a.pth")
    assert not sentinel.exists()


def nested_tuples(depth):
    """A tuple of the same tuple twice, and so on: its hash or text would take 2**depth steps."""
    return b"\x80\x02)q\x00" + b"".join(
        b"h" + bytes([i % 256]) + b"h" + bytes([i % 256]) + b"\x86q" + bytes([(i + 1) % 256])
        for i in range(depth)
    )


WRONG = {
    "an unknown name": b"\x80\x02" + make.name("os", "system") + b".",
    "a name by STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "a call of a storage class": b"\x80\x02" + make.name("torch", "FloatStorage") + b")R.",
    "a call of a text": b"\x80\x02" + make.text("print") + b")R.",
    "a call of nested tuples": nested_tuples(60) + b")R.",
    "nested tuples as a key": nested_tuples(60) + b"0}h\x3cK\x01s.",
    "nested tuples as a storage": nested_tuples(60) + b"Q.",
    "an instance": b"\x80\x02(" + make.text("x") + b"i" + b"os\nsystem\n.",
    "a list": b"\x80\x02].",
    "a number": b"\x80\x02K\x01.",
    "a value that is no tensor": make.state({"weight": make.number(3)}),
    "nothing on the stack": b"\x80\x02s.",
    "an unset memo": b"\x80\x02h\x07.",
    "no mark": b"\x80\x02t.",
    "no end": b"\x80\x02}",
    "no pickle": b"\xff\xff\xff",
    "build of nothing": b"\x80\x02}b.",
    "state of a name": b"\x80\x02" + make.name("collections", "OrderedDict") + b"}b.",
    "a long number": b"\x80\x02\x8b\xff\xff\xff\x7f" + b"1" * 10 + b".",
    "a tall stack with many marks": b"\x80\x02" + b"N" * 200_000 + b"(t" * 200_000 + b".",
    "a long text": b"\x80\x02X\xff\xff\xff\x7fabc.",
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.timeout(20)
def test_wrong_pickles(name, tmp_path):
    make.write_pickles(tmp_path / "a.pth", WRONG[name])
    with pytest.raises(WeightsFileError, match=r"a\.pth' is refused"):
        read_torch(tmp_path / "a.pth")


MISPLACED = {
    "behind the end": {"offset": 1},
    "before the beginning": {"offset": -1},
    "larger than the storage": {"shape": (3, 3)},
    "of one number everywhere": {"shape": (1 << 20, 1 << 20), "strides": (0, 0)},
    "backwards": {"strides": (-3, -1)},
    "with too few strides": {"strides": (1,)},
    "too far apart": {"strides": (1 << 30, 1)},
    "of more elements than there are": {"elements": 7},
    "of negative elements": {"elements": -1},
}


@pytest.mark.parametrize("name", MISPLACED)
def test_a_tensor_outside_its_storage(name, tmp_path):
    entry = make.tensor("0", ONE, **MISPLACED[name])
    make.write_pickles(tmp_path / "a.pth", make.state({"weight": entry}), storages=[("0", ONE)])
    with pytest.raises(WeightsFileError, match="refused"):
        read_torch(tmp_path / "a.pth")


@pytest.mark.parametrize(
    "storages",
    [[], [("1", ONE)], [("0", ONE), ("0", ONE)], [("0", ONE[:1])]],
    ids=["none", "another", "twice", "short"],
)
def test_storages_that_do_not_belong(storages, tmp_path):
    pickled = make.state({"weight": make.tensor("0", ONE)})
    make.write_pickles(tmp_path / "a.pth", pickled, storages=storages)
    with pytest.raises(WeightsFileError, match="refused"):
        read_torch(tmp_path / "a.pth")


def test_big_endian(tmp_path):
    pickled = make.state({"weight": make.tensor("0", ONE)})
    make.write_pickles(tmp_path / "a.pth", pickled, storages=[("0", ONE)], little=False)
    with pytest.raises(WeightsFileError, match="little-endian"):
        read_torch(tmp_path / "a.pth")


def test_cut_short_anywhere(tmp_path):
    make.write_torch(tmp_path / "a.pth", {"weight": ONE, "bias": ONE[0]})
    content = (tmp_path / "a.pth").read_bytes()
    for length in range(0, len(content), 7):
        (tmp_path / "cut.pth").write_bytes(content[:length])
        with pytest.raises(WeightsFileError):
            read_torch(tmp_path / "cut.pth")


def test_another_hash(tmp_path):
    make.write_torch(tmp_path / "a.pth", {"weight": ONE})
    with pytest.raises(WeightsFileError, match="expected 00"):
        read_torch(tmp_path / "a.pth", known_hash="sha256:00")
