"""PyTorch's two formats: read as data, never run."""

import pickle

import numpy as np
import pytest

from theano_transfer.weights import WeightsFileError
from theano_transfer.weights._formats import open_source
from weights import torch_files as make

ONE = np.arange(6, dtype="f4").reshape(2, 3)
WRITERS = [make.write_torch, make.write_torch_zip]


def read_torch(path, known_hash=None):
    with open_source(path, known_hash=known_hash) as source:
        assert source.axes == "torch"
        declared = {name: (array.shape, array.dtype) for name, array in source.arrays.items()}
        arrays = {name: array.read() for name, array in source.arrays.items()}
    assert declared == {name: (array.shape, array.dtype) for name, array in arrays.items()}
    return arrays


@pytest.mark.parametrize("write", WRITERS)
def test_reads_tensors_of_every_type(write, rng, tmp_path):
    arrays = {
        "single": rng.standard_normal((4, 3, 2), dtype="f4"),
        "double": rng.standard_normal((5,)),
        "half": rng.standard_normal((2, 2)).astype("f2"),
        "count": np.array(12345678901, "i8"),
        "empty": np.zeros((0, 3), "f4"),
    }
    write(tmp_path / "a.bin", arrays)
    found = read_torch(tmp_path / "a.bin")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("write", WRITERS)
def test_bfloat16_becomes_float32(write, tmp_path):
    halves = np.array([0x3F80, 0xC000, 0x7F80, 0x0001], "<u2")
    write(tmp_path / "a.pth", {"weight": make.BFloat16(halves.reshape(2, 2))})
    found = read_torch(tmp_path / "a.pth")["weight"]
    np.testing.assert_array_equal(found, np.array([[1, -2], [np.inf, 2.0**-133]], "f4"))


@pytest.mark.parametrize("inside", [["state_dict"], ["model"], ["net", "model_state_dict"]])
def test_a_state_inside_a_checkpoint(inside, tmp_path):
    """Beside it are what goes on in training: an epoch, a name, an optimiser's state."""
    pickled = make.state({"weight": make.tensor("0", ONE)})[2:-1]
    for key in reversed(inside):
        moment = make.tensor("0", ONE)
        beside = {
            "epoch": make.number(7),
            "arch": make.text("resnet"),
            "best": b"G" + np.array(0.5, ">f8").tobytes(),
            "optimizer": b"}(" + make.text("state") + b"}K\x00" + moment + b"s" + b"u",
        }
        items = b"".join(make.text(k) + v for k, v in {**beside, key: pickled}.items())
        pickled = b"}(" + items + b"u"
    pickled = b"\x80\x02" + pickled + b"."
    make.write_pickles(tmp_path / "a.pth", pickled, storages=[("0", ONE)])
    np.testing.assert_array_equal(read_torch(tmp_path / "a.pth")["weight"], ONE)


def test_parameters_of_a_module(tmp_path):
    """What ``_rebuild_parameter`` makes of a tensor is that tensor."""
    rebuilt = make.name("torch._utils", "_rebuild_parameter")
    hooks = make.name("collections", "OrderedDict") + b")R"
    entry = rebuilt + b"(" + make.tensor("0", ONE) + b"\x88" + hooks + b"tR"
    make.write_pickles(tmp_path / "a.pth", make.state({"w": entry}), storages=[("0", ONE)])
    np.testing.assert_array_equal(read_torch(tmp_path / "a.pth")["w"], ONE)


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
    np.testing.assert_array_equal(found["whole"], storage.reshape(3, 4))
    np.testing.assert_array_equal(found["part"], [5, 8])
    np.testing.assert_array_equal(found["turned"], storage.reshape(3, 4).T)


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


@pytest.mark.parametrize("write", WRITERS)
def test_cut_short_anywhere(write, tmp_path):
    write(tmp_path / "a.pth", {"weight": ONE, "bias": ONE[0]})
    content = (tmp_path / "a.pth").read_bytes()
    for length in range(0, len(content), 7):
        (tmp_path / "cut.pth").write_bytes(content[:length])
        with pytest.raises(WeightsFileError):
            read_torch(tmp_path / "cut.pth")


def test_another_hash(tmp_path):
    make.write_torch(tmp_path / "a.pth", {"weight": ONE})
    with pytest.raises(WeightsFileError, match="expected 00"):
        read_torch(tmp_path / "a.pth", known_hash="sha256:00")


def test_a_damaged_storage_in_an_archive(tmp_path):
    make.write_torch_zip(tmp_path / "a.pth", {"weight": ONE})
    content = (tmp_path / "a.pth").read_bytes()
    assert content.count(ONE.tobytes()) == 1
    (tmp_path / "a.pth").write_bytes(content.replace(ONE.tobytes(), ONE[::-1].tobytes()))
    with pytest.raises(WeightsFileError, match="checksum"):
        read_torch(tmp_path / "a.pth")


ARCHIVES = {
    "big endian": {"a/byteorder": b"big"},
    "a missing storage": {"a/data/0": None},
    "a short storage": {"a/data/0": ONE[:1].tobytes()},
    "two objects": {"b/data.pkl": b"\x80\x02}."},
    "a whole model": {
        "a/data.pkl": b"\x80\x02" + make.name("torchvision.models.resnet", "ResNet") + b")\x81."
    },
    "a storage elsewhere": {
        "a/data.pkl": make.state({"weight": make.tensor("../../0", ONE, view=b"")})
    },
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_wrong_archives(name, tmp_path):
    make.write_torch_zip(tmp_path / "a.pth", {"weight": ONE}, changed=ARCHIVES[name])
    with pytest.raises(WeightsFileError, match=r"a\.pth'|cut short"):
        read_torch(tmp_path / "a.pth")


def test_a_whole_model_is_answered_with_what_to_save(tmp_path):
    pickled = ARCHIVES["a whole model"]["a/data.pkl"]
    make.write_pickles(tmp_path / "a.pth", pickled)
    with pytest.raises(WeightsFileError, match=r"ResNet'.*save torch\.save\(model\.state_dict"):
        read_torch(tmp_path / "a.pth")
