"""Lasagne's parameter files: arrays by their place."""

import io
import pickle

import lasagne
import numpy as np
import pytest
from lasagne.layers import DenseLayer, InputLayer
from weights.network import assert_equal, small_network, values

from theano_transfer.layers import BatchNormLayer, Conv2DLayer
from theano_transfer.weights import (
    WeightsFileError,
    WeightsMismatchError,
    convert,
    export,
    load,
    read,
)
from theano_transfer.weights._formats import open_source
from theano_transfer.zoo import Network
from weights import lasagne_files as make


def plain_network():
    """Without batch normalisation, as most of Lasagne's model zoo is."""
    net = Network()
    x = net.add(InputLayer((None, 3, 6, 6), name="input"))
    x = net.add(Conv2DLayer(x, 4, 3, name="conv"))
    net.add(DenseLayer(x, 5, name="fc"))
    return net


@pytest.fixture
def wanted(rng):
    net = plain_network()
    return [
        rng.standard_normal(value.shape, dtype="f4")
        for value in lasagne.layers.get_all_param_values(net.output)
    ]


def assert_values(net, wanted):
    found = lasagne.layers.get_all_param_values(net.output)
    assert len(found) == len(wanted)
    for value, other in zip(found, wanted):
        np.testing.assert_array_equal(value, other)


def written(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(save, wanted, tmp_path):
    save(tmp_path / "a.npz", *wanted)
    net = plain_network()
    report = load(net, tmp_path / "a.npz")
    assert_values(net, wanted)
    assert "Lasagne parameters" in report.source


def test_more_than_ten_arrays_are_in_the_order_of_their_numbers(rng, tmp_path):
    layer = InputLayer((None, 2))
    for number in range(7):
        layer = DenseLayer(layer, 2, name=f"dense{number}")
    wanted = [rng.standard_normal((2, 2) if i % 2 == 0 else 2, dtype="f4") for i in range(14)]
    np.savez(tmp_path / "a.npz", *wanted)
    load(layer, tmp_path / "a.npz")
    for value, other in zip(lasagne.layers.get_all_param_values(layer), wanted):
        np.testing.assert_array_equal(value, other)


def test_a_pickle_of_python_2(wanted, tmp_path):
    synsets = make.items(map(make.short, ["cat", "dog", "cow", "hen", "pig"]))
    wanted[2] = np.asfortranarray(wanted[2])
    content = make.zoo_pickle(
        wanted,
        **{
            "synset words": synsets,
            "model name": make.short("small"),
            "mean image": make.array(make.mean_image()),
        },
    )
    net = plain_network()
    report = load(net, written(tmp_path / "a.pkl", content))
    assert_values(net, wanted)
    assert report.attributes == {"classes": ["cat", "dog", "cow", "hen", "pig"]}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL))
def test_pickles_of_python_3(protocol, wanted, tmp_path):
    content = pickle.dumps({"values": wanted}, protocol=protocol)
    net = plain_network()
    load(net, written(tmp_path / "a.pkl", content))
    assert_values(net, wanted)


def test_a_bare_list(wanted, tmp_path):
    net = plain_network()
    load(net, written(tmp_path / "a.pkl", pickle.dumps(wanted, protocol=2)))
    assert_values(net, wanted)


def test_batch_normalisation_of_lasagne(rng, tmp_path):
    """It keeps beta in front of gamma, and 1 / sqrt(variance + epsilon)."""
    net = Network()
    x = net.add(InputLayer((None, 3), name="input"))
    net.add(BatchNormLayer(x, 1e-3, name="bn"))
    beta, gamma, mean = (rng.standard_normal(3, dtype="f4") for _ in range(3))
    inv_std = rng.random(3, dtype="f4") + 0.5
    content = make.zoo_pickle([beta, gamma, mean, inv_std])
    load(net, written(tmp_path / "a.pkl", content))
    images = rng.standard_normal((2, 3), dtype="f4")
    found = lasagne.layers.get_output(net.output, images, deterministic=True).eval()
    expected = (images - mean) * gamma * inv_std + beta
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_batch_normalisation_of_unknown_order_is_refused(tmp_path):
    net = small_network()
    np.savez(tmp_path / "a.npz", *lasagne.layers.get_all_param_values(net.output))
    with pytest.raises(WeightsMismatchError, match="set_all_param_values"):
        load(net, tmp_path / "a.npz")


