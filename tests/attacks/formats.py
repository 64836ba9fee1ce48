"""The kinds of weight files that are read: how a small one is written, and how it is read.

Every attack that needs no knowledge of a format is made on all of them: a new one is a row.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
from weights.keras_files import keras1_layers, keras2_layers, write_legacy, write_numbered
from weights.lasagne_files import zoo_pickle
from weights.network import assert_equal, small_network, values
from weights.torch_files import write_torch, write_torch_zip

from theano_transfer.weights import WeightsError, export, load, save
from theano_transfer.weights._formats import open_source


def loaded(path: Path) -> Mapping[str, np.ndarray]:
    """Parameters of a small network that loaded the file; one that did not is as it was."""
    net, before = fresh()
    try:
        load(net, path)
    except WeightsError:
        assert_equal(net, before)
        raise
    found = values(net)
    for name, array in before.items():
        net.params[name].set_value(array)
    return found


@functools.cache
def fresh():
    """A small network, made once, and copies of its parameters."""
    net = small_network()
    return net, values(net)


@dataclasses.dataclass(frozen=True)
class Format:
    """A kind of weight file.

    Attributes
    ----------
    write
        Writes a complete file of a few kilobytes to a path: the same bytes each time.
    read
        Reads one as users do; names to arrays.
    verified
        Whether a changed value is noticed without a hash of the file.
    """

    write: Callable[[Path], object]
    read: Callable[[Path], Mapping[str, np.ndarray]] = loaded
    verified: bool = False


def layers():
    return keras2_layers(np.random.default_rng(0))


def filled():
    net = small_network()
    rng = np.random.default_rng(0)
    for param in net.params.values():
        param.set_value(rng.random(param.get_value().shape, dtype="f4"))
    return net


def ours(path):
    save(filled(), path)


def exported(format):
    return lambda path: export(filled(), path, format=format)


def keras_1(path):
    with h5py.File(path, "w") as file:
        write_legacy(file, keras1_layers(layers()), version=None)


def keras_2(path):
    with h5py.File(path, "w") as file:
        write_legacy(file, layers())


def keras_2_compressed(path):
    with h5py.File(path, "w") as file:
        write_legacy(file, {})
        file.attrs["layer_names"] = np.array(list(layers()), "S")
        for layer, arrays in layers().items():
            group = file.create_group(layer)
            for name, array in arrays.items():
                group.create_dataset(name, data=array, compression="gzip", shuffle=True)


def keras_model(path):
    with h5py.File(path, "w") as file:
        write_legacy(file.create_group("model_weights"), layers())


def keras_3(path):
    with h5py.File(path, "w") as file:
        write_numbered(file, layers())


def keras_archive(path):
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        write_numbered(file, layers())
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (("config.json", b"{}"), ("model.weights.h5", weights.getvalue())):
            archive.writestr(zipfile.ZipInfo(name), content)


def state():
    rng = np.random.default_rng(0)
    return {
        "conv.weight": rng.random((4, 3, 3, 2), dtype="f4"),
        "conv.bias": rng.random(4, dtype="f4"),
        "bn.num_batches_tracked": np.array(7, "i8"),
    }


def pytorch(path):
    write_torch_zip(path, state())


def old_pytorch(path):
    write_torch(path, state())


def lasagne_pickle(path):
    path.write_bytes(zoo_pickle([array for array in state().values() if array.ndim]))


def tensors(path):
    with open_source(path) as source:
        return {name: array.read() for name, array in source.arrays.items()}


FORMATS = {
    "ours": Format(ours, verified=True),
    "Keras 1": Format(keras_1),
    "Keras 2": Format(keras_2),
    "Keras 2, compressed": Format(keras_2_compressed),
    "Keras model": Format(keras_model),
    "Keras 3": Format(keras_3),
    "Keras archive": Format(keras_archive, verified=True),
    "PyTorch": Format(pytorch, tensors, verified=True),
    "PyTorch, old": Format(old_pytorch, tensors),
    "safetensors": Format(exported("safetensors")),
    "npz": Format(exported("npz"), verified=True),
    "Lasagne pickle": Format(lasagne_pickle, tensors),
    "ONNX": Format(exported("onnx"), tensors),
}