def test_there_and_back(rng, tmp_path):
    """What is exported is what Lasagne's function gives; it says whose it is."""
    net = small_network()
    for param in net.params.values():
        param.set_value(rng.standard_normal(param.get_value().shape, dtype="f4"))
    export(net, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        arrays = [file[f"arr_{number}"] for number in range(len(file.files))]
    assert_values(net, arrays)
    other = small_network()
    load(other, tmp_path / "a.npz")
    assert_equal(other, values(net))


def test_equal_networks_make_equal_files(tmp_path):
    net = small_network()
    export(net, tmp_path / "a.npz")
    export(net, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_convert_finds_the_classes(tmp_path, undrawn):
    from theano_transfer import zoo

    net = zoo.squeezenet1_1(classes=7)
    shapes = [param.get_value(borrow=True).shape for param in net.params.values()]
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape, dtype="f4") for shape in shapes]
    lasagne.layers.set_all_param_values(net.output, arrays)
    np.savez(tmp_path / "a.npz", *lasagne.layers.get_all_param_values(net.output))
    convert(tmp_path / "a.npz", tmp_path / "a.h5", "squeezenet1_1")
    weights = read(tmp_path / "a.h5")
    for name, param in net.params.items():
        np.testing.assert_array_equal(weights[name.replace(".", "/")], param.get_value())


def test_another_number_of_arrays(wanted, tmp_path):
    np.savez(tmp_path / "a.npz", *wanted[:-1])
    with pytest.raises(WeightsMismatchError, match="3 arrays, the network has 4"):
        load(plain_network(), tmp_path / "a.npz")


def test_another_shape_is_named_by_place(wanted, tmp_path):
    wanted[2] = wanted[2][:-1]
    np.savez(tmp_path / "a.npz", *wanted)
    net = plain_network()
    before = values(net)
    with pytest.raises(
        WeightsMismatchError, match=r"2: fc\.W expected \(64, 5\), received \(63, 5"
    ):
        load(net, tmp_path / "a.npz")
    assert_equal(net, before)


class Attack:
    """Unpickled, this would write the file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_is_refused_and_not_run(protocol, tmp_path):
    sentinel = tmp_path / "sentinel"
    content = pickle.dumps([Attack(str(sentinel))], protocol=protocol)
    with pytest.raises(WeightsFileError, match="open"):
        load(plain_network(), written(tmp_path / "a.pkl", content))
    assert not sentinel.exists()


RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
WRONG = {
    "an array of objects": pickle.dumps([np.array([{}])], protocol=2),
    "a structured array": pickle.dumps([np.zeros(2, "f4,i4")], protocol=2),
    "another class of array": b"\x80\x02](" + RECONSTRUCT + b"(cnumpy\nmatrix\n)U\x01btRe.",
    "an array without content": (b"\x80\x02](" + RECONSTRUCT + b"(cnumpy\nndarray\n)U\x01btRe."),
    "too little content": make.zoo_pickle([np.ones(3, "<f4")]).replace(
        b"J\x03\x00\x00\x00t", b"J\x04\x00\x00\x00t", 1
    ),
    "content beyond the end": make.zoo_pickle([np.ones(300, "<f4")])[:-300],
    "no list": pickle.dumps({"values": 3}, protocol=2),
    "another dictionary": pickle.dumps({"weights": []}, protocol=2),
    "a list of numbers": pickle.dumps([1.0, 2.0], protocol=2),
    "a text of two gigabytes": b"\x80\x02]X\xff\xff\xff\x7fabc",
    "a text of half a gigabyte that nothing needs": b"\x80\x04]\x8d\0\0\0\x20" + bytes(4),
    "bytes of an exabyte that nothing needs": b"\x80\x05]\x96" + bytes(7) + b"\x10",
    "a number of a million digits": b"\x80\x02]L" + b"1" * 1_000_000 + b"L\na.",
    "a name of a million letters": b"\x80\x02]cnumpy\n" + b"n" * 1_000_000 + b"\na.",
    "negative length": b"\x80\x02]T\xff\xff\xff\xffabc",
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.timeout(20)
def test_wrong_pickles(name, tmp_path):
    path = written(tmp_path / "a.pkl", WRONG[name])
    with pytest.raises(WeightsFileError, match=r"a\.pkl' is refused"), open_source(path):
        pass


def npz(**members):
    """An .npz archive of given members' contents."""
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def npy(values):
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=True)
    return stream.getvalue()


WRONG_NPZ = {
    "a missing number": npz(arr_0=npy(np.ones(2)), arr_2=npy(np.ones(2))),
    "an array of objects": npz(arr_0=npy(np.array([{}]))),
    "a header that lies": npz(arr_0=npy(np.ones(2)).replace(b"(2,)", b"(9,)")),
    "a header that calls": npz(arr_0=npy(np.ones(2)).replace(b"'<f8'", b"f(1) ")),
    "no array": npz(arr_0=b"nothing"),
    "cut short": npz(arr_0=npy(np.ones(2))[:-1]),
}


@pytest.mark.parametrize("name", WRONG_NPZ)
def test_wrong_archives(name, tmp_path):
    path = written(tmp_path / "a.npz", WRONG_NPZ[name])
    with pytest.raises(WeightsFileError, match=r"a\.npz' is refused"), open_source(path):
        pass
